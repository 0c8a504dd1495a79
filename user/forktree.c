/* forktree: a binary tree of forks, each node named by the way to it. */
#include "inc/lib.h"

#define DEPTH	3

static void forktree(const char *name);

static void
forkchild(const char *name, char branch)
{
	char child[DEPTH + 1];
	envid_t r;

	if (strlen(name) >= DEPTH)
		return;
	snprintf(child, sizeof(child), "%s%c", name, branch);
	if ((r = fork()) < 0)
		panic("fork: %e", r);
	if (r == 0) {
		forktree(child);
		exit();
	}
}

static void
forktree(const char *name)
{
	cprintf("%04x: I am '%s'\n", sys_getenvid(), name);
	forkchild(name, '0');
	forkchild(name, '1');
}

int
main(int argc, char **argv)
{
	forktree("");
	return 0;
}
