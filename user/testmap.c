/*
 * testmap: the rules of page_alloc, page_map and page_unmap: rights do not
 * grow on the way, nothing is writable and executable, only the caller's and
 * its children's memory below UTOP is touched.
 */
#include "inc/lib.h"
#include "inc/testing.h"

#define R	(PTE_P | PTE_U)
#define RW	(R | PTE_W)
#define RX	(R | PTE_X)

static char *const a = (char *)UHEAP;
static char *const b = (char *)UHEAP + PGSIZE;

static void
test_rights(void)
{
	check_eq(sys_page_alloc(0, a, RW | PTE_X), -E_INVAL);
	check_eq(sys_page_alloc(0, a, RX | PTE_COW), -E_INVAL);
	check_eq(sys_page_alloc(0, a, PTE_P), -E_INVAL);
	check_eq(sys_page_alloc(0, a, PTE_U), -E_INVAL);
	check_eq(sys_page_alloc(0, a, RW | PTE_PS), -E_INVAL);
	check_eq(sys_page_alloc(0, a, RW | PTE_PCD), -E_INVAL);
	check_eq(sys_page_alloc(0, a, RW | 1u << 31), -E_INVAL);

	check_eq(sys_page_alloc(0, a, R), 0);
	check_eq(a[0], 0);
	check_eq(sys_page_map(0, a, 0, b, RW), -E_INVAL);	/* R to RW */
	check_eq(sys_page_map(0, a, 0, b, RX), -E_INVAL);	/* R to RX */
	check_eq(sys_page_map(0, a, 0, b, R | PTE_COW), 0);
	check_eq(sys_page_alloc(0, a, RW), 0);
	check_eq(sys_page_map(0, a, 0, b, RW | PTE_X), -E_INVAL);
	check_eq(sys_page_map(0, a, 0, b, RW), 0);
	a[5] = 55;
	check_eq(b[5], 55);
	check_eq(sys_page_map(0, main, 0, b, RW), -E_INVAL);
	check_eq(sys_page_map(0, main, 0, b, RX), -E_INVAL);	/* unaligned */
	check_eq(sys_page_map(0, (void *)UTEXT, 0, b, RX), 0);
}

/* A page that was somebody's before comes zeroed. */
static void
test_fresh(void)
{
	int used = 0;

	for (int i = 0; i < 8; i++) {
		check_eq(sys_page_alloc(0, a, RW), 0);
		for (size_t n = 0; n < PGSIZE; n++)
			used += a[n] != 0;
		memset(a, 0xa5, PGSIZE);
		check_eq(sys_page_unmap(0, a), 0);
	}
	check_eq(used, 0);
	check_eq(sys_page_alloc(0, a, RW), 0);
}

static void
test_addresses(void)
{
	static const uint64_t bad[] = {
		UHEAP + 1, UTOP, UVPT, UENVS, ULIM, ULIM - PGSIZE, PHYSMAP,
		KERNBASE, -PGSIZE, 1ul << 47, 1ul << 63, ~0ul,
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		void *va = (void *)bad[i];

		check_eq(sys_page_alloc(0, va, RW), -E_INVAL);
		check_eq(sys_page_map(0, a, 0, va, R), -E_INVAL);
		check_eq(sys_page_map(0, va, 0, a, R), -E_INVAL);
		check_eq(sys_page_unmap(0, va), -E_INVAL);
	}
	check_eq(sys_page_unmap(0, (char *)UHEAP + 64 * PGSIZE), 0);
	check_eq(sys_page_map(0, (char *)UHEAP + 64 * PGSIZE, 0, b, R),
		 -E_INVAL);
}

/* Neither a stranger nor the parent; but a child, and the caller itself. */
static void
test_envids(void)
{
	envid_t child, parent = sys_getenvid();

	check_eq(sys_page_alloc(parent + 0x1000, a, RW), -E_BAD_ENV);
	check_eq(sys_page_alloc(-1, a, RW), -E_BAD_ENV);
	check_eq(sys_page_alloc(parent, a, RW), 0);
	if ((child = fork()) == 0) {
		check_eq(sys_page_alloc(parent, a, RW), -E_BAD_ENV);
		check_eq(sys_page_map(parent, a, 0, b, R), -E_BAD_ENV);
		check_eq(sys_page_map(0, a, parent, b, R), -E_BAD_ENV);
		check_eq(sys_page_unmap(parent, a), -E_BAD_ENV);
		check_eq(sys_env_destroy(parent), -E_BAD_ENV);
		check_eq(sys_env_set_status(parent, ENV_NOT_RUNNABLE),
			 -E_BAD_ENV);
		test->word[0] = 1;
		test_await(0, 2);
		check_eq(b[7], 77);
		exit();
	}
	test_await(0, 1);
	a[7] = 77;
	check_eq(sys_page_map(0, a, child, b, R), 0);
	test->word[0] = 2;
	wait(child);
}

int
main(int argc, char **argv)
{
	int64_t before;

	test_begin();
	sys_page_alloc(0, a, RW);	/* the page tables stay with us */
	sys_page_unmap(0, a);
	before = sys_pages_free();
	check_eq(sys_page_alloc(0, a, RW), 0);
	check_eq(sys_page_alloc(0, a, RW), 0);		/* replaces */
	check_eq(sys_page_map(0, a, 0, a, RW), 0);	/* onto itself */
	check_eq(sys_pages_free(), before - 1);
	check_eq(sys_page_unmap(0, a), 0);
	check_eq(sys_pages_free(), before);
	test_rights();
	test_fresh();
	test_addresses();
	test_envids();
	test_done();
}
