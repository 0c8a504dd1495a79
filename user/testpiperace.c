/*
 * testpiperace: while copies of a pipe's ends come and go in other
 * environments, an open pipe is never taken for a closed one (lib/pipe.c).
 */
#include "inc/lib.h"
#include "inc/testing.h"

#define CHURNERS	3
#define LOOKS		20000

/* Open and close further copies of both ends, for ever. */
static void
churn(int p[2])
{
	for (;;) {
		dup(p[0], 10);
		dup(p[1], 11);
		close(11);
		close(10);
	}
}

int
main(int argc, char **argv)
{
	envid_t child[CHURNERS];
	int p[2], r, wrong = 0;

	test_begin();
	if ((r = pipe(p)) < 0)
		panic("pipe: %e", r);
	for (int i = 0; i < CHURNERS; i++) {
		if ((child[i] = fork()) < 0)
			panic("fork: %e", child[i]);
		if (child[i] == 0)
			churn(p);
	}
	for (int i = 0; i < LOOKS; i++) {
		if (pipeisclosed(p[0]) || pipeisclosed(p[1]))
			wrong++;
		if (i % 1000 == 0)
			sys_yield();
	}
	check_eq(wrong, 0);
	for (int i = 0; i < CHURNERS; i++) {
		sys_env_destroy(child[i]);
		wait(child[i]);
	}
	check_eq(pipeisclosed(p[0]), 0);
	close(p[1]);
	check_eq(pipeisclosed(p[0]), 1);
	test_done();
}
