/* faultreadkernel: reading the kernel's memory kills. */
#include "inc/lib.h"

int
main(int argc, char **argv)
{
	cprintf("I read %08x from location KERNBASE!\n",
		*(volatile unsigned *)KERNBASE);
	return 0;
}
