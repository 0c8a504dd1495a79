/* faultwritekernel: writing to the kernel's memory kills. */
#include "inc/lib.h"

#define KERNEL_IMAGE	(KERNBASE + PG2SIZE)	/* mapped, not for us */

int
main(int argc, char **argv)
{
	*(volatile unsigned *)KERNEL_IMAGE = 0;
	cprintf("I wrote to the kernel!\n");
	return 0;
}
