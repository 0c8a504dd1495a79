/* softint: int $14 from ring 3 is a protection fault, not a page fault. */
#include "inc/lib.h"

int
main(int argc, char **argv)
{
	__asm__ volatile("int $14");
	cprintf("I raised a page fault by hand!\n");
	return 0;
}
