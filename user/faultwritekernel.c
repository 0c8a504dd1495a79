/* faultwritekernel: writing to the kernel's memory kills. */
#include "inc/lib.h"

int
main(int argc, char **argv)
{
	*(volatile unsigned *)KERNBASE = 0;
	cprintf("I wrote to location KERNBASE!\n");
	return 0;
}
