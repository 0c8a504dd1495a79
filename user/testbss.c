/* testbss: the bss is zero, writable, and ends where it should. */
#include "inc/lib.h"

#define N	(1024 * 1024)

uint32_t bigarray[N];

int
main(int argc, char **argv)
{
	volatile uint32_t *end = bigarray + N;

	cprintf("Making sure bss works right...\n");
	for (int i = 0; i < N; i++)
		if (bigarray[i] != 0)
			panic("bigarray[%d] isn't cleared!", i);
	for (int i = 0; i < N; i++)
		bigarray[i] = i;
	for (int i = 0; i < N; i++)
		if (bigarray[i] != (uint32_t)i)
			panic("bigarray[%d] didn't hold its value!", i);
	cprintf("Yes, good.  Now doing a wild write off the end...\n");
	__asm__("" : "+r"(end));	/* hidden from the compiler */
	end[4096] = 0;
	panic("SHOULD HAVE TRAPPED!!!");
}
