/*
 * open.c: the open-loop mode: messages are due at the times of a Poisson
 * process fixed before the run, whatever the server does.  Latency counts
 * from when a message was due, a late one is sent at once and never left
 * out, and how late we sent is reported as lag.
 */
#include <math.h>
#include <stdlib.h>
#include "clock.h"
#include "flow.h"
#include "modes.h"
#include "opts.h"
#include "rng.h"
#include "stack.h"
#include "stats.h"

#define SPIN	(30 * USEC)		/* poll when the next is this near */

static struct flow *flows;
static unsigned opened, up, failed, ended;
static uint64_t *due, ndue, next, answered, lost;
static uint64_t begun;

static void
on_up(struct flow *f)
{
	(void)f;
	up++;
}

static void
on_reply(struct flow *f, uint64_t start, uint64_t now)
{
	(void)f;
	answered++;
	stats_answer(start, now, opt.size);
	stats_end(now);
}

static void
on_end(struct flow *f, enum conn_end why)
{
	(void)why;
	lost += flow_in_flight(f);
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

/* The arrival times, relative to the start. */
static void
plan(void)
{
	struct rng rng;
	double t = 0, mean = 1e9 / opt.rate;
	double end = (double)(opt.warmup + opt.time);
	uint64_t cap = 0;

	rng_seed(&rng, opt.seed, 5);
	while ((t += -log(1 - rng_unit(&rng)) * mean) < end) {
		if (ndue == cap) {
			cap = cap ? 2 * cap : 4096;
			due = realloc(due, cap * sizeof(*due));
			if (!due)
				abort();
		}
		due[ndue++] = (uint64_t)t;
	}
}

/* A live connection for message number @i, in turn; NULL: none is left. */
static struct flow *
pick(uint64_t i)
{
	for (unsigned k = 0; k < opt.conns; k++) {
		struct flow *f = &flows[(i + k) % opt.conns];
		if (f->conn.state == CONN_UP)
			return f;
	}
	return NULL;
}

static int
sending(uint64_t now)
{
	while (next < ndue && begun + due[next] <= now) {
		struct flow *f = pick(next);
		uint64_t at = begun + due[next++];
		if (!f) {
			stats_error("message %llu: no connection is left",
			    (unsigned long long)next);
			lost++;
			continue;
		}
		now = clock_now();
		if (!stats_warming(now))
			hist_add(&stats.lag, now - at);
		flow_send(f, at);
	}
	if (next < ndue) {
		uint64_t at = begun + due[next];
		loop_wake_at(at > SPIN ? at - SPIN : 0);
		return at < now + SPIN ? STEP_MORE : STEP_IDLE;
	}
	return answered + lost >= ndue ? STEP_DONE : STEP_IDLE;
}

static int
closing(uint64_t now)
{
	(void)now;
	for (unsigned i = 0; i < opened; i++)
		if (flows[i].conn.state == CONN_UP)
			conn_shutdown(&flows[i].conn);
	return ended >= opt.conns ? STEP_DONE : STEP_IDLE;
}

int
mode_open(uint64_t deadline)
{
	int end;

	flows = calloc(opt.conns, sizeof(*flows));
	if (!flows)
		abort();
	for (unsigned i = 0; i < opt.conns; i++)
		flow_init(&flows[i], i, &ops);
	plan();
	end = loop_run(connecting, deadline);
	if (end != LOOP_DONE)
		stats_cut(end, "%u of %u connections were open", up,
		    opt.conns);
	begun = clock_now();
	stats_begin(begun);
	stats.offered = opt.rate;
	if (end == LOOP_DONE) {
		end = loop_run(sending, deadline);
		if (end != LOOP_DONE)
			stats_cut(end, "%llu of %llu messages were answered",
			    (unsigned long long)answered,
			    (unsigned long long)ndue);
		else if ((end = loop_run(closing, deadline)) != LOOP_DONE)
			stats_cut(end, "%u of %u connections were closed",
			    ended, opt.conns);
	}
	for (unsigned i = 0; i < opt.conns; i++) {
		conn_abort(&flows[i].conn);
		flow_free(&flows[i]);
	}
	free(flows);
	free(due);
	return mode_verdict();
}
