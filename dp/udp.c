/*
 * udp.c: UDP sockets of the application. A datagram is shown in its receive
 * buffer until udp_recv_done. Short sends are copied behind their headers,
 * longer ones referenced in place until the NIC has sent them; then the
 * application gets IX_EV_UDP_SENT (not for a receive buffer, of which the
 * libOS itself keeps the reference).
 */
#include "dp/libos.h"
#include "lwip/udp.h"

#define SOCKETS		JIX_UDP_PCBS
#define SENDS		1024

static struct usock {
	uint32_t gen;
	struct udp_pcb *pcb;	/* null: free */
	uint64_t cookie;
} socks[SOCKETS];

/* A referenced piece of memory on its way through the transmit ring. */
struct usend {
	struct pbuf_custom pc;	/* first */
	struct usend *next;
	struct rxbuf *rx;	/* or null: the application's own memory */
	uint64_t addr;
	uint64_t cookie;
	bool last;		/* of its datagram: tell the application */
};

static struct usend sends[SENDS];
static struct usend *free_sends;
static struct usend *done_first, **done_last = &done_first;

static void
send_freed(struct pbuf *p)
{
	struct usend *s = (struct usend *)p;

	if (s->rx)
		pbuf_free(&s->rx->pc.pbuf);
	if (s->rx || !s->last) {
		s->next = free_sends;
		free_sends = s;
		return;
	}
	s->next = NULL;
	*done_last = s;
	done_last = &s->next;
}

void
udp_emit(void)
{
	while (unlikely(done_first) && event_room()) {
		struct usend *s = done_first;

		event_post(IX_EV_UDP_SENT, 0, s->cookie, s->addr, 0);
		done_first = s->next;
		if (!done_first)
			done_last = &done_first;
		s->next = free_sends;
		free_sends = s;
	}
}

void
udp_mod_init(void)
{
	for (uint32_t i = 0; i < SOCKETS; i++)
		socks[i].gen = handle_first_gen(HANDLE_UDP, i);
	for (uint32_t i = 0; i < SENDS; i++) {
		sends[i].pc.custom_free_function = send_freed;
		sends[i].next = free_sends;
		free_sends = &sends[i];
	}
}

static struct usock *
lookup(uint64_t handle)
{
	int64_t i = handle_index(handle, HANDLE_UDP, SOCKETS);

	if (i < 0 || !socks[i].pcb || socks[i].gen != IX_HANDLE_GEN(handle))
		return NULL;
	return &socks[i];
}

/* lwIP has a datagram for us; p is ours. */
static void
received(void *arg, struct udp_pcb *pcb, struct pbuf *p, const ip_addr_t *ip,
	 u16_t port)
{
	struct usock *s = arg;
	struct rxbuf *b = (struct rxbuf *)p;
	uint64_t addr;

	/* Only receive buffers can be shown, and only if there is room. */
	if (unlikely(!(p->flags & PBUF_FLAG_IS_CUSTOM) || p->next ||
		     !event_room())) {
		stats->udp_dropped++;
		pbuf_free(p);
		return;
	}
	addr = rxbuf_show(b, p->payload, p->len, RXBUF_UDP);
	event_post(IX_EV_UDP_RECV, p->len, s->cookie, addr,
		   IX_PEER(lwip_ntohl(ip_2_ip4(ip)->addr), port));
}

int64_t
call_udp_bind(uint64_t port, uint64_t cookie)
{
	struct usock *s;
	uint32_t i;

	if (port > 0xffff)
		return -E_INVAL;
	for (i = 0; i < SOCKETS && socks[i].pcb; i++)
		;
	if (i == SOCKETS)
		return -E_NO_MEM;
	s = &socks[i];
	s->pcb = udp_new();
	if (!s->pcb)
		return -E_NO_MEM;
	if (udp_bind(s->pcb, IP4_ADDR_ANY, port) != ERR_OK) {
		udp_remove(s->pcb);
		s->pcb = NULL;
		return -E_ADDR_IN_USE;
	}
	s->cookie = cookie;
	udp_recv(s->pcb, received, s);
	return (int64_t)IX_HANDLE(s->gen, core, HANDLE_UDP, i);
}

int64_t
call_udp_close(uint64_t handle)
{
	struct usock *s = lookup(handle);

	if (!s)
		return -E_BAD_HANDLE;
	udp_remove(s->pcb);
	s->pcb = NULL;
	s->gen = handle_next_gen(s->gen);
	return 0;
}

static int64_t
error_of(err_t e)
{
	switch (e) {
	case ERR_MEM:
	case ERR_BUF:
		return -E_AGAIN;
	case ERR_RTE:
		return -E_NO_ROUTE;
	}
	return -E_INVAL;
}

/* All bytes copied into one pbuf with room for headers. */
static struct pbuf *
make_copy(const struct span *v, int n, uint32_t total)
{
	struct pbuf *p = pbuf_alloc(PBUF_TRANSPORT, total, PBUF_RAM);
	char *dst;

	if (!p)
		return NULL;
	dst = p->payload;
	for (int i = 0; i < n; i++) {
		copy_small(dst, (const void *)v[i].addr, v[i].len);
		dst += v[i].len;
	}
	COUNT_COPY(&stats->c, dp_small_send, total);
	return p;
}

/* A chain of references. */
static struct pbuf *
make_refs(const struct span *v, int n, uint64_t cookie, struct usend **tail)
{
	struct pbuf *head = NULL;

	for (int i = n - 1; i >= 0; i--) {
		struct usend *s = free_sends;
		struct pbuf *p;

		if (v[i].len == 0)
			continue;
		/* lwIP counts references in a byte. */
		if (!s || (v[i].rx && v[i].rx->pc.pbuf.ref > 200)) {
			if (head)
				pbuf_free(head);
			return NULL;
		}
		free_sends = s->next;
		s->rx = v[i].rx;
		s->addr = v[0].addr;
		s->cookie = cookie;
		s->last = false;
		if (!head)
			*tail = s;
		if (s->rx)
			pbuf_ref(&s->rx->pc.pbuf);
		p = pbuf_alloced_custom(PBUF_RAW, v[i].len, PBUF_ROM, &s->pc,
					(void *)v[i].addr, v[i].len);
		if (head)
			pbuf_cat(p, head);
		head = p;
	}
	stats->sends_zero_copy++;
	return head;
}

static int64_t
send(struct usock *s, const struct span *v, int n, uint32_t total,
     uint64_t peer)
{
	struct pbuf *p;
	ip_addr_t ip;
	err_t e;

	struct usend *tail = NULL;

	if (total <= DP_SMALL_SEND)
		p = make_copy(v, n, total);
	else
		p = make_refs(v, n, s->cookie, &tail);
	if (!p)
		return -E_AGAIN;
	ip_2_ip4(&ip)->addr = lwip_htonl(IX_PEER_IP(peer));
	if (tail)
		tail->last = !tail->rx;
	e = udp_sendto_if_src(s->pcb, p, &ip, IX_PEER_PORT(peer), &netif,
			      netif_ip_addr4(&netif));
	if (e != ERR_OK && tail)
		tail->last = false;	/* the result says it */
	pbuf_free(p);
	return e == ERR_OK ? (int64_t)total : error_of(e);
}

#define DATAGRAM_MAX	1472
#define DATAGRAM_IOV	8	/* pieces of one datagram */

int64_t
call_udp_send(uint64_t handle, uint64_t addr, uint64_t len, uint64_t peer)
{
	struct usock *s = lookup(handle);
	struct span v;
	int r;

	if (!s)
		return -E_BAD_HANDLE;
	if (len > DATAGRAM_MAX)
		return -E_TOO_BIG;
	r = span_check(addr, len, &v);
	if (r < 0)
		return r;
	return send(s, &v, 1, len, peer);
}

int64_t
call_udp_sendv(uint64_t handle, uint64_t iov, uint64_t n, uint64_t peer)
{
	struct usock *s = lookup(handle);
	struct span v[DATAGRAM_IOV];
	uint32_t total;
	int r;

	if (!s)
		return -E_BAD_HANDLE;
	if (n > DATAGRAM_IOV)
		return -E_TOO_BIG;
	r = spans_read(iov, n, v, DATAGRAM_MAX, &total);
	if (r < 0)
		return r;
	return send(s, v, r, total, peer);
}

int64_t
call_udp_recv_done(uint64_t addr)
{
	struct rxbuf *b = rxbuf_at(addr);

	if (!b || b->state != RXBUF_UDP || b->shown != addr)
		return -E_INVAL;
	b->state = RXBUF_HIDDEN;
	pbuf_free(&b->pc.pbuf);
	return 0;
}
