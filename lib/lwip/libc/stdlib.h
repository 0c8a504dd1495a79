/* stdlib.h, as lwIP's sources include it: atoi, which inc/string.h declares. */
#include "inc/string.h"
