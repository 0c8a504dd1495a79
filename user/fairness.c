/*
 * fairness: three senders queue at one receiver all the time; they are served
 * in turn, none at the cost of another.
 */
#include "inc/lib.h"
#include "inc/testing.h"

#define SENDERS		3
#define MESSAGES	300

/* Until all of them wait in our queue. */
static void
await_queued(const envid_t child[])
{
	for (int i = 0; i < SENDERS; i++) {
		const volatile struct env *e = &envs[ENVX(child[i])];

		while (e->status != ENV_NOT_RUNNABLE ||
		       e->wait != WAIT_IPC_SEND)
			sys_yield();
	}
}

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
	for (int i = 0; i < MESSAGES; i++) {
		await_queued(child);
		got[ipc_recv(NULL, NULL, NULL)]++;
	}
	for (int i = 0; i < SENDERS; i++) {
		sys_env_destroy(child[i]);
		cprintf("fairness: %d messages from sender %d\n", got[i], i);
		check_eq(got[i], MESSAGES / SENDERS);
	}
	test_done();
}
