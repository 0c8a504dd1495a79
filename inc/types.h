/*
 * types.h: the integer types and small helpers that every part uses.
 * Freestanding: relies on the compiler's own headers only.
 */
#ifndef JIX_INC_TYPES_H
#define JIX_INC_TYPES_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint64_t physaddr_t;	/* a physical address */
typedef int64_t ssize_t;	/* a size, or a negative error of inc/error.h */
typedef int32_t envid_t;	/* the name of an environment, see inc/env.h */

#define MIN(a, b) \
	({ __typeof__(a) a_ = (a); __typeof__(b) b_ = (b); a_ < b_ ? a_ : b_; })
#define MAX(a, b) \
	({ __typeof__(a) a_ = (a); __typeof__(b) b_ = (b); a_ > b_ ? a_ : b_; })

/* Round down or up to a multiple of the power of two n. */
#define ROUNDDOWN(a, n)	((__typeof__(a))((uint64_t)(a) & ~((uint64_t)(n) - 1)))
#define ROUNDUP(a, n) \
	((__typeof__(a))(((uint64_t)(a) + (n) - 1) & ~((uint64_t)(n) - 1)))

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

#define likely(x)	__builtin_expect(!!(x), 1)
#define unlikely(x)	__builtin_expect(!!(x), 0)
#define ALWAYS_INLINE	inline __attribute__((always_inline))
#define NOINLINE	__attribute__((noinline))
#define NORETURN	__attribute__((noreturn))
#define UNUSED		__attribute__((unused))
#define ALIGNED(n)	__attribute__((aligned(n)))

/* A load or store that the compiler performs once, as written. */
#define READ_ONCE(x)		(*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, v)	(*(volatile __typeof__(x) *)&(x) = (v))
#define barrier()		__asm__ volatile("" ::: "memory")

#define CACHELINE	64

#endif
