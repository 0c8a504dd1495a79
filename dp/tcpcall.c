/*
 * tcpcall.c: the application's calls on listeners and connections. Every
 * handle is checked against its slot's generation, every address by
 * spans_read(); what a call cannot do it refuses, changing nothing.
 */
#include "dp/conn.h"
#include "inc/toeplitz.h"
#include "lwip/memp.h"
#include "lwip/stats.h"

static struct conn *
lookup(uint64_t handle)
{
	int64_t i = handle_index(handle, HANDLE_CONN, CONNS);

	if (i < 0 || conns[i].gen != IX_HANDLE_GEN(handle) ||
	    conns[i].state == CONN_FREE || conns[i].state == CONN_CLOSED)
		return NULL;
	return &conns[i];
}

/* A connection that data can flow over; null: *error says why. */
static struct conn *
lookup_open(uint64_t handle, int64_t *error)
{
	struct conn *c = lookup(handle);

	*error = -E_BAD_HANDLE;
	if (!c)
		return NULL;
	*error = -E_NOT_CONN;
	return c->state == CONN_OPEN ? c : NULL;
}

int64_t
call_listen(uint64_t port, uint64_t backlog, uint64_t cookie)
{
	struct tcp_pcb *pcb, *lpcb;
	uint32_t i;
	err_t e;

	if (port == 0 || port > 0xffff)
		return -E_INVAL;
	for (i = 0; i < LISTENERS && listeners[i].pcb; i++)
		;
	if (i == LISTENERS)
		return -E_NO_MEM;
	pcb = tcp_buckets_new();
	if (!pcb)
		return -E_NO_MEM;
	e = tcp_buckets_bind(pcb, IP4_ADDR_ANY, port);
	if (e != ERR_OK) {
		tcp_buckets_abort(pcb);
		return -E_ADDR_IN_USE;
	}
	backlog = MAX(MIN(backlog, 255ul), 1ul);
	lpcb = tcp_listen_with_backlog(pcb, backlog);
	if (!lpcb) {
		tcp_buckets_abort(pcb);
		return -E_NO_MEM;
	}
	listeners[i].pcb = lpcb;
	listeners[i].cookie = cookie;
	tcp_arg(lpcb, &listeners[i]);
	tcp_accept(lpcb, conn_accepted);
	return (int64_t)IX_HANDLE(listeners[i].gen, core, HANDLE_LISTEN, i);
}

int64_t
call_unlisten(uint64_t handle)
{
	int64_t i = handle_index(handle, HANDLE_LISTEN, LISTENERS);
	struct listener *l = &listeners[i < 0 ? 0 : i];

	if (i < 0 || !l->pcb || l->gen != IX_HANDLE_GEN(handle))
		return -E_BAD_HANDLE;
	tcp_buckets_close(l->pcb);
	l->pcb = NULL;
	l->gen = handle_next_gen(l->gen);
	return 0;
}

/* --- Outgoing ---------------------------------------------------------- */

#define PORT_FIRST	32768u
#define PORT_COUNT	28000u

/* Will what the peer answers to this port arrive on this core? */
static bool
comes_back(uint32_t ip, uint16_t port, uint16_t local)
{
	static const uint8_t key[TOEPLITZ_KEY_LEN] = TOEPLITZ_DEFAULT_KEY;
	uint32_t groups = common->flow_groups;
	uint32_t hash;

	if (boot->ncores == 1 || groups == 0)
		return true;
	hash = toeplitz_ipv4_ports(key, ip, boot->ip, port, local);
	return common->flow_core[hash % groups] == core;
}

static err_t
connect_somehow(struct tcp_pcb *pcb, uint32_t ip, uint16_t port)
{
	static uint32_t next;
	ip_addr_t addr;
	err_t e;

	ip_2_ip4(&addr)->addr = lwip_htonl(ip);
	for (uint32_t tries = 0; tries < PORT_COUNT; tries++) {
		uint16_t local = PORT_FIRST + next++ % PORT_COUNT;

		if (!comes_back(ip, port, local))
			continue;
		e = tcp_buckets_connect(pcb, local, &addr, port,
					conn_connected);
		if (e != ERR_USE)
			return e;
	}
	return ERR_USE;
}

int64_t
call_connect(uint64_t ip, uint64_t port, uint64_t cookie)
{
	struct tcp_pcb *pcb;
	struct conn *c;
	err_t e;

	if (ip == 0 || ip > 0xffffffff || port == 0 || port > 0xffff)
		return -E_INVAL;
	c = conn_alloc();
	if (!c)
		return -E_NO_MEM;
	pcb = tcp_buckets_new();
	if (!pcb) {
		conn_free(c);
		return -E_NO_MEM;
	}
	c->state = CONN_CONNECTING;
	c->cookie = cookie;
	conn_attach(c, pcb);
	e = connect_somehow(pcb, ip, port);
	if (e != ERR_OK) {
		conn_detach(c);
		tcp_buckets_abort(pcb);
		conn_free(c);
		return e == ERR_RTE ? -E_NO_ROUTE : e == ERR_USE ?
			-E_ADDR_IN_USE : -E_NO_MEM;
	}
	return (int64_t)conn_handle(c);
}

/* --- Knocks ------------------------------------------------------------ */

static struct conn *
lookup_knock(uint64_t handle)
{
	struct conn *c = lookup(handle);

	return c && c->state == CONN_KNOCK && !(c->tell & TELL_KNOCK) ?
		c : NULL;
}

int64_t
call_accept(uint64_t handle, uint64_t cookie)
{
	struct conn *c = lookup_knock(handle);

	if (!c)
		return -E_BAD_HANDLE;
	c->state = CONN_OPEN;
	c->cookie = cookie;
	if (c->pcb)
		tcp_backlog_accepted(c->pcb);
	/* What came before, perhaps its end with it. */
	if (c->rx_show || c->tell)
		conn_tell(c, c->rx_show ? TELL_RECV : 0);
	return 0;
}

/* End it at once, with a reset. */
static void
drop(struct conn *c)
{
	struct tcp_pcb *pcb = c->pcb;

	conn_detach(c);
	conn_free(c);
	if (pcb)
		tcp_buckets_abort(pcb);
}

int64_t
call_reject(uint64_t handle)
{
	struct conn *c = lookup_knock(handle);

	if (!c)
		return -E_BAD_HANDLE;
	drop(c);
	return 0;
}

/* --- Data -------------------------------------------------------------- */

/* Queue bytes of one span; how many lwIP took. */
static uint32_t
write_span(struct conn *c, const struct span *v, uint32_t len, bool copy,
	   bool more)
{
	uint8_t flags = (copy ? TCP_WRITE_FLAG_COPY : 0) |
		(more ? TCP_WRITE_FLAG_MORE : 0);
	struct send_ref *ref = NULL;

	if (v->rx && !copy) {
		/* lwIP counts a pbuf's references in a byte. */
		if (v->rx->pc.pbuf.ref > 200)
			return 0;
		ref = send_ref_get();
		if (!ref)
			return 0;
	}
	if (tcp_write(c->pcb, (const void *)v->addr, len, flags) != ERR_OK) {
		if (ref)
			send_ref_put(ref);
		return 0;
	}
	c->written += len;
	if (ref)
		send_ref_add(c, ref, v->rx, c->written);
	if (copy)
		COUNT_COPY(&stats->c, dp_small_send, len);
	else
		stats->sends_zero_copy++;
	return len;
}

/* With more segments under way, a connection may have but one. */
#define SEGMENTS_HIGH	(JIX_SEGMENTS * 3 / 4)

int64_t
call_sendv(uint64_t handle, uint64_t iov, uint64_t n)
{
	struct span v[IX_IOV_MAX];
	uint32_t total, room, done = 0;
	int64_t r;
	struct conn *c = lookup_open(handle, &r);
	bool copy;

	if (!c)
		return r;
	r = spans_read(iov, n, v, ~0u, &total);
	if (r < 0)
		return r;
	if (!c->pcb)
		return -E_NOT_CONN;
	room = tcp_sndbuf(c->pcb);
	if (unlikely(lwip_stats.memp[MEMP_TCP_SEG]->used > SEGMENTS_HIGH))
		room = c->written == c->acked ? MIN(room, TCP_MSS + 0u) : 0;
	copy = total <= DP_SMALL_SEND;
again:
	for (int64_t i = 0; i < r && done < room; i++) {
		uint32_t len = MIN(v[i].len, room - done);
		uint32_t took;

		if (len == 0)
			continue;
		took = write_span(c, &v[i], len, copy, i + 1 < r);
		done += took;
		if (took < v[i].len)
			break;
	}
	if (unlikely(!done) && total && c->written == c->acked) {
		/*
		 * lwIP takes all of a span or nothing: there may be too many
		 * segments in it, if the peer wants small ones.
		 */
		room = MIN(room, total) / 2;
		if (room > 0)
			goto again;
		return -E_NO_MEM;	/* no IX_EV_SENT will come */
	}
	if (done)
		tcp_buckets_output(c->pcb);
	return done;
}

// @exercise recv_done 10 'Take back received bytes and open the window'
int64_t
call_recv_done(uint64_t handle, uint64_t bytes)
{
	struct conn *c;
	uint32_t left = bytes;
	int64_t r;

	c = lookup_open(handle, &r);
	if (unlikely(!c)) {
		c = lookup(handle);
		if (!c || c->state != CONN_DYING)
			return r;
	}
	if (bytes > c->unread)
		return -E_INVAL;
	c->unread -= left;
	left += c->head_done;
	while (c->rx_first && c->rx_first != c->rx_show &&
	       left >= c->rx_first->len) {
		struct rxbuf *b = c->rx_first;

		left -= b->len;
		c->rx_first = b->next;
		b->state = RXBUF_HIDDEN;
		pbuf_free(&b->pc.pbuf);
	}
	c->head_done = left;
	while (c->pcb && bytes > 0) {
		uint16_t part = MIN(bytes, 0xfffful);

		tcp_buckets_recved(c->pcb, part);
		bytes -= part;
	}
	if (unlikely(c->state == CONN_DYING) && c->unread == 0)
		conn_free(c);
	return 0;
}
// @end

/* --- Ends -------------------------------------------------------------- */

int64_t
call_close(uint64_t handle)
{
	struct conn *c = lookup(handle);
	struct tcp_pcb *pcb;

	if (!c)
		return -E_BAD_HANDLE;
	pcb = c->pcb;
	/*
	 * Received bytes that nobody took: a reset says so (RFC 2525, 2.17).
	 * lwIP would do that too, and free the pcb without telling.
	 */
	if (!pcb || c->state != CONN_OPEN || c->unread || c->rx_show ||
	    tcp_buckets_close(pcb) != ERR_OK) {
		drop(c);
		return 0;
	}
	if (c->acked == c->written) {
		conn_detach(c);
		conn_free(c);
		return 0;
	}
	conn_close_later(c);
	return 0;
}

int64_t
call_abort(uint64_t handle)
{
	struct conn *c = lookup(handle);

	if (!c)
		return -E_BAD_HANDLE;
	drop(c);
	return 0;
}

int64_t
call_shutdown(uint64_t handle)
{
	int64_t r;
	struct conn *c = lookup_open(handle, &r);

	if (!c)
		return r;
	if (!c->pcb || tcp_buckets_shutdown(c->pcb, 0, 1) != ERR_OK)
		return -E_NOT_CONN;
	return 0;
}
