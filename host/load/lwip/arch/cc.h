/* cc.h: what lwIP needs to know of the compiler and of this program. */
#ifndef LOAD_LWIP_CC_H
#define LOAD_LWIP_CC_H

#include <stdint.h>

uint32_t stack_rand(void);
void stack_assert(const char *what, const char *file, int line)
    __attribute__((noreturn));

#define LWIP_RAND()		stack_rand()
#define LWIP_PLATFORM_DIAG(x)	do { } while (0)
#define LWIP_PLATFORM_ASSERT(x)	stack_assert(x, __FILE__, __LINE__)

#endif
