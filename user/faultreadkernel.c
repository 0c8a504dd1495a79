/* faultreadkernel: reading the kernel's memory kills. */
#include "inc/lib.h"

#define KERNEL_IMAGE	(KERNBASE + PG2SIZE)	/* mapped, not for us */

int
main(int argc, char **argv)
{
	cprintf("I read %08x from the kernel!\n",
		*(volatile unsigned *)KERNEL_IMAGE);
	return 0;
}
