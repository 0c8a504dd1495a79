/*
 * event.c: the rounds of the event layer (inc/ixev.h): wishes become a batch
 * of calls, results and events become news, news are told to handlers.
 *
 * Nothing here can overflow: a call that finds no room leaves its connection
 * in the list of those that want something, and the round does not wait.
 */
#include "lib/ix/ev.h"

_Thread_local struct ev_core ev;

/* --- Calls -------------------------------------------------------------- */

/* Everybody's wishes into the batch; false: some are left. */
static bool
make_calls(void)
{
	if (unlikely(ev.udp_done))
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
	ev.taking = true;
	for (uint32_t i = 0; i < ix.nresults; i++) {
		if (ev.batch[i].fn)
			ev.batch[i].fn(ev.batch[i].obj, ix_result(i));
	}
	ev.taking = false;
}

/* A cookie is what the event is about: a listener, connection, socket. */
static inline void
take_event(const struct ix_event *e)
{
	void *obj = (void *)e->cookie;

	switch (e->type) {
	case IX_EV_RECV:
		ev_conn_received(obj, e);
		break;
	case IX_EV_SENT:
		ev_conn_sent(obj, e->n);
		break;
	case IX_EV_KNOCK:
		ev_conn_knock(obj, e);
		break;
	case IX_EV_CONNECTED:
		ev_conn_connected(obj, e->n);
		break;
	case IX_EV_DEAD:
		ev_conn_dead(obj, e->n);
		break;
	case IX_EV_UDP_RECV:
		ev_udp_received(obj, e);
		break;
	case IX_EV_UDP_SENT:
		ev_udp_sent(e->a);
		break;
	}
}

/* --- Rounds ------------------------------------------------------------- */

/* How long the libOS may wait for an event, at most usec. */
static inline uint64_t
patience(uint64_t usec)
{
	if (ev.look_again || ev.ready || ev.udp_ready)
		return 0;
	if (ev.retry)
		usec = MIN(usec, (uint64_t)EV_RETRY_US);
	else if (ev.niov > 0)
		usec = MIN(usec, (uint64_t)EV_LOOK_US);
	return ev.ntimers > 0 ? ev_timer_wait(usec) : usec;
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
		if (c->fn) {
			c->held++;
			c->fn(c, what, c->arg);
			c->held--;
		}
		if (unlikely(c->state == EV_GONE))
			ev_conn_put(c);
	}
}

static void
turn(uint64_t usec, bool handlers)
{
	uint32_t n;

	if (unlikely(!ev.pool))
		ev.pool = IX_CORE(ix_core()) + IX_RXPOOL_OFF;
	if (!make_calls())
		usec = 0;
	n = ix_run_io(patience(usec));
	ev.retry = ev.look_again = false;
	ev.sender = NULL;
	ev.niov = 0;
	take_results();
	for (uint32_t i = 0; i < n; i++)
		take_event(ix_event(i));
	if (!handlers)
		return;
	if (ev.ntimers > 0)
		ev_timer_dispatch();
	if (ev.udp_ready)
		ev_udp_dispatch();
	dispatch();
}

void
ixev_turn(uint64_t usec)
{
	turn(usec, false);
}

void
ixev_run(uint64_t usec)
{
	turn(usec, true);
}

/* --- Calls that do not wait for a round --------------------------------- */

static void
note_result(void *obj, int64_t result)
{
	*(int64_t *)obj = result;
}

int64_t
ev_call_now(enum ix_call_op op, uint64_t a, uint64_t b, uint64_t c)
{
	int64_t result;

	if (ev.taking)
		panic("call %u from a done function", op);
	while (!ev_call(note_result, &result, op, a, b, c, 0))
		ixev_turn(0);
	ixev_turn(0);
	return result;
}
