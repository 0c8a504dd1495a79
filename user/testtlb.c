/*
 * testtlb: a mapping that is changed or removed is gone for the environment
 * that runs on another CPU at that moment, too. Run it on two CPUs.
 */
#include "inc/lib.h"
#include "inc/testing.h"

#define RW	(PTE_P | PTE_U | PTE_W)

enum { SEEN, LOOKS };	/* words of the shared page */

static volatile uint64_t *const page = (uint64_t *)UHEAP;

/* Look at the page for ever, without a system call, and tell what is there. */
static void
look(void)
{
	for (;;) {
		test->word[SEEN] = *page;
		test->word[LOOKS]++;
	}
}

/* The child has looked since. */
static void
await_look(void)
{
	uint64_t looks = test->word[LOOKS];

	while (test->word[LOOKS] < looks + 2)
		sys_yield();
}

/* A page that holds value, mapped for the child in place of the last. */
static void
give(envid_t child, uint64_t value)
{
	check_eq(sys_page_alloc(0, (void *)page, RW), 0);
	*page = value;
	check_eq(sys_page_map(0, (void *)page, child, (void *)page, RW), 0);
}

int
main(int argc, char **argv)
{
	envid_t child;

	test_begin();
	if ((child = fork()) < 0)
		panic("fork: %e", child);
	if (child == 0) {
		test_await(SEEN, 1);
		look();
	}
	give(child, 100);
	test->word[SEEN] = 1;
	for (uint64_t value = 101; value < 200; value++) {
		await_look();
		check_eq(test->word[SEEN], value - 1);
		give(child, value);
	}
	await_look();
	check_eq(sys_page_unmap(child, (void *)page), 0);
	wait(child);		/* killed by the page fault */
	test_done();
}
