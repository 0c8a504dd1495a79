/*
 * faultbadhandler: the upcall's own address is not mapped: each attempt
 * faults again, until the exception stack is used up and the kernel kills.
 */
#include "inc/lib.h"

int
main(int argc, char **argv)
{
	sys_page_alloc(0, (void *)(UXSTACKTOP - PGSIZE),
		       PTE_P | PTE_U | PTE_W);
	sys_env_set_pgfault_upcall(0, (void *)0xdeadbeef);
	*(volatile int *)0 = 0;
	cprintf("I wrote to location 0!\n");
	return 0;
}
