/*
 * loop.c: the one loop: frames in, timers, the mode's step, frames out.
 */
#include <stdio.h>
#include "clock.h"
#include "frames.h"
#include "stack.h"

#define ARP_AGAIN	(100 * MSEC)

static uint64_t wake = NEVER, arp_next;

void
loop_wake_at(uint64_t ns)
{
	if (ns < wake)
		wake = ns;
}

/* Sleeps until something can happen. */
static void
sleep_until(uint64_t deadline)
{
	uint64_t until = deadline, next = stack_next();

	if (next < until)
		until = next;
	next = frames_next();
	if (next < until)
		until = next;
	if (wake < until)
		until = wake;
	if (!opt.busy && until > clock_now())
		link_wait(until);
}

int
loop_run(int (*step)(uint64_t now), uint64_t deadline)
{
	for (;;) {
		unsigned frames = frames_poll();
		uint64_t now = clock_now();
		stack_tick(now);
		wake = NEVER;
		int did = step(now);
		frames_tick(now);
		if (did == STEP_DONE)
			return LOOP_DONE;
		if (link_closed())
			return LOOP_CLOSED;
		if (now >= deadline)
			return LOOP_TIMEOUT;
		if (frames == 0 && did == STEP_IDLE)
			sleep_until(deadline);
	}
}

static int
resolved(uint64_t now)
{
	if (stack_peer_mac())
		return STEP_DONE;
	if (now >= arp_next) {
		arp_next = now + ARP_AGAIN;
		stack_ask_peer();
	}
	loop_wake_at(arp_next);
	return STEP_IDLE;
}

int
loop_resolve(uint64_t deadline)
{
	int end = loop_run(resolved, deadline);

	if (end == LOOP_DONE)
		return 0;
	fprintf(stderr, "load: %u.%u.%u.%u: %s\n", opt.peer >> 24,
	    opt.peer >> 16 & 255, opt.peer >> 8 & 255, opt.peer & 255,
	    end == LOOP_CLOSED ? "the link was closed" :
	    "no ARP reply: nothing is there, or its link is down");
	return -1;
}
