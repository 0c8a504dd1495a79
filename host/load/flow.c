/* flow.c: see flow.h. */
#include <stdlib.h>
#include <string.h>
#include "clock.h"
#include "flow.h"
#include "opts.h"
#include "pattern.h"
#include "stats.h"

#define COPY_BELOW	512		/* bytes; above, sent in place */
#define START_MIN	4

void
flow_init(struct flow *f, unsigned id, const struct flow_ops *ops)
{
	memset(f, 0, sizeof(*f));
	f->conn.id = id;
	f->ops = ops;
	f->base = pattern_base(id);
	f->cap = START_MIN;
	f->start = malloc(f->cap * sizeof(*f->start));
	if (!f->start)
		abort();
}

/* Hands lwIP as much of what is wanted as it takes. */
static void
pump(struct flow *f)
{
	while (f->sent < f->want) {
		uint64_t n = f->want - f->sent;
		if (n > PATTERN_CHUNK)
			n = PATTERN_CHUNK;
		size_t took = conn_write(&f->conn,
		    pattern_bytes(f->base + f->sent), n, n < COPY_BELOW);
		if (took == 0)
			break;
		f->sent += took;
	}
}

static void
on_up(struct conn *c)
{
	struct flow *f = (struct flow *)c;

	f->up = 1;
	f->ops->up(f);
}

static void
on_room(struct conn *c)
{
	struct flow *f = (struct flow *)c;

	if (f->sent < f->want)
		pump(f);
}

/* An unusable answer: the connection is of no more use. */
static void
on_mismatch(struct flow *f)
{
	stats_mismatch(f->conn.id, f->got);
	conn_abort(&f->conn);
	f->ops->end(f, CONN_RESET);
}

static void
on_data(struct conn *c, const uint8_t *p, size_t n)
{
	struct flow *f = (struct flow *)c;

	if (f->got + n > f->sent || !pattern_match(f->base + f->got, p, n)) {
		on_mismatch(f);
		return;
	}
	f->got += n;
	if (f->got < (f->replies + 1) * opt.size)
		return;
	uint64_t now = clock_now();
	while (c->pcb && f->got >= (f->replies + 1) * opt.size &&
	    f->replies < f->asked) {
		uint64_t start = f->start[f->replies & (f->cap - 1)];
		f->replies++;
		f->total++;
		f->ops->reply(f, start, now);
	}
}

static void
on_end(struct conn *c, enum conn_end why)
{
	struct flow *f = (struct flow *)c;

	if (why != CONN_EOF || flow_in_flight(f))
		stats_failed(c, why);
	f->ops->end(f, why);
}

static const struct conn_ops conn_ops = {
	.up = on_up, .data = on_data, .room = on_room, .end = on_end,
};

int
flow_open(struct flow *f, uint64_t now)
{
	f->want = f->sent = f->got = 0;
	f->asked = f->replies = 0;
	f->opened = now;
	f->up = 0;
	if (conn_open(&f->conn, &conn_ops) == 0)
		return 0;
	stats_failed(&f->conn, CONN_NO_PORT);
	return -1;
}

/* Doubles the ring of start times, keeping each message's slot number. */
static void
more_starts(struct flow *f)
{
	uint64_t *start = malloc(2 * f->cap * sizeof(*start));

	if (!start)
		abort();
	for (unsigned i = f->replies; i != f->asked; i++)
		start[i & (2 * f->cap - 1)] = f->start[i & (f->cap - 1)];
	free(f->start);
	f->start = start;
	f->cap *= 2;
}

void
flow_send(struct flow *f, uint64_t start)
{
	if (f->asked - f->replies == f->cap)
		more_starts(f);
	f->start[f->asked++ & (f->cap - 1)] = start;
	f->want += opt.size;
	pump(f);
	conn_push(&f->conn);
}

unsigned
flow_in_flight(const struct flow *f)
{
	return f->asked - f->replies;
}

void
flow_free(struct flow *f)
{
	free(f->start);
	f->start = NULL;
}
