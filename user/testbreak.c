/*
 * testbreak: a breakpoint on the last CPU, with more spinning children than
 * CPUs. The monitor must take its commands there, and after `continue` the
 * children must get their turns although nobody yields to them.
 */
#include "inc/lib.h"
#include "inc/testing.h"

int
main(int argc, char **argv)
{
	int cpu = uinfo->ncpu - 1, n = uinfo->ncpu + 1;
	envid_t child[NCPU + 1];
	uint64_t seen[NCPU + 1];

	test_begin();
	for (int i = 0; i < n; i++) {
		if ((child[i] = fork()) < 0)
			panic("fork: %e", child[i]);
		if (child[i] == 0)
			for (;;)
				test->word[i]++;
	}
	do
		sys_yield();
	while (((const volatile struct env *)thisenv)->cpu != cpu);
	__asm__ volatile("int3" : : : "memory");
	for (int i = 0; i < n; i++)
		seen[i] = test->word[i];
	for (int i = 0; i < n; i++)
		while (test->word[i] == seen[i])
			;
	for (int i = 0; i < n; i++) {
		sys_env_destroy(child[i]);
		wait(child[i]);
	}
	test_done();
}
