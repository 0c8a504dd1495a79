/*
 * ixecho.c: TCP echo (RFC 862) by the raw API, without a copy: what arrived
 * is sent from the buffer it arrived in.
 *
 *	ixecho [-p PORT] [-m CLOSED]	end after that many connections ended; prints what a
 *			message (a segment) cost
 *
 * Each pass: look at the results of the last batch (bytes that were taken for
 * sending are given back as received), then at the events, and fill the next
 * batch: at most one sendv per connection, with all that has arrived on it.
 */
#include "inc/args.h"
#include "inc/assert.h"
#include "inc/error.h"
#include "inc/libix.h"

#define PIECES	8		/* held without asking for memory */

/* A connection. Pieces [first, count) have arrived and are not yet sent. */
struct conn {
	uint64_t handle;
	struct ix_iovec *piece;
	uint32_t first, count, room;
	uint32_t credit;	/* bytes taken and not yet given back */
	bool queued;		/* in todo[] */
	bool sending;		/* a sendv is in the batch */
	bool eof, gone;
	struct conn *next;	/* free list */
	struct ix_iovec own[PIECES];
};

/* Calls of the batch whose result matters: the connection, else null. */
static _Thread_local struct conn *sent_by[IX_CALLS];
static _Thread_local struct conn *free_conns, **todo;
static _Thread_local uint32_t ntodo, todo_room;
static _Thread_local uint64_t closed, messages;

static struct ix_call *
add_call(enum ix_call_op op, uint64_t a, uint64_t b, uint64_t c,
	 struct conn *who)
{
	struct ix_call *call = ix_call(op, a, b, c, 0);

	if (call)
		sent_by[ix.ncalls - 1] = who;
	return call;
}

/* Look at c before the next batch. */
static void
enqueue(struct conn *c)
{
	if (c->queued)
		return;
	if (ntodo == todo_room) {
		todo_room = todo_room ? todo_room * 2 : 64;
		todo = realloc(todo, todo_room * sizeof(*todo));
		if (!todo)
			panic("out of memory");
	}
	c->queued = true;
	todo[ntodo++] = c;
}

static struct conn *
conn_new(uint64_t handle)
{
	struct conn *c = free_conns;

	if (c)
		free_conns = c->next;
	else
		c = malloc(sizeof(*c));
	if (!c)
		return NULL;
	c->handle = handle;
	c->piece = c->own;
	c->room = PIECES;
	c->first = c->count = c->credit = 0;
	c->queued = c->sending = c->eof = c->gone = false;
	return c;
}

static void
conn_delete(struct conn *c)
{
	if (c->piece != c->own)
		free(c->piece);
	c->next = free_conns;
	free_conns = c;
	closed++;
}

static void
piece_add(struct conn *c, uint64_t addr, uint64_t len)
{
	if (c->count == c->room) {
		struct ix_iovec *more = malloc(2 * c->room * sizeof(*more));

		if (!more)
			panic("out of memory");
		memcpy(more, c->piece, c->count * sizeof(*more));
		if (c->piece != c->own)
			free(c->piece);
		c->piece = more;
		c->room *= 2;
	}
	c->piece[c->count].addr = addr;
	c->piece[c->count++].len = len;
}

/* `taken` bytes from the front are on their way. */
static void
piece_advance(struct conn *c, uint64_t taken)
{
	c->credit += taken;
	while (taken > 0) {
		struct ix_iovec *v = &c->piece[c->first];
		uint64_t n = MIN(taken, v->len);

		v->addr += n;
		v->len -= n;
		taken -= n;
		if (v->len == 0)
			c->first++;
	}
	if (c->first == c->count)
		c->first = c->count = 0;
}

static void
take_results(void)
{
	for (uint32_t i = 0; i < ix.nresults; i++) {
		struct conn *c = sent_by[i];
		int64_t r = ix_result(i);

		if (!c)
			continue;
		c->sending = false;
		if (r > 0)
			piece_advance(c, r);
		if (!c->gone || c->credit)
			enqueue(c);
	}
}

static void
take_events(uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		const struct ix_event *e = ix_event(i);
		struct conn *c = (struct conn *)e->cookie;

		switch (e->type) {
		case IX_EV_KNOCK:
			c = conn_new(e->a);
			if (!c || !add_call(IX_ACCEPT, e->a, (uint64_t)c, 0,
					    NULL))
				panic("no room to accept");
			break;
		case IX_EV_RECV:
			if (e->n == 0) {
				c->eof = true;
			} else {
				piece_add(c, e->a, e->n);
				messages++;
			}
			enqueue(c);
			break;
		case IX_EV_SENT:
			if (c->count)
				enqueue(c);
			break;
		case IX_EV_DEAD:
			c->gone = true;
			enqueue(c);
			break;
		}
	}
}

/* Fill the batch with what c needs. False: it is full. */
static bool
serve(struct conn *c)
{
	if (c->gone) {
		if (!c->sending)
			conn_delete(c);
		return true;
	}
	if (c->credit) {
		if (!add_call(IX_RECV_DONE, c->handle, c->credit, 0, NULL))
			return false;
		c->credit = 0;
	}
	if (c->count && !c->sending) {
		uint32_t n = MIN(c->count - c->first, (uint32_t)IX_IOV_MAX);

		if (!add_call(IX_SENDV, c->handle,
			      (uint64_t)&c->piece[c->first], n, c))
			return false;
		c->sending = true;
	}
	if (c->eof && !c->count) {
		if (!add_call(IX_CLOSE, c->handle, 0, 0, NULL))
			return false;
		conn_delete(c);
	}
	return true;
}

static void
serve_all(void)
{
	uint32_t i, kept = 0;

	for (i = 0; i < ntodo; i++) {
		todo[i]->queued = false;
		if (!serve(todo[i]))
			break;
	}
	for (; i < ntodo; i++) {
		todo[i]->queued = true;
		todo[kept++] = todo[i];
	}
	ntodo = kept;
}

int
main(int argc, char **argv)
{
	uint64_t port = 7, limit = ~0ul;
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
		default:
			args_usage("[-p PORT] [-m CLOSED]");
		}
	r = ix_call_now(IX_LISTEN, port, 255, 0, 0);
	if (r < 0)
		panic("listen: %e", (int)r);
	cprintf("ixecho: core %u of %u serves TCP port %lu\n", ix_core(),
		ix_info()->ncores, port);
	while (closed < limit) {
		uint32_t n = ix_run_io(ntodo ? 0 : IX_FOREVER);

		if (messages == 0)
			ix_report_start();
		take_results();
		take_events(n);
		serve_all();
	}
	ix_run_io(0);
	ix_report("ixecho", messages);
	return 0;
}
