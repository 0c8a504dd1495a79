/*
 * evconn.c: connections of the event layer: opening, receiving, closing.
 *
 * A connection is freed when the program has let go of it, its handle is gone,
 * and no list, call of the batch or running handler has it. After the call that
 * gives a handle up the libOS posts no more events for it.
 */
#include "lib/ix/ev.h"

static struct ixev *
conn_new(enum ev_state state, ixev_fn fn, void *arg)
{
	struct ixev *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->state = state;
	c->mask = IXEV_IN | IXEV_OUT | IXEV_HUP;
	c->fn = fn;
	c->arg = arg;
	return c;
}

void
ev_conn_put(struct ixev *c)
{
	if (c->state == EV_GONE && !c->dirty && !c->ready && !c->held &&
	    !c->offered)
		free(c);
}

static void
gone(struct ixev *c)
{
	c->state = EV_GONE;
	c->handle = 0;
	ev_send_release_all(c);
	ev_conn_put(c);
}

static void
leave_listener(struct ixev *c)
{
	struct ixev_listener *l = c->listener;
	struct ixev *before = NULL;

	for (struct ixev *w = l->waiting; w != c; w = w->next_waiting)
		before = w;
	if (before)
		before->next_waiting = c->next_waiting;
	else
		l->waiting = c->next_waiting;
	if (l->waiting_last == c)
		l->waiting_last = before;
	c->listener = NULL;
}

void
ev_conn_dead(struct ixev *c, int error)
{
	if (c->listener)
		leave_listener(c);
	c->state = EV_DEAD;
	c->error = error;
	/* What has been received can still be taken. */
	if (!c->rx_bytes && !c->lent && !c->done_bytes)
		c->handle = 0;
	c->held++;
	ev_send_release_all(c);
	c->held--;
	if (!(c->want & EV_WANT_CLOSE))
		ev_tell(c, IXEV_HUP);
	else if (c->handle)
		ev_mark_dirty(c);
	else
		gone(c);
}

/* --- Listening ---------------------------------------------------------- */

int
ixev_listen(uint16_t port, uint32_t backlog, ixev_fn fn, void *arg,
	    struct ixev_listener **out)
{
	struct ixev_listener *l = calloc(1, sizeof(*l));
	int64_t handle;

	if (!l)
		return -E_NO_MEM;
	l->fn = fn;
	l->arg = arg;
	handle = ev_call_now(IX_LISTEN, port, backlog, (uint64_t)l);
	if (handle < 0) {
		free(l);
		return handle;
	}
	l->handle = handle;
	*out = l;
	return 0;
}

/*
 * The memory of l stays: a knock that the libOS has not told yet will name
 * it. It is refused then.
 */
void
ixev_unlisten(struct ixev_listener *l)
{
	ev_call_now(IX_UNLISTEN, l->handle, 0, 0);
	l->handle = 0;
	for (struct ixev *c = l->waiting; c; c = c->next_waiting)
		ixev_close(c);
}

void
ev_conn_knock(struct ixev_listener *l, const struct ix_event *e)
{
	struct ixev *c = l->handle ? conn_new(EV_KNOCK, l->fn, l->arg) : NULL;

	if (!c) {
		/* One call for one event: there is room. */
		ev_call(NULL, NULL, IX_REJECT, e->a, 0, 0, 0);
		return;
	}
	c->handle = e->a;
	c->peer = e->b;
	c->listener = l;
	if (l->waiting)
		l->waiting_last->next_waiting = c;
	else
		l->waiting = c;
	l->waiting_last = c;
	ev_tell(c, IXEV_NEW);
}

struct ixev *
ixev_waiting(const struct ixev_listener *l)
{
	struct ixev *c = l->waiting;

	while (c && c->want)
		c = c->next_waiting;
	return c;
}

void
ixev_accept(struct ixev *c)
{
	if (c->state != EV_KNOCK)
		return;
	c->want |= EV_WANT_ACCEPT;
	ev_mark_dirty(c);
}

struct ixev *
ixev_dial(uint32_t ip, uint16_t port, ixev_fn fn, void *arg)
{
	struct ixev *c = conn_new(EV_DIALING, fn, arg);

	if (!c)
		return NULL;
	c->peer = IX_PEER(ip, port);
	ev_mark_dirty(c);
	return c;
}

void
ixev_set_handler(struct ixev *c, uint32_t mask, ixev_fn fn, void *arg)
{
	c->mask = mask;
	c->fn = fn;
	c->arg = arg;
}

/* --- Calls and their results -------------------------------------------- */

static void
ended(void *obj, int64_t result)
{
	gone(obj);
}

static void
connecting(void *obj, int64_t result)
{
	struct ixev *c = obj;

	if (result < 0)
		ev_conn_dead(c, result);
	else
		c->handle = result;
}

static void
accepted(void *obj, int64_t result)
{
	if (result < 0)
		ev_conn_dead(obj, -E_CONN_RESET);
}

/* Giving c up. False: no room for the call. */
static bool
end_calls(struct ixev *c)
{
	enum ix_call_op op = IX_CLOSE;

	if (c->state == EV_KNOCK)
		op = IX_REJECT;
	else if (c->want & EV_WANT_ABORT)
		op = IX_ABORT;
	else if (c->state == EV_OPEN && !c->rx_bytes && !c->lent &&
		 c->out) {
		/* Not before the last acknowledgement: memory is in use. */
		if (c->out_next || (c->want & EV_DID_FIN)) {
			ev.look_again |= c->offered > 0;
			return true;
		}
		op = IX_SHUTDOWN;
	}
	if (!ev_call(op == IX_SHUTDOWN ? NULL : ended, c, op, c->handle, 0, 0,
		     0))
		return false;
	if (c->listener)
		leave_listener(c);
	c->want |= op == IX_SHUTDOWN ? EV_DID_FIN : EV_DID_CLOSE;
	return true;
}

static bool
fin_calls(struct ixev *c)
{
	if (c->out_next) {
		ev.look_again |= c->offered > 0;
		return true;
	}
	if (!ev_call(NULL, NULL, IX_SHUTDOWN, c->handle, 0, 0, 0))
		return false;
	c->want |= EV_DID_FIN;
	return true;
}

/* The call that begins c's life in the libOS, if it is not made yet. */
static bool
begin_calls(struct ixev *c)
{
	if (c->state == EV_DIALING && !c->handle) {
		if (!ev_call(connecting, c, IX_CONNECT, IX_PEER_IP(c->peer),
			     IX_PEER_PORT(c->peer), (uint64_t)c, 0))
			return false;
		c->handle = ~0ul;	/* until the result is there */
		ev.look_again = true;
		return true;
	}
	if ((c->want & EV_WANT_ACCEPT) && c->state == EV_KNOCK) {
		if (!ev_call(accepted, c, IX_ACCEPT, c->handle, (uint64_t)c, 0,
			     0))
			return false;
		leave_listener(c);
		c->state = EV_OPEN;
		c->want &= ~EV_WANT_ACCEPT;
	}
	return true;
}

static bool
done_calls(struct ixev *c)
{
	if (c->done_bytes && !ev_call(NULL, NULL, IX_RECV_DONE, c->handle,
				      c->done_bytes, 0, 0))
		return false;
	c->done_bytes = 0;
	return true;
}

/* Give back what the program has taken of a connection that is dead. */
static bool
dead_calls(struct ixev *c)
{
	bool closing = c->want & EV_WANT_CLOSE;

	if (!c->handle)
		return true;
	if (closing) {
		if (!ev_call(NULL, NULL, IX_CLOSE, c->handle, 0, 0, 0))
			return false;
		gone(c);
		return true;
	}
	if (!done_calls(c))
		return false;
	if (!c->rx_bytes && !c->lent)
		c->handle = 0;
	return true;
}

/* The beginning, the end, and what waits to be sent. */
static NOINLINE bool
other_calls(struct ixev *c)
{
	if (c->state == EV_DEAD)
		return dead_calls(c);
	if (c->state > EV_DEAD) {
		ev_conn_put(c);
		return true;
	}
	if (!(c->want & EV_WANT_CLOSE) && !begin_calls(c))
		return false;
	if (c->state == EV_OPEN && !(c->want & EV_WANT_ABORT) &&
	    (!ev_send_calls(c) || !done_calls(c)))
		return false;
	if (c->want & EV_WANT_CLOSE)
		return (c->want & EV_DID_CLOSE) || end_calls(c);
	if ((c->want & (EV_WANT_FIN | EV_DID_FIN)) == EV_WANT_FIN &&
	    c->state == EV_OPEN)
		return fin_calls(c);
	return true;
}

bool
ev_conn_calls(struct ixev *c)
{
	bool simple = c->state == EV_OPEN && !c->want &&
		(!c->out_next || c->offered);

	return likely(simple) ? done_calls(c) : other_calls(c);
}

/* --- Events ------------------------------------------------------------- */

void
ev_conn_received(struct ixev *c, const struct ix_event *e)
{
	if (unlikely(e->n == 0)) {
		c->eof = true;
	} else if (unlikely(c->want & EV_WANT_CLOSE)) {
		c->done_bytes += e->n;
		ev_mark_dirty(c);
		return;
	} else {
		ev_queue_put(&c->rx, e);
		c->rx_bytes += e->n;
	}
	ev_tell(c, IXEV_IN);
}

/* Acknowledged: what waited for that or for room goes on. */
static NOINLINE void
room_again(struct ixev *c)
{
	ev_send_release(c);
	if (c->out_next || (c->want & EV_WANT_CLOSE))
		ev_mark_dirty(c);
}

void
ev_conn_sent(struct ixev *c, uint32_t n)
{
	c->acked += n;
	c->blocked = false;
	if (unlikely(c->out || c->told_no || c->want))
		room_again(c);
}

void
ev_conn_connected(struct ixev *c, int error)
{
	if (error < 0) {
		ev_conn_dead(c, error);
		return;
	}
	c->state = EV_OPEN;
	if (c->out || c->want)
		ev_mark_dirty(c);
	ev_tell(c, IXEV_OUT);
}

/* --- Receiving ---------------------------------------------------------- */

ssize_t
ixev_recv_zc(struct ixev *c, const void **p)
{
	struct ev_seg *seg = c->rx.first;

	if (!seg) {
		if (c->eof)
			return 0;
		return c->state == EV_DEAD ? c->error : -E_AGAIN;
	}
	*p = seg->addr;
	c->rx.first = seg->next;
	c->rx_bytes -= seg->len;
	c->lent += seg->len;
	return seg->len;
}

void
ixev_recv_done(struct ixev *c, size_t n)
{
	n = MIN(n, (size_t)c->lent);
	if (n == 0)
		return;
	c->lent -= n;
	c->done_bytes += n;
	ev_mark_dirty(c);
}

ssize_t
ixev_recv(struct ixev *c, void *buf, size_t len)
{
	struct ev_seg *seg;
	size_t done = 0;

	while (done < len && (seg = c->rx.first) != NULL) {
		uint32_t n = MIN((size_t)seg->len, len - done);

		memcpy((char *)buf + done, seg->addr, n);
		done += n;
		if (n == seg->len) {
			c->rx.first = seg->next;
		} else {
			seg->addr += n;
			seg->len -= n;
		}
	}
	if (done == 0 && len > 0) {
		if (c->eof)
			return 0;
		return c->state == EV_DEAD ? c->error : -E_AGAIN;
	}
	if (done > 0)
		ix_copied_recv(done);
	c->rx_bytes -= done;
	c->lent += done;
	ixev_recv_done(c, done);
	return done;
}

size_t
ixev_pending(const struct ixev *c)
{
	return c->rx_bytes;
}

bool
ixev_readable(const struct ixev *c)
{
	return c->rx.first || c->eof || c->state >= EV_DEAD;
}

int
ixev_error(const struct ixev *c)
{
	return c->error;
}

uint64_t
ixev_peer(const struct ixev *c)
{
	return c->peer;
}

/* --- Ends --------------------------------------------------------------- */

int
ixev_shutdown(struct ixev *c)
{
	if (c->state != EV_OPEN)
		return -E_NOT_CONN;
	c->want |= EV_WANT_FIN;
	ev_mark_dirty(c);
	return 0;
}

void
ixev_close(struct ixev *c)
{
	c->want |= EV_WANT_CLOSE;
	c->fn = NULL;
	if ((c->state == EV_DEAD || c->state == EV_DIALING) && !c->handle)
		gone(c);
	else
		ev_mark_dirty(c);
}

void
ixev_abort(struct ixev *c)
{
	c->want |= EV_WANT_ABORT;
	ixev_close(c);
}
