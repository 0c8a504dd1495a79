/*
 * stresssched: many environments on many CPUs, each with memory of its own:
 * a counter that is increased 10 * 10000 times ends at that number, although
 * its environment is preempted and moved all the while.
 */
#include "inc/lib.h"
#include "inc/testing.h"

#define CHILDREN	20
#define ROUNDS		10
#define STEPS		10000

volatile int counter;

static void
count(void)
{
	for (int i = 0; i < ROUNDS; i++) {
		sys_yield();
		for (int j = 0; j < STEPS; j++)
			counter++;
	}
	check_eq(counter, ROUNDS * STEPS);
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
	test_done();
}
