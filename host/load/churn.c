/*
 * churn.c: the churn mode: each of N slots opens a connection, sends one
 * message, checks its echo, closes, and starts over, R times.  Closing is a
 * FIN that is answered by a FIN, or with --abort a reset.  Latency is from
 * the SYN to the last byte of the answer.
 */
#include <stdlib.h>
#include "clock.h"
#include "flow.h"
#include "modes.h"
#include "opts.h"
#include "stack.h"
#include "stats.h"

struct slot {
	struct flow flow;		/* first: a slot is found from it */
	unsigned rounds;
};

static struct slot *slots;
static struct slot **idle;		/* stack of slots to be opened */
static unsigned nidle, opening, finished;

static void
on_up(struct flow *f)
{
	opening--;
	flow_send(f, f->opened);
}

static void
on_end(struct flow *f, enum conn_end why)
{
	struct slot *s = (struct slot *)f;

	(void)why;
	if (!f->up)
		opening--;
	if (++s->rounds < opt.rounds)
		idle[nidle++] = s;
	else
		finished++;
}

static void
on_reply(struct flow *f, uint64_t start, uint64_t now)
{
	stats_answer(start, now, opt.size);
	stats_end(now);
	if (opt.abort) {
		conn_abort(&f->conn);
		on_end(f, CONN_EOF);
	} else {
		conn_shutdown(&f->conn);
	}
}

static const struct flow_ops ops = {
	.up = on_up, .reply = on_reply, .end = on_end,
};

static int
step(uint64_t now)
{
	while (nidle && opening < opt.burst) {
		struct slot *s = idle[--nidle];
		opening++;
		if (flow_open(&s->flow, now) < 0)
			on_end(&s->flow, CONN_NO_PORT);
	}
	return finished == opt.conns ? STEP_DONE : STEP_IDLE;
}

int
mode_churn(uint64_t deadline)
{
	slots = calloc(opt.conns, sizeof(*slots));
	idle = calloc(opt.conns, sizeof(*idle));
	if (!slots || !idle)
		abort();
	for (unsigned i = 0; i < opt.conns; i++) {
		flow_init(&slots[i].flow, i, &ops);
		idle[nidle++] = &slots[i];
	}
	stats_begin(clock_now());
	int end = loop_run(step, deadline);
	if (end != LOOP_DONE) {
		stats_cut(end, "%llu of %llu connections were served and "
		    "closed, %u were connecting",
		    (unsigned long long)stats.messages,
		    (unsigned long long)opt.conns * opt.rounds, opening);
		stats_end(clock_now());
	}
	for (unsigned i = 0; i < opt.conns; i++) {
		conn_abort(&slots[i].flow.conn);
		flow_free(&slots[i].flow);
	}
	free(slots);
	free(idle);
	return mode_verdict();
}
