/*
 * spin: a child that never yields is preempted, and its parent can end it.
 */
#include "inc/lib.h"
#include "inc/testing.h"

int
main(int argc, char **argv)
{
	envid_t child;

	test_begin();
	cprintf("I am the parent.  Forking the child...\n");
	if ((child = fork()) < 0)
		panic("fork: %e", child);
	if (child == 0) {
		cprintf("I am the child.  Spinning...\n");
		for (;;)
			test->word[0] = 1;
	}
	cprintf("I am the parent.  Running the child...\n");
	test_await(0, 1);
	for (int i = 0; i < 8; i++)
		sys_yield();
	cprintf("I am the parent.  Killing the child...\n");
	sys_env_destroy(child);
	wait(child);
	test_done();
}
