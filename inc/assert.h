/*
 * assert.h: broken invariants of the program itself. In the kernel a panic
 * stops the machine with a report; in a program it ends the environment.
 */
#ifndef JIX_INC_ASSERT_H
#define JIX_INC_ASSERT_H

void panic_at(const char *file, int line, const char *fmt, ...)
	__attribute__((noreturn));

#define panic(...)	panic_at(__FILE__, __LINE__, __VA_ARGS__)
#define assert(x) \
	do { \
		if (__builtin_expect(!(x), 0)) \
			panic("assertion failed: %s", #x); \
	} while (0)

#endif
