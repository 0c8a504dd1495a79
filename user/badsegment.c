/* badsegment: loading a system segment into DS is a protection fault. */
#include "inc/lib.h"

int
main(int argc, char **argv)
{
	__asm__ volatile("movw %0, %%ds" : : "r"((uint16_t)(GD_TSS | 3)));
	cprintf("I loaded the TSS into DS!\n");
	return 0;
}
