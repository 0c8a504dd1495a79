/*
 * hold.c: the hold mode: opens N connections, holds all of them open for a
 * while, then has each serve one message, and closes them.
 */
#include <stdio.h>
#include <stdlib.h>
#include "clock.h"
#include "flow.h"
#include "modes.h"
#include "opts.h"
#include "stack.h"
#include "stats.h"

static struct flow *flows;
static unsigned opened, up, failed, ended, sent, answered;
static uint64_t until;

static void
on_up(struct flow *f)
{
	(void)f;
	up++;
}

static void
on_reply(struct flow *f, uint64_t start, uint64_t now)
{
	answered++;
	stats_answer(start, now, opt.size);
	stats_end(now);
	conn_shutdown(&f->conn);
}

static void
on_end(struct flow *f, enum conn_end why)
{
	(void)why;
	answered += flow_in_flight(f);
	failed += !f->up;
	ended++;
}

static const struct flow_ops ops = {
	.up = on_up, .reply = on_reply, .end = on_end,
};

static int
connecting(uint64_t now)
{
	while (opened < opt.conns && opened - up - failed < opt.burst)
		if (flow_open(&flows[opened++], now) < 0)
			on_end(&flows[opened - 1], CONN_NO_PORT);
	return up + failed >= opt.conns ? STEP_DONE : STEP_IDLE;
}

static int
holding(uint64_t now)
{
	if (now >= until)
		return STEP_DONE;
	loop_wake_at(until);
	return STEP_IDLE;
}

static int
serving(uint64_t now)
{
	while (sent < opt.conns && sent - answered < opt.burst) {
		struct flow *f = &flows[sent++];
		if (f->conn.state == CONN_UP)
			flow_send(f, now);
		else
			answered++;	/* it failed, and was counted */
	}
	return ended >= opt.conns ? STEP_DONE : STEP_IDLE;
}

static int
run(uint64_t deadline)
{
	uint64_t start = clock_now();
	int end = loop_run(connecting, deadline);

	if (end == LOOP_DONE && !opt.quiet && !opt.csv) {
		printf("hold: %u connections open after %.3f s\n",
		    up + failed - ended, (double)(clock_now() - start) /
		    1e9);
		fflush(stdout);
	}
	until = clock_now() + opt.hold;
	if (end == LOOP_DONE)
		end = loop_run(holding, deadline);
	stats_begin(clock_now());
	if (end == LOOP_DONE)
		end = loop_run(serving, deadline);
	return end;
}

int
mode_hold(uint64_t deadline)
{
	flows = calloc(opt.conns, sizeof(*flows));
	if (!flows)
		abort();
	for (unsigned i = 0; i < opt.conns; i++)
		flow_init(&flows[i], i, &ops);
	int end = run(deadline);
	if (end != LOOP_DONE)
		stats_cut(end, "%u of %u connections had been opened, %llu "
		    "served, %u ended", up, opt.conns,
		    (unsigned long long)stats.messages, ended);
	for (unsigned i = 0; i < opt.conns; i++) {
		conn_abort(&flows[i].conn);
		flow_free(&flows[i]);
	}
	free(flows);
	return mode_verdict();
}
