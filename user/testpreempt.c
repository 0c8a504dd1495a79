/*
 * testpreempt: more spinning environments than CPUs: all of them get on, and
 * so does this one, although nobody yields.
 */
#include "inc/lib.h"
#include "inc/testing.h"

int
main(int argc, char **argv)
{
	envid_t child[NCPU + 2];
	int n = uinfo->ncpu + 2;
	bool all;

	test_begin();
	for (int i = 0; i < n; i++) {
		if ((child[i] = fork()) < 0)
			panic("fork: %e", child[i]);
		if (child[i] == 0)
			for (;;)
				test->word[i]++;
	}
	do {
		all = true;
		for (int i = 0; i < n; i++)
			all = all && test->word[i] > 1000;
	} while (!all);
	for (int i = 0; i < n; i++) {
		check_eq(sys_env_destroy(child[i]), 0);
		wait(child[i]);
	}
	test_done();
}
