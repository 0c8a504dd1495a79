/*
 * faultalloc: a page-fault handler that allocates what is missing; it faults
 * itself when the text it writes goes over the page's end.
 */
#include "inc/lib.h"

static void
handler(struct utrapframe *utf)
{
	char *addr = (char *)utf->fault_va;
	int r;

	cprintf("fault %lx\n", utf->fault_va);
	r = sys_page_alloc(0, ROUNDDOWN(addr, PGSIZE), PTE_P | PTE_U | PTE_W);
	if (r < 0)
		panic("allocating at %p in page fault handler: %e", addr, r);
	snprintf(addr, 100, "this string was faulted in at %lx",
		 utf->fault_va);
}

int
main(int argc, char **argv)
{
	set_pgfault_handler(handler);
	cprintf("%s\n", (char *)0xdeadbeef);
	cprintf("%s\n", (char *)0xcafebffe);
	return 0;
}
