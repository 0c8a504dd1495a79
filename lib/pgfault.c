/*
 * pgfault.c: page faults handled by the environment itself. pfentry.S calls
 * pgfault_dispatch on the exception stack; first fork's copy-on-write handler
 * is asked, then the program's own.
 */
#include "inc/lib.h"

static void (*user_handler)(struct utrapframe *utf);
static bool (*cow_handler)(struct utrapframe *utf);

void pgfault_dispatch(struct utrapframe *utf);

/*
 * A fault that nobody handles is the kernel's: without an upcall the
 * instruction faults again, and the report shows it in its own registers.
 */
void
pgfault_dispatch(struct utrapframe *utf)
{
	if (cow_handler && cow_handler(utf))
		return;
	if (user_handler)
		user_handler(utf);
	else
		sys_env_set_pgfault_upcall(0, NULL);
}

// @exercise pgfault_enable 5 'Ask for page-fault upcalls'
static int
enable_upcall(void)
{
	void *stack = (void *)(UXSTACKTOP - PGSIZE);
	int r;

	if (!uvpt_lookup(stack)) {
		r = sys_page_alloc(0, stack, PTE_P | PTE_U | PTE_W);
		if (r < 0)
			return r;
	}
	return sys_env_set_pgfault_upcall(0, pgfault_upcall);
}
// @end

int
set_pgfault_handler(void (*handler)(struct utrapframe *utf))
{
	user_handler = handler;
	return enable_upcall();
}

int
set_cow_handler(bool (*handler)(struct utrapframe *utf))
{
	cow_handler = handler;
	return enable_upcall();
}
