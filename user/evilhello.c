/* evilhello: the kernel does not print its own memory for a program. */
#include "inc/lib.h"

int
main(int argc, char **argv)
{
	int r = sys_cputs((char *)KERNBASE + 0x100000, 100);

	cprintf("evilhello: sys_cputs: %e\n", r);
	return 0;
}
