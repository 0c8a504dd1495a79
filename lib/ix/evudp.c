/*
 * evudp.c: datagrams of the event layer. Received ones are read in place;
 * sent ones are copied, so that the program's buffer is its own again.
 */
#include "lib/ix/ev.h"

#define DATAGRAM_MAX	1472

/* A datagram on its way; the libOS names it by the address of data. */
struct datagram {
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
ev_udp_sent(uint64_t addr)
{
	free((struct datagram *)(addr - offsetof(struct datagram, data)));
}

void
ev_udp_received(struct ixev_udp *u, const struct ix_event *e)
{
	ev_queue_put(&u->rx, e)->peer = e->b;
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
static void
send_result(void *obj, int64_t result)
{
	struct datagram *d = obj;

	if (result < 0 || d->len <= ix_info()->small_send)
		free(d);
}

/* --- Receiving ---------------------------------------------------------- */

ssize_t
ixev_udp_recv(struct ixev_udp *u, const void **p, uint64_t *peer)
{
	struct ev_seg *seg = u->rx.first;

	if (!seg)
		return -E_AGAIN;
	u->rx.first = seg->next;
	*p = seg->addr;
	*peer = seg->peer;
	return seg->len;
}

bool
ixev_udp_readable(const struct ixev_udp *u)
{
	return u->rx.first != NULL;
}

void
ixev_udp_recv_done(const void *p)
{
	struct ev_seg *seg = ev_seg_at((uint64_t)p);

	if (ev_call(NULL, NULL, IX_UDP_RECV_DONE, (uint64_t)p, 0, 0, 0) ||
	    !seg)
		return;
	/* The batch is full: its own record keeps it for the next. */
	seg->addr = p;
	seg->next = ev.udp_done;
	ev.udp_done = seg;
}

/* Give back what found no room in an earlier batch. */
void
ev_udp_calls(void)
{
	while (ev.udp_done) {
		struct ev_seg *seg = ev.udp_done;

		if (!ev_call(NULL, NULL, IX_UDP_RECV_DONE,
			     (uint64_t)seg->addr, 0, 0, 0))
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
	d->len = len;
	memcpy(d->data, buf, len);
	if (!ev_call(send_result, d, IX_UDP_SEND, u->handle, (uint64_t)d->data,
		     len, peer)) {
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
