/*
 * faultallocbad: a system call does not go through the page-fault handler:
 * what is not mapped when the kernel looks is refused.
 */
#include "inc/lib.h"

static void
handler(struct utrapframe *utf)
{
	cprintf("fault %lx\n", utf->fault_va);
	sys_page_alloc(0, (void *)ROUNDDOWN(utf->fault_va, PGSIZE),
		       PTE_P | PTE_U | PTE_W);
}

int
main(int argc, char **argv)
{
	set_pgfault_handler(handler);
	cprintf("faultallocbad: sys_cputs: %e\n",
		(int)sys_cputs((char *)0xdeadbeef, 4));
	return 0;
}
