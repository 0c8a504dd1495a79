/* breakpoint: int3 enters the kernel's monitor; `continue` goes on here. */
#include "inc/lib.h"

int
main(int argc, char **argv)
{
	__asm__ volatile("int3");
	cprintf("breakpoint: continued\n");
	return 0;
}
