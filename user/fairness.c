/*
 * fairness: three senders queue at one receiver all the time; each gets its
 * turn, none is served at the cost of another.
 */
#include "inc/lib.h"
#include "inc/testing.h"

#define SENDERS		3
#define MESSAGES	300

int
main(int argc, char **argv)
{
	envid_t parent = thisenv->id, child[SENDERS];
	int got[SENDERS] = { 0 };

	test_begin();
	for (int i = 0; i < SENDERS; i++) {
		child[i] = fork();
		if (child[i] < 0)
			panic("fork: %e", child[i]);
		if (child[i] == 0)
			for (;;)
				ipc_send(parent, i, NULL, 0);
	}
	for (int i = 0; i < MESSAGES; i++)
		got[ipc_recv(NULL, NULL, NULL)]++;
	for (int i = 0; i < SENDERS; i++) {
		sys_env_destroy(child[i]);
		cprintf("fairness: %d messages from sender %d\n", got[i], i);
		check(got[i] >= MESSAGES / SENDERS / 2);
	}
	test_done();
}
