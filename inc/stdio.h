/*
 * stdio.h: formatted output, for the kernel and for programs.
 *
 * Conversions: %d %u %x %o %c %s %p %% and %e (the text of an error code of
 * inc/error.h, given positive or negative); flags - and 0, width, precision for
 * %s, * for either, length modifiers l, ll and z.
 */
#ifndef JIX_INC_STDIO_H
#define JIX_INC_STDIO_H

#include "inc/types.h"

/* lib/printfmt.c: the one formatter; put is called for each character. */
void vprintfmt(void (*put)(int c, void *arg), void *arg, const char *fmt,
	       va_list ap);
/* Format into buf of size n, always ended; the length it would have had. */
int vsnprintf(char *buf, size_t n, const char *fmt, va_list ap);
int snprintf(char *buf, size_t n, const char *fmt, ...)
	__attribute__((format(__printf__, 3, 4)));
const char *error_string(int code);

/*
 * Print to the console: kern/printf.c in the kernel, lib/printf.c in
 * programs, where one call's text is not torn by another environment's.
 */
int cprintf(const char *fmt, ...);
int vcprintf(const char *fmt, va_list ap);
int printf(const char *fmt, ...);	/* programs: to file descriptor 1 */

#endif
