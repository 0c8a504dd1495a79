/*
 * event.c: the rounds of the event layer (inc/ixev.h): wishes become a batch
 * of calls, results and events become news, news are told to handlers.
 *
 * Nothing here can overflow: a call that finds no room leaves its connection
 * in the list of those that want something, and the round does not wait.
 */
#include "lib/ix/ev.h"

_Thread_local struct ev_core ev;
_Thread_local uint64_t ixev_copied;

/* --- Lists -------------------------------------------------------------- */

void
ev_mark_dirty(struct ixev *c)
{
	if (c->dirty)
		return;
	c->dirty = true;
	c->next_dirty = NULL;
	if (ev.dirty)
		ev.dirty_last->next_dirty = c;
	else
		ev.dirty = c;
	ev.dirty_last = c;
}

void
ev_tell(struct ixev *c, uint32_t what)
{
	what &= c->mask | IXEV_HUP | IXEV_NEW;
	c->news |= what;
	if (!what || !c->fn || c->ready)
		return;
	c->ready = true;
	c->next_ready = NULL;
	if (ev.ready)
		ev.ready_last->next_ready = c;
	else
		ev.ready = c;
	ev.ready_last = c;
}

/* --- Received bytes ----------------------------------------------------- */

static uint64_t
pool_base(void)
{
	return IX_CORE(ix_core()) + IX_RXPOOL_OFF;
}

const char *
ev_seg_addr(const struct ev_seg *seg)
{
	return (const char *)(pool_base() +
			      (uint64_t)(seg - ev.seg) * RING_RX_BUFFER +
			      seg->off);
}

void
ev_queue_put(struct ev_queue *q, uint64_t addr, uint32_t len, uint64_t peer)
{
	uint64_t off = addr - pool_base();
	uint32_t i = off / RING_RX_BUFFER;

	if (i >= EV_SEGS)
		panic("the libOS showed %lx, not a receive buffer", addr);
	ev.seg[i].next = 0;
	ev.seg[i].off = off % RING_RX_BUFFER;
	ev.seg[i].len = len;
	ev.seg[i].peer = peer;
	if (q->first)
		ev.seg[q->last - 1].next = i + 1;
	else
		q->first = i + 1;
	q->last = i + 1;
}

struct ev_seg *
ev_queue_first(const struct ev_queue *q)
{
	return q->first ? &ev.seg[q->first - 1] : NULL;
}

void
ev_queue_pop(struct ev_queue *q)
{
	q->first = ev.seg[q->first - 1].next;
}

/* --- Calls -------------------------------------------------------------- */

bool
ev_call(struct ev_obj *obj, enum ix_call_op op, uint64_t a, uint64_t b,
	uint64_t c, uint64_t d)
{
	uint32_t i = ix.ncalls;

	if (!ix_call(op, a, b, c, d))
		return false;
	ev.batch[i].obj = obj;
	ev.batch[i].op = op;
	return true;
}

/* Everybody's wishes into the batch; false: some are left. */
static bool
make_calls(void)
{
	ev.retry = ev.look_again = ev.sending = false;
	ev_udp_calls();
	while (ev.dirty) {
		struct ixev *c = ev.dirty;

		ev.dirty = c->next_dirty;
		c->dirty = false;
		if (ev_conn_calls(c))
			continue;
		c->dirty = true;
		c->next_dirty = ev.dirty;
		if (!ev.dirty)
			ev.dirty_last = c;
		ev.dirty = c;
		return false;
	}
	return true;
}

static void
take_results(void)
{
	for (uint32_t i = 0; i < ix.nresults; i++) {
		struct ev_obj *obj = ev.batch[i].obj;
		int64_t result = ix_result(i);

		if (!obj)
			continue;
		ev.batch[i].obj = NULL;
		if (obj->kind == EV_CONN)
			ev_conn_result((struct ixev *)obj, ev.batch[i].op,
				       result);
		else if (obj->kind == EV_SYNC)
			((struct ev_sync *)obj)->result = result;
		else
			ev_udp_result(obj, result);
	}
	ev.niov = 0;
}

static void
take_event(const struct ix_event *e)
{
	struct ev_obj *obj = (struct ev_obj *)e->cookie;

	if (e->type == IX_EV_UDP_SENT) {
		ev_udp_event(NULL, e);
		return;
	}
	if (!obj)
		return;
	switch (obj->kind) {
	case EV_CONN:
		ev_conn_event((struct ixev *)obj, e);
		break;
	case EV_LISTENER:
		ev_listener_event((struct ixev_listener *)obj, e);
		break;
	case EV_UDP:
		ev_udp_event((struct ixev_udp *)obj, e);
		break;
	}
}

/* --- Rounds ------------------------------------------------------------- */

void
ixev_turn(uint64_t usec)
{
	uint32_t n;

	if (!make_calls() || ev.look_again || ev.ready || ev.udp_ready)
		usec = 0;
	else if (ev.retry)
		usec = MIN(usec, (uint64_t)EV_RETRY_US);
	else if (ev.sending)
		usec = MIN(usec, (uint64_t)EV_LOOK_US);
	n = ix_run_io(ev_timer_wait(usec));
	take_results();
	for (uint32_t i = 0; i < n; i++)
		take_event(ix_event(i));
}

int64_t
ev_call_now(enum ix_call_op op, uint64_t a, uint64_t b, uint64_t c)
{
	struct ev_sync sync = { .obj.kind = EV_SYNC };

	while (!ev_call(&sync.obj, op, a, b, c, 0))
		ixev_turn(0);
	ixev_turn(0);
	return sync.result;
}

static void
dispatch(void)
{
	while (ev.ready) {
		struct ixev *c = ev.ready;
		uint32_t what = c->news;

		ev.ready = c->next_ready;
		c->ready = false;
		c->news = 0;
		if (c->fn && what && !(c->want & EV_WANT_CLOSE)) {
			c->held++;
			c->fn(c, what, c->arg);
			c->held--;
		}
		ev_conn_put(c);
	}
}

void
ixev_run(uint64_t usec)
{
	ixev_turn(usec);
	ev_timer_dispatch();
	ev_udp_dispatch();
	dispatch();
}
