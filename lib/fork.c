/*
 * fork.c: fork with copy on write, made of page_map and page-fault upcalls:
 * parent and child get every writable page read-only, marked PTE_COW, and
 * whoever writes first makes itself a copy.
 */
#include "inc/lib.h"

#define PERM_RW		(PTE_P | PTE_U | PTE_W)

/* Replace the copy-on-write page that was written by a private copy. */
// @exercise cow_fault 5 'Copy a page when it is written'
static bool
cow_fault(struct utrapframe *utf)
{
	void *va = ROUNDDOWN((void *)utf->fault_va, PGSIZE);
	void *temp = (void *)PFTEMP;
	int r;

	if (!(utf->err & FEC_W) || utf->fault_va >= UTOP ||
	    !(uvpt_lookup(va) & PTE_COW))
		return false;
	if ((r = sys_page_alloc(0, temp, PERM_RW)) < 0)
		panic("copy on write of %p: %e", va, r);
	memcpy(temp, va, PGSIZE);
	if ((r = sys_page_map(0, temp, 0, va, PERM_RW)) < 0)
		panic("copy on write of %p: %e", va, r);
	sys_page_unmap(0, temp);
	return true;
}
// @end

/*
 * Give the child the page at va. The order matters when va is the stack on
 * which this code runs: the child's mapping comes first, because a write in
 * between gives the parent a new writable page. For the same reason the
 * parent's mapping is made copy on write even if it was so a moment ago.
 */
// @exercise dup_page 5 'Give a page to a child'
static int
dup_page(void *va, pte_t pte, void *arg)
{
	envid_t child = *(envid_t *)arg;
	uint32_t perm = pte_perm(pte);
	int r;

	if (va == (void *)(UXSTACKTOP - PGSIZE))
		return 0;
	if ((perm & PTE_SHARE) || !(perm & (PTE_W | PTE_COW)))
		return sys_page_map(0, va, child, va, perm);
	perm = (perm & ~PTE_W) | PTE_COW;
	if ((r = sys_page_map(0, va, child, va, perm)) < 0)
		return r;
	return sys_page_map(0, va, 0, va, perm);
}
// @end

/* What the child needs besides its memory; then let it run. */
static int
start_child(envid_t child)
{
	int r;

	r = sys_page_alloc(child, (void *)(UXSTACKTOP - PGSIZE), PERM_RW);
	if (r < 0)
		return r;
	r = sys_env_set_pgfault_upcall(child, pgfault_upcall);
	if (r < 0)
		return r;
	return sys_env_set_status(child, ENV_RUNNABLE);
}

// @exercise fork 5 'Fork with copy on write'
envid_t
fork(void)
{
	envid_t child;
	int r;

	if ((r = set_cow_handler(cow_fault)) < 0)
		return r;
	child = sys_exofork();
	if (child < 0)
		return child;
	if (child == 0) {
		thisenv = &envs[ENVX(sys_getenvid())];
		return 0;
	}
	if ((r = uvpt_walk(dup_page, &child)) < 0 ||
	    (r = start_child(child)) < 0) {
		sys_env_destroy(child);
		return r;
	}
	return child;
}
// @end
