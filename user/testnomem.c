/*
 * testnomem: when memory or environments are used up, calls say so, nothing
 * breaks, and the end of the user gives everything back.
 */
#include "inc/lib.h"
#include "inc/testing.h"

#define PERM_RW	(PTE_P | PTE_U | PTE_W)

/* Take every page; then try what needs more. */
static void
use_all_memory(void *arg)
{
	uint64_t va = UHEAP;
	int r;

	while ((r = sys_page_alloc(0, (void *)va, PERM_RW)) == 0) {
		*(uint64_t *)va = va;
		va += PGSIZE;
	}
	check_eq(r, -E_NO_MEM);
	for (uint64_t p = UHEAP; p < va; p += 97 * PGSIZE)
		check_eq(*(uint64_t *)p, p);
	test->word[0] = (va - UHEAP) / PGSIZE;
	check(sys_pages_free() < 16);
	check(sys_exofork() < 0);
	check(fork() < 0);
	check(spawnl("hello", "hello", NULL) < 0);
	check_eq(sys_page_alloc(0, (void *)(2 * UHEAP), PERM_RW), -E_NO_MEM);
	/* One page back is enough to go on. */
	check_eq(sys_page_unmap(0, (void *)UHEAP), 0);
	check_eq(sys_page_alloc(0, (void *)UHEAP, PERM_RW), 0);
}

static void
use_all_envs(void *arg)
{
	static envid_t child[NENV];
	int n = 0;

	while ((child[n] = sys_exofork()) > 0)
		n++;
	check(child[n] == -E_NO_FREE_ENV || child[n] == -E_NO_MEM);
	test->word[1] = n;
	while (n-- > 0)
		check_eq(sys_env_destroy(child[n]), 0);
}

int
main(int argc, char **argv)
{
	int64_t before;

	test_begin();
	check(test_survives(use_all_envs, NULL));
	before = sys_pages_free();
	check(test_survives(use_all_memory, NULL));
	check_eq(sys_pages_free(), before);
	check(test_survives(use_all_envs, NULL));
	check_eq(sys_pages_free(), before);
	cprintf("testnomem: %lu pages, %lu environments\n", test->word[0],
		test->word[1]);
	test_done();
}
