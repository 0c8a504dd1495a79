/*
 * testpiperace: while copies of a pipe's ends come and go in other
 * environments, an open pipe is never taken for a closed one (lib/pipe.c).
 */
#include "inc/lib.h"
#include "inc/testing.h"

#define CHURNERS	3
#define LOOKS		300000

/* Open and close a further copy of one end, for ever; hold no other. */
static void
churn(int own, int other)
{
	close(other);
	for (;;) {
		dup(own, 10);
		close(10);
	}
}

/* The only copy of end `other` is ours; those of `own` come and go. */
static void
test_end(int own, int other)
{
	envid_t child[CHURNERS];
	int wrong = 0;

	for (int i = 0; i < CHURNERS; i++) {
		if ((child[i] = fork()) < 0)
			panic("fork: %e", child[i]);
		if (child[i] == 0)
			churn(own, other);
	}
	/* Without yields: being preempted inside is what it is about. */
	for (int i = 0; i < LOOKS; i++)
		wrong += pipeisclosed(own) != 0;
	check_eq(wrong, 0);
	close(other);
	while (!pipeisclosed(own))	/* seen in the end, though they churn */
		sys_yield();
	for (int i = 0; i < CHURNERS; i++) {
		sys_env_destroy(child[i]);
		wait(child[i]);
	}
	check_eq(pipeisclosed(own), 1);
	close(own);
}

int
main(int argc, char **argv)
{
	int p[2];

	test_begin();
	for (int end = 0; end < 2; end++) {
		if (pipe(p) < 0)
			panic("pipe");
		test_end(p[end], p[1 - end]);
	}
	test_done();
}
