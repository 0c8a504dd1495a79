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

	ev.pool = IX_CORE(ix_core()) + IX_RXPOOL_OFF;
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
