/*
 * echo.c: the echo mode, a closed loop: each of N connections sends a
 * message, waits for all of it to come back, and sends the next.
 */
#include <stdlib.h>
#include "clock.h"
#include "flow.h"
#include "modes.h"
#include "opts.h"
#include "stack.h"
#include "stats.h"

static struct flow *flows;
static unsigned opened, ended, opening;
static uint64_t stop;			/* no new message from here on */

static int
wants_more(const struct flow *f, uint64_t now)
{
	if (opt.messages && f->asked >= opt.messages)
		return 0;
	return !opt.time || now < stop;
}

static void
on_up(struct flow *f)
{
	uint64_t now = clock_now();

	opening--;
	if (wants_more(f, now))
		flow_send(f, now);
	else
		conn_shutdown(&f->conn);
}

static void
on_reply(struct flow *f, uint64_t start, uint64_t now)
{
	stats_answer(start, now, opt.size);
	stats_end(now);
	if (wants_more(f, now))
		flow_send(f, now);
	else
		conn_shutdown(&f->conn);
}

static void
on_end(struct flow *f, enum conn_end why)
{
	(void)why;
	if (!f->up)
		opening--;
	ended++;
}

static const struct flow_ops ops = {
	.up = on_up, .reply = on_reply, .end = on_end,
};

static int
step(uint64_t now)
{
	while (opened < opt.conns && opening < opt.burst) {
		opening++;
		if (flow_open(&flows[opened], now) < 0) {
			opening--;
			ended++;
		}
		opened++;
	}
	return ended == opt.conns ? STEP_DONE : STEP_IDLE;
}

int
mode_echo(uint64_t deadline)
{
	uint64_t now = clock_now();

	flows = calloc(opt.conns, sizeof(*flows));
	if (!flows)
		abort();
	for (unsigned i = 0; i < opt.conns; i++)
		flow_init(&flows[i], i, &ops);
	stats_begin(now);
	stop = now + opt.warmup + opt.time;
	int end = loop_run(step, deadline);
	if (end != LOOP_DONE) {
		unsigned waiting = 0;
		for (unsigned i = 0; i < opened; i++)
			waiting += flow_in_flight(&flows[i]) != 0;
		stats_cut(end, "%u of %u connections had ended, %u were "
		    "connecting, %u waited for an answer", ended, opt.conns,
		    opening, waiting);
		stats_end(clock_now());
	}
	for (unsigned i = 0; i < opt.conns; i++) {
		conn_abort(&flows[i].conn);
		flow_free(&flows[i]);
	}
	free(flows);
	return mode_verdict();
}
