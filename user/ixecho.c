/*
 * ixecho.c: TCP echo (RFC 862) by the raw API: events in, one pass over them
 * makes the next batch of calls. Messages go back from the receive buffers
 * they arrived in; nothing is copied here.
 *
 *	ixecho [-p PORT] [-m CLOSED] [-n SEGMENTS [-s SEGMENTS]]
 *
 * -m: when that many connections have ended on this core, say what a segment
 * cost, and end. -n: the same when that many segments have arrived, and end
 * with the last connection; -s: first let that many pass (100).
 *
 * What one turn offers and the libOS does not take waits in the connection's
 * queue for IX_EV_SENT. Received bytes are given back once they are taken:
 * the libOS holds the buffers itself from then on.
 */
#include "inc/args.h"
#include "inc/assert.h"
#include "inc/dp.h"
#include "inc/error.h"
#include "inc/libix.h"
#include "inc/ring.h"

#define RETRY_US	1000	/* after the libOS was out of memory */
#define URGENT		8192	/* bytes in a batch whose results we want now */

struct conn {
	uint64_t handle;
	struct conn *next;	/* in the to-do list */
	bool listed;
	bool sending;		/* an IX_SENDV is in the batch */
	bool blocked;		/* until IX_EV_SENT, or a timer */
	bool timer;		/* is set */
	bool eof, dead;
	uint32_t first, last;	/* queue: receive buffer's index + 1 */
	uint32_t done;		/* bytes to give back */
};

/* What waits in a receive buffer to be sent. */
struct seg {
	uint32_t next;
	uint16_t off, len;
};

static _Thread_local struct seg segs[DP_RX_BUFFERS];
static _Thread_local struct ix_iovec iov[IX_EVENTS + IX_IOV_MAX];
static _Thread_local uint32_t niov;
static _Thread_local struct conn *batch[IX_CALLS];
static _Thread_local struct conn *todo;
static _Thread_local uint32_t nconns, urgent;
static _Thread_local uint64_t arrived, closed;

static void
list(struct conn *c)
{
	if (c->listed)
		return;
	c->listed = true;
	c->next = todo;
	todo = c;
}

/* --- The queue of a connection ------------------------------------------ */

static uint64_t
pool(void)
{
	return IX_CORE(ix_core()) + IX_RXPOOL_OFF;
}

static void
enqueue(struct conn *c, uint64_t addr, uint32_t len)
{
	uint64_t off = addr - pool();
	uint32_t i = off / RING_RX_BUFFER;

	segs[i].next = 0;
	segs[i].off = off % RING_RX_BUFFER;
	segs[i].len = len;
	if (c->first)
		segs[c->last - 1].next = i + 1;
	else
		c->first = i + 1;
	c->last = i + 1;
}

/* The call for iov[from..niov); a full batch cannot be, see turn(). */
static void
sendv(struct conn *c, uint32_t from)
{
	uint32_t i = ix.ncalls;

	batch[i] = c;
	c->sending = true;
	if (!ix_call(IX_SENDV, c->handle, (uint64_t)&iov[from], niov - from,
		     0))
		panic("batch full");
}

static void
send_queue(struct conn *c)
{
	uint32_t from = niov;

	while (c->first && niov - from < IX_IOV_MAX) {
		struct seg *s = &segs[c->first - 1];

		iov[niov].addr = pool() +
			(uint64_t)(c->first - 1) * RING_RX_BUFFER + s->off;
		iov[niov++].len = s->len;
		c->first = s->next;
	}
	sendv(c, from);
}

/* --- Results ------------------------------------------------------------ */

/* What was not taken goes back to the front of the queue. */
static void
requeue(struct conn *c, const struct ix_iovec *v, uint32_t n, uint64_t taken)
{
	uint32_t rest = c->first, last = c->last;

	c->first = 0;
	for (; n > 0; n--, v++) {
		uint64_t skip = MIN(taken, v->len);

		taken -= skip;
		if (skip < v->len)
			enqueue(c, v->addr + skip, v->len - skip);
	}
	if (rest && c->first) {
		segs[c->last - 1].next = rest;
		c->last = last;
	} else if (rest) {
		c->first = rest;
	}
}

static void
send_result(struct conn *c, const struct ix_call *call)
{
	const struct ix_iovec *v = (const struct ix_iovec *)call->arg[1];
	uint64_t offered = 0, taken = MAX(call->op, 0l);

	c->sending = false;
	if (c->dead) {
		list(c);
		return;
	}
	for (uint32_t i = 0; i < call->arg[2]; i++)
		offered += v[i].len;
	c->done += taken;
	list(c);
	if (taken == offered)
		return;
	requeue(c, v, call->arg[2], taken);
	c->blocked = true;
	if (call->op == -E_NO_MEM && !c->timer)
		c->timer = ix_call(IX_TIMER, RETRY_US, (uint64_t)c, 0, 0) !=
			NULL;
}

static void
take_results(void)
{
	uint32_t n = ix.nresults;

	for (uint32_t i = 0; i < n; i++) {
		struct ix_call call = ix.area->calls[i];

		if (!batch[i])
			continue;
		/* New calls overwrite results already looked at. */
		struct conn *c = batch[i];

		batch[i] = NULL;
		send_result(c, &call);
	}
	niov = 0;
}

/* --- What is to be done besides ----------------------------------------- */

/* All that a connection can need in one turn. */
#define TODO_CALLS	3

/* A timer that is set still names c: its event comes here again. */
static void
conn_free(struct conn *c)
{
	if (c->timer)
		return;
	free(c);
	nconns--;
	closed++;
}

/* Leave room for one call per event. False: some are left. */
static bool
work(uint32_t nevents)
{
	while (todo) {
		struct conn *c = todo;

		if (ix.ncalls + nevents + TODO_CALLS > IX_CALLS ||
		    niov + nevents + IX_IOV_MAX > ARRAY_SIZE(iov))
			return false;
		todo = c->next;
		c->listed = false;
		if (c->dead) {
			/* Not while a call in the batch names it. What was
			   received and not sent goes back. */
			if (c->sending)
				continue;
			ix_call(IX_CLOSE, c->handle, 0, 0, 0);
			conn_free(c);
			continue;
		}
		if (c->done) {
			ix_call(IX_RECV_DONE, c->handle, c->done, 0, 0);
			c->done = 0;
		}
		if (c->first && !c->blocked && !c->sending)
			send_queue(c);
		if (!c->eof || c->first || c->sending)
			continue;
		ix_call(IX_CLOSE, c->handle, 0, 0, 0);
		c->dead = true;
		conn_free(c);
	}
	return true;
}

/* --- Events ------------------------------------------------------------- */

static void
knock(const struct ix_event *e)
{
	struct conn *c = calloc(1, sizeof(*c));

	if (!c) {
		ix_call(IX_REJECT, e->a, 0, 0, 0);
		return;
	}
	nconns++;
	c->handle = e->a;
	ix_call(IX_ACCEPT, e->a, (uint64_t)c, 0, 0);
}

/* Bytes of one connection: as many events as follow each other. */
static uint32_t
received(const struct ix_event *e, uint32_t left)
{
	struct conn *c = (struct conn *)e->cookie;
	uint32_t from = niov, n = 0;
	bool wait = c->first || c->blocked || c->sending;

	do {
		if (wait) {
			enqueue(c, e->a, e->n);
		} else {
			iov[niov].addr = e->a;
			iov[niov++].len = e->n;
			urgent += e->n;
		}
		n++;
		e++;
	} while (n < left && n < IX_IOV_MAX && e->type == IX_EV_RECV &&
		 e->n > 0 && e->cookie == (uint64_t)c);
	arrived += n;
	if (!wait)
		sendv(c, from);
	return n;
}

/* Look at event e of `left`; how many were used up. */
static uint32_t
take(const struct ix_event *e, uint32_t left)
{
	struct conn *c = (struct conn *)e->cookie;

	switch (e->type) {
	case IX_EV_RECV:
		if (likely(e->n > 0))
			return received(e, left);
		c->eof = true;
		urgent = URGENT;
		list(c);
		break;
	case IX_EV_SENT:
		if (unlikely(c->blocked)) {
			c->blocked = false;
			list(c);
		}
		break;
	case IX_EV_KNOCK:
		knock(e);
		break;
	case IX_EV_TIMER:
		c->timer = c->blocked = false;
		list(c);
		break;
	case IX_EV_DEAD:
		c->dead = true;
		urgent = URGENT;
		list(c);
		break;
	}
	return 1;
}

static void
turn(void)
{
	uint32_t n = ix_run_io(urgent >= URGENT ? 0 : IX_FOREVER);
	uint32_t i = 0;

	urgent = 0;
	take_results();
	if (!work(n))
		urgent = URGENT;
	while (i < n)
		i += take(ix_event(i), n - i);
	ix.area->count.requests = arrived;
}

static void
serve_connections(uint64_t limit)
{
	while (arrived == 0)
		turn();
	ix_report_start();
	while (closed < limit)
		turn();
	ix_report("ixecho", arrived);
}

static void
serve_segments(uint64_t skip, uint64_t count)
{
	while (arrived < skip)
		turn();
	skip = arrived;
	ix_report_start();
	while (arrived - skip < count)
		turn();
	ix_report("ixecho", arrived - skip);
	while (nconns > 0)
		turn();
}

int
main(int argc, char **argv)
{
	uint64_t port = 7, limit = 0, count = ~0ul, skip = 100;
	struct args a;
	int64_t r;
	int opt;

	args_start(&a, argc, argv);
	while ((opt = args_option(&a)) != 0)
		switch (opt) {
		case 'p':
			port = args_number(&a, 1, 65535);
			break;
		case 'm':
			limit = args_number(&a, 1, 1l << 40);
			break;
		case 'n':
			count = args_number(&a, 1, 1l << 40);
			break;
		case 's':
			skip = args_number(&a, 0, 1l << 40);
			break;
		default:
			args_usage("[-p PORT] [-m CLOSED] "
				   "[-n SEGMENTS [-s SEGMENTS]]");
		}
	r = ix_call_now(IX_LISTEN, port, 255, 0, 0);
	if (r < 0)
		panic("listen: %e", (int)r);
	cprintf("ixecho: core %u of %u serves TCP port %lu\n", ix_core(),
		ix_info()->ncores, port);
	if (limit)
		serve_connections(limit);
	else
		serve_segments(skip, count);
	ix_run_io(0);
	return 0;
}
