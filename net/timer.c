/*
 * timer.c: the timer environment, forked by the core network server. It tells
 * the server that time has passed, and blocks in between.
 *
 * The classic interval is 250 ms. lwIP here counts TCP's time in steps of
 * 10 ms, so the server asks for that while it has connections: a message from
 * it, at any time, is the new interval in milliseconds.
 */
#include "net/ns.h"

void
timer(envid_t ns)
{
	uint64_t interval = TIMER_BUSY_MS;
	envid_t from;
	int64_t r;

	for (;;) {
		r = ipc_recv_timed(&from, NULL, NULL, interval);
		if (r >= 0 && from == ns)
			interval = r;
		else if (r == -E_TIMEOUT &&
			 sys_ipc_send(ns, NSREQ_TIMER, (void *)UTOP, 0) < 0)
			exit();
	}
}
