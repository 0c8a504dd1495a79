/*
 * The two functions of inc/string.h that stage 2 needs.  The compiler may
 * also call them on its own, to copy or clear a structure.
 */

#include "inc/string.h"

/* Most of it in words: under emulation each step of `rep` costs the same. */
void *
memcpy(void *dst, const void *src, size_t n)
{
	void *d = dst;
	size_t words = n / 4, rest = n % 4;

	__asm__ volatile("rep movsl" : "+D"(d), "+S"(src), "+c"(words)
			 : : "memory");
	__asm__ volatile("rep movsb" : "+D"(d), "+S"(src), "+c"(rest)
			 : : "memory");
	return dst;
}

void *
memset(void *dst, int c, size_t n)
{
	void *d = dst;
	size_t words = n / 4, rest = n % 4;
	uint32_t fill = (uint8_t)c * 0x01010101u;

	__asm__ volatile("rep stosl" : "+D"(d), "+c"(words)
			 : "a"(fill) : "memory");
	__asm__ volatile("rep stosb" : "+D"(d), "+c"(rest)
			 : "a"(fill) : "memory");
	return dst;
}
