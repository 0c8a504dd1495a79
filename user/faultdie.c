/* faultdie: a page-fault handler that ends its environment. */
#include "inc/lib.h"

static void
handler(struct utrapframe *utf)
{
	cprintf("i faulted at va %lx, err %lx\n", utf->fault_va,
		utf->err & (FEC_P | FEC_W | FEC_U));
	sys_env_destroy(0);
}

int
main(int argc, char **argv)
{
	set_pgfault_handler(handler);
	*(volatile int *)0xdeadbeef = 0;
	cprintf("I wrote to an unmapped page!\n");
	return 0;
}
