/* sendpage: pages passed by IPC between parent and child, both ways. */
#include "inc/lib.h"

#define TEMP_ADDR	((char *)0xa00000)
#define TEMP_ADDR_CHILD	((char *)0xb00000)

static const char parent_text[] = "hello child environment! how are you?";
static const char child_text[] = "hello parent environment! I'm good.";

static void
child(void)
{
	envid_t who;

	ipc_recv(&who, TEMP_ADDR_CHILD, NULL);
	cprintf("%x got message: %s\n", who, TEMP_ADDR_CHILD);
	if (strcmp(TEMP_ADDR_CHILD, parent_text) == 0)
		cprintf("child received correct message\n");
	memcpy(TEMP_ADDR_CHILD, child_text, sizeof(child_text));
	ipc_send(who, 0, TEMP_ADDR_CHILD, PTE_P | PTE_W | PTE_U);
}

int
main(int argc, char **argv)
{
	envid_t who;
	int r;

	if ((who = fork()) < 0)
		panic("fork: %e", who);
	if (who == 0) {
		child();
		return 0;
	}
	r = sys_page_alloc(0, TEMP_ADDR, PTE_P | PTE_W | PTE_U);
	if (r < 0)
		panic("page_alloc: %e", r);
	memcpy(TEMP_ADDR, parent_text, sizeof(parent_text));
	ipc_send(who, 0, TEMP_ADDR, PTE_P | PTE_W | PTE_U);
	ipc_recv(&who, TEMP_ADDR, NULL);
	cprintf("%x got message: %s\n", who, TEMP_ADDR);
	if (strcmp(TEMP_ADDR, child_text) == 0)
		cprintf("parent received correct message\n");
	return 0;
}
