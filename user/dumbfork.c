/*
 * dumbfork: fork by copying every page at once, made by hand of exofork,
 * page_alloc and page_map: those calls suffice to make a running copy.
 */
#include "inc/lib.h"

#define PERM_RW	(PTE_P | PTE_U | PTE_W)

/* Map a fresh page in the child and fill it through UTEMP. */
static int
copy_page(void *va, pte_t pte, void *arg)
{
	envid_t child = *(envid_t *)arg;
	uint32_t perm = pte_perm(pte);
	void *temp = (void *)UTEMP;
	int r;

	if ((r = sys_page_alloc(0, temp, PERM_RW)) < 0)
		return r;
	memcpy(temp, va, PGSIZE);
	r = sys_page_map(0, temp, child, va, perm);
	sys_page_unmap(0, temp);
	return r;
}

static envid_t
dumbfork(void)
{
	envid_t child = sys_exofork();
	int r;

	if (child < 0)
		panic("sys_exofork: %e", child);
	if (child == 0) {
		thisenv = &envs[ENVX(sys_getenvid())];
		return 0;
	}
	if ((r = uvpt_walk(copy_page, &child)) < 0)
		panic("copying memory: %e", r);
	if ((r = sys_env_set_status(child, ENV_RUNNABLE)) < 0)
		panic("sys_env_set_status: %e", r);
	return child;
}

int
main(int argc, char **argv)
{
	envid_t who = dumbfork();

	for (int i = 0; i < (who ? 10 : 20); i++) {
		cprintf("%d: I am the %s!\n", i, who ? "parent" : "child");
		sys_yield();
	}
	return 0;
}
