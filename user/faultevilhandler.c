/*
 * faultevilhandler: the kernel refuses an upcall in its own half or at an
 * address that no processor takes, and kills at the fault, unharmed.
 */
#include "inc/lib.h"

int
main(int argc, char **argv)
{
	int r;

	sys_page_alloc(0, (void *)(UXSTACKTOP - PGSIZE),
		       PTE_P | PTE_U | PTE_W);
	r = sys_env_set_pgfault_upcall(0, (void *)(1ul << 47));
	cprintf("faultevilhandler: non-canonical upcall: %e\n", r);
	r = sys_env_set_pgfault_upcall(0, (void *)KERNBASE);
	cprintf("faultevilhandler: kernel upcall: %e\n", r);
	*(volatile int *)0 = 0;
	cprintf("I wrote to location 0!\n");
	return 0;
}
