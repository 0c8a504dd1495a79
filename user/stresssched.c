/*
 * stresssched: many environments on many CPUs, each with memory of its own:
 * a counter that is increased 10 * 10000 times ends at that number, although
 * its environment is preempted and moved all the while. Where QEMU runs its
 * CPUs in turns, one could be done with all before the next has its turn: so
 * they go on until a second one has taken part.
 */
#include "inc/lib.h"
#include "inc/testing.h"

#define CHILDREN	20
#define ROUNDS		10
#define ROUNDS_MAX	1000	/* then it stays with one CPU */
#define STEPS		10000

volatile int counter;

/* Has one CPU done it all, though there are more? */
static bool
one_cpu(void)
{
	uint64_t mask = 1ul << thisenv->cpu;

	mask |= __atomic_fetch_or(&test->word[1], mask, __ATOMIC_RELAXED);
	return uinfo->ncpu > 1 && !(mask & (mask - 1));
}

static void
count(void)
{
	int rounds = 0;

	do {
		sys_yield();
		for (int j = 0; j < STEPS; j++)
			counter++;
		rounds++;
	} while ((one_cpu() && rounds < ROUNDS_MAX) || rounds < ROUNDS);
	check_eq(counter, rounds * STEPS);
	cprintf("[%08x] stresssched on CPU %d\n", thisenv->id, thisenv->cpu);
}

int
main(int argc, char **argv)
{
	envid_t child[CHILDREN];

	test_begin();
	for (int i = 0; i < CHILDREN; i++) {
		child[i] = fork();
		if (child[i] < 0)
			panic("fork: %e", child[i]);
		if (child[i] == 0) {
			test_await(0, 1);	/* all start together */
			count();
			exit();
		}
	}
	test->word[0] = 1;
	for (int i = 0; i < CHILDREN; i++)
		wait(child[i]);
	check_eq(counter, 0);
	cprintf("stresssched: by CPUs 0x%lx\n", test->word[1]);
	test_done();
}
