/*
 * testfork: copy on write. Parent, child and grandchild see their own memory
 * after the fork, in data, bss, heap and stack; only what is written is
 * copied; read-only pages stay one; a fork without memory fails cleanly.
 */
#include "inc/lib.h"
#include "inc/testing.h"

#define PAGES	64
#define DEPTH	5

static char area[PAGES * PGSIZE] ALIGNED(4096);
static int data = 1;

static physaddr_t
frame_of(const void *va)
{
	return PTE_ADDR(uvpt_lookup(va));
}

/* Each generation writes its number to its page, and checks the others. */
static void
generation(int n)
{
	int on_stack = n, *on_heap = malloc(sizeof(int));
	envid_t child;

	*on_heap = n;
	area[n * PGSIZE] = n;
	if (n == DEPTH)
		return;
	if ((child = fork()) < 0)
		panic("fork: %e", child);
	if (child == 0) {
		check_eq(thisenv->id, sys_getenvid());
		data++;
		generation(n + 1);
		check_eq(data, DEPTH + 1);
		exit();
	}
	area[(n + 1) * PGSIZE] = 77;	/* the child must not see it */
	wait(child);
	check_eq(on_stack, n);
	check_eq(*on_heap, n);
	check_eq(data, n + 1);
	check_eq(area[(n + 1) * PGSIZE], 77);
	for (int i = 0; i <= n; i++)
		check_eq(area[i * PGSIZE], i);
	if (n > 0)
		exit();
}

static void
write_constant(void *arg)
{
	*(volatile char *)"constant" = 0;
}

/* What is shared and what is copied, by physical page. */
static void
test_frames(void)
{
	envid_t child;
	physaddr_t text = frame_of(main), page = frame_of(area);

	test->word[0] = 0;
	if ((child = fork()) < 0)
		panic("fork: %e", child);
	if (child == 0) {
		check_eq(frame_of(main), text);
		check(uvpt_lookup(area) & PTE_COW);
		check(!(uvpt_lookup(area) & PTE_W));
		check_eq(frame_of(area), page);
		area[0] = 1;
		check(frame_of(area) != page);
		check(uvpt_lookup(area) & PTE_W);
		check(!(uvpt_lookup(area) & PTE_COW));
		exit();
	}
	wait(child);
	check_eq(frame_of(area), page);
	check_eq(area[0], 0);
}

int
main(int argc, char **argv)
{
	int64_t before;

	test_begin();
	test_frames();
	generation(0);
	/* Read-only stays read-only: copy on write is not for every page. */
	check(!test_survives(write_constant, NULL));
	before = sys_pages_free();
	for (int i = 0; i < 30; i++) {
		envid_t child = fork();

		if (child < 0)
			panic("fork: %e", child);
		if (child == 0) {
			memset(area, i, sizeof(area));
			exit();
		}
		wait(child);
	}
	memset(area, 0, sizeof(area));		/* undo our own sharing */
	check_eq(sys_pages_free(), before);
	test_done();
}
