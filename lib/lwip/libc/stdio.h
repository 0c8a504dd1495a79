/* stdio.h, as lwIP's sources include it: the functions of inc/stdio.h. */
#include "inc/stdio.h"
