/*
 * evudp.c: datagrams of the event layer. Received ones are read in place;
 * sent ones are copied, so that the program's buffer is its own again.
 */
#include "lib/ix/ev.h"

#define DATAGRAM_MAX	1472

/* A datagram on its way; the libOS names it by the address of data. */
struct datagram {
	struct ev_obj obj;
	uint32_t len;
	char data[];
};

int
ixev_udp_bind(uint16_t port, ixev_udp_fn fn, void *arg, struct ixev_udp **out)
{
	struct ixev_udp *u = calloc(1, sizeof(*u));
	int64_t handle;

	if (!u)
		return -E_NO_MEM;
	u->obj.kind = EV_UDP;
	u->fn = fn;
	u->arg = arg;
	handle = ev_call_now(IX_UDP_BIND, port, (uint64_t)u, 0);
	if (handle < 0) {
		free(u);
		return handle;
	}
	u->handle = handle;
	*out = u;
	return 0;
}

void
ev_udp_event(struct ixev_udp *u, const struct ix_event *e)
{
	if (e->type == IX_EV_UDP_SENT) {
		free((struct datagram *)(e->a -
					 offsetof(struct datagram, data)));
		return;
	}
	if (e->type != IX_EV_UDP_RECV)
		return;
	ev_queue_put(&u->rx, e->a, e->n, e->b);
	if (!u->fn || u->ready)
		return;
	u->ready = true;
	u->next_ready = ev.udp_ready;
	ev.udp_ready = u;
}

void
ev_udp_dispatch(void)
{
	while (ev.udp_ready) {
		struct ixev_udp *u = ev.udp_ready;

		ev.udp_ready = u->next_ready;
		u->ready = false;
		u->fn(u, u->arg);
	}
}

/* Of one that was copied, or refused, no IX_EV_UDP_SENT will come. */
void
ev_udp_result(struct ev_obj *obj, int64_t result)
{
	struct datagram *d = (struct datagram *)obj;

	if (result < 0 || d->len <= ix_info()->small_send)
		free(d);
}

/* --- Receiving ---------------------------------------------------------- */

ssize_t
ixev_udp_recv(struct ixev_udp *u, const void **p, uint64_t *peer)
{
	struct ev_seg *seg = ev_queue_first(&u->rx);

	if (!seg)
		return -E_AGAIN;
	ev_queue_pop(&u->rx);
	*p = ev_seg_addr(seg);
	*peer = seg->peer;
	return seg->len;
}

bool
ixev_udp_readable(const struct ixev_udp *u)
{
	return u->rx.first != 0;
}

void
ixev_udp_recv_done(const void *p)
{
	uint64_t off = (uint64_t)p - ev.pool;
	uint32_t i = off / RING_RX_BUFFER;

	if (ev_call(NULL, IX_UDP_RECV_DONE, (uint64_t)p, 0, 0, 0) ||
	    i >= EV_SEGS)
		return;
	/* The batch is full: its own record keeps it for the next. */
	ev.seg[i].next = ev.udp_done;
	ev.udp_done = i + 1;
}

/* Give back what found no room in an earlier batch. */
void
ev_udp_calls(void)
{
	while (ev.udp_done) {
		struct ev_seg *seg = &ev.seg[ev.udp_done - 1];

		if (!ev_call(NULL, IX_UDP_RECV_DONE,
			     (uint64_t)ev_seg_addr(seg), 0, 0, 0))
			return;
		ev.udp_done = seg->next;
	}
}

/* --- Sending ------------------------------------------------------------ */

ssize_t
ixev_udp_send(struct ixev_udp *u, const void *buf, size_t len, uint64_t peer)
{
	struct datagram *d;

	if (len > DATAGRAM_MAX)
		return -E_TOO_BIG;
	d = malloc(sizeof(*d) + len);
	if (!d)
		return -E_AGAIN;
	d->obj.kind = EV_DATAGRAM;
	d->len = len;
	memcpy(d->data, buf, len);
	if (!ev_call(&d->obj, IX_UDP_SEND, u->handle, (uint64_t)d->data, len,
		     peer)) {
		free(d);
		return -E_AGAIN;
	}
	ix_copied_send(len);
	return len;
}

void
ixev_udp_close(struct ixev_udp *u)
{
	struct ixev_udp **p = &ev.udp_ready;
	uint64_t peer;
	const void *data;

	ev_call_now(IX_UDP_CLOSE, u->handle, 0, 0);
	while (ixev_udp_recv(u, &data, &peer) >= 0)
		ixev_udp_recv_done(data);
	while (*p && *p != u)
		p = &(*p)->next_ready;
	if (*p)
		*p = u->next_ready;
	free(u);
}
