/*
 * testpteshare: a page marked PTE_SHARE is one page for parent, forked child
 * and spawned program.
 */
#include "inc/lib.h"

#define PAGE	((char *)0xa0000000)

static const char fork_text[] = "hello, world";
static const char spawn_text[] = "goodbye, world";

int
main(int argc, char **argv)
{
	envid_t child;
	int r;

	if (argc > 1) {
		memcpy(PAGE, spawn_text, sizeof(spawn_text));
		return 0;
	}
	r = sys_page_alloc(0, PAGE, PTE_P | PTE_W | PTE_U | PTE_SHARE);
	if (r < 0)
		panic("page_alloc: %e", r);
	if ((child = fork()) < 0)
		panic("fork: %e", child);
	if (child == 0) {
		memcpy(PAGE, fork_text, sizeof(fork_text));
		return 0;
	}
	wait(child);
	cprintf("fork handles PTE_SHARE %s\n",
		strcmp(PAGE, fork_text) == 0 ? "right" : "wrong");
	child = spawnl("testpteshare", "testpteshare", "child", NULL);
	if (child < 0)
		panic("spawn: %e", child);
	wait(child);
	cprintf("spawn handles PTE_SHARE %s\n",
		strcmp(PAGE, spawn_text) == 0 ? "right" : "wrong");
	return 0;
}
