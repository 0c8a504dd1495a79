/* faultnostack: an upcall without an exception stack: the kernel kills. */
#include "inc/lib.h"

int
main(int argc, char **argv)
{
	sys_env_set_pgfault_upcall(0, pgfault_upcall);
	*(volatile int *)0 = 0;
	cprintf("I wrote to location 0!\n");
	return 0;
}
