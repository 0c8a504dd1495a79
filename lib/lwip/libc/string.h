/* string.h, as lwIP's sources include it: the functions of inc/string.h. */
#include "inc/string.h"
