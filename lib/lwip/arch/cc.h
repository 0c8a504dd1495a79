/*
 * arch/cc.h: what lwIP asks of the compiler and the platform, for code that
 * runs in the machine (net/ and dp/). No C library: inc/ has what is needed.
 */
#ifndef JIX_LWIP_ARCH_CC_H
#define JIX_LWIP_ARCH_CC_H

#include "inc/assert.h"
#include "inc/stdio.h"
#include "inc/string.h"
#include "inc/types.h"

#define LWIP_NO_INTTYPES_H	1
#define LWIP_NO_UNISTD_H	1
#define LWIP_NO_CTYPE_H		1
#define LWIP_NO_LIMITS_H	1
#define INT_MAX			0x7fffffff
#define SSIZE_MAX		INT64_MAX	/* inc/types.h has ssize_t */

#define X8_F	"02x"
#define U16_F	"u"
#define S16_F	"d"
#define X16_F	"x"
#define U32_F	"u"
#define S32_F	"d"
#define X32_F	"x"
#define SZT_F	"zu"

#define LWIP_PLATFORM_DIAG(x)	do { cprintf x; } while (0)
#define LWIP_PLATFORM_ASSERT(x)	panic("lwIP: %s", x)

/* One instruction each, not a call. */
#define LWIP_DONT_PROVIDE_BYTEORDER_FUNCTIONS
#define lwip_htons(x)	__builtin_bswap16(x)
#define lwip_htonl(x)	__builtin_bswap32(x)

/* Small copies of constant size need no call. */
#define SMEMCPY(dst, src, len)	__builtin_memcpy(dst, src, len)

uint32_t tcp_isn_random(void);
#define LWIP_RAND()		tcp_isn_random()

#endif
