/* pingpong: a number goes to and fro between two environments by IPC. */
#include "inc/lib.h"

int
main(int argc, char **argv)
{
	envid_t who;
	int64_t i;

	if ((who = fork()) < 0)
		panic("fork: %e", who);
	if (who != 0) {
		cprintf("send 0 from %x to %x\n", sys_getenvid(), who);
		ipc_send(who, 0, NULL, 0);
	}
	for (;;) {
		i = ipc_recv(&who, NULL, NULL);
		cprintf("%x got %ld from %x\n", sys_getenvid(), i, who);
		if (i == 10)
			return 0;
		i++;
		ipc_send(who, i, NULL, 0);
		if (i == 10)
			return 0;
	}
}
