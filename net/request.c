/*
 * request.c: the requests of applications, each served in a thread. The
 * request page is shared with a client that may write it at any time, so each
 * control field is read once, into the thread's own stack, and checked there.
 */
#include "net/ns.h"

#include "lib/lwip/tcp_buckets.h"
#include "lwip/memp.h"
#include "lwip/stats.h"
#include "lwip/udp.h"

/* Read a control block of the shared page, once. */
#define FETCH(copy, shared) \
	do { \
		memcpy(&(copy), (const void *)&(shared), sizeof(copy)); \
		barrier(); \
	} while (0)

static void
set_addr(struct sockaddr_in *addr, uint32_t ip, uint16_t port)
{
	memset(addr, 0, sizeof(*addr));
	addr->sin_len = sizeof(*addr);
	addr->sin_family = AF_INET;
	addr->sin_port = htons(port);
	addr->sin_addr.s_addr = ip;
}

static int64_t
serve_socket(struct request *req)
{
	struct nsreq_socket c;
	struct sock *s;
	uint32_t kind;
	int r;

	FETCH(c, req->page->socket);
	if (c.domain != AF_INET)
		return -E_INVAL;
	if (c.type == SOCK_STREAM &&
	    (c.protocol == 0 || c.protocol == IPPROTO_TCP))
		kind = SOCK_TCP;
	else if (c.type == SOCK_DGRAM &&
		 (c.protocol == 0 || c.protocol == IPPROTO_UDP))
		kind = SOCK_UDP;
	else if (c.type == SOCK_DGRAM && c.protocol == IPPROTO_ICMP)
		kind = SOCK_ICMP;
	else
		return -E_INVAL;
	s = sock_alloc(kind, req->from);
	if (s == NULL)
		return -E_MAX_OPEN;
	r = kind == SOCK_TCP ? tcp_sock_open(s) : dgram_sock_open(s);
	if (r < 0) {
		sock_free(s);
		return r;
	}
	return s->id;
}

static int64_t
serve_bind(struct request *req, struct sock *s, struct nsreq_addr *c)
{
	uint32_t ip = c->addr.sin_addr.s_addr;
	uint16_t port = ntohs(c->addr.sin_port);

	if (s->kind == SOCK_TCP)
		return tcp_sock_bind(s, ip, port);
	return dgram_sock_bind(s, ip, port);
}

static int64_t
serve_connect(struct request *req, struct sock *s, struct nsreq_addr *c)
{
	uint32_t ip = c->addr.sin_addr.s_addr;
	uint16_t port = ntohs(c->addr.sin_port);

	if (ip == 0 || port == 0)
		return -E_INVAL;
	if (s->kind == SOCK_TCP)
		return tcp_sock_connect(s, ip, port, c->flags & NS_NONBLOCK);
	return dgram_sock_connect(s, ip, port);
}

static int64_t
serve_accept(struct request *req, struct sock *s, struct nsreq_addr *c)
{
	struct sock *conn;
	int r;

	if (s->kind != SOCK_TCP)
		return -E_NOT_SUPP;
	r = tcp_sock_accept(s, c->flags & NS_NONBLOCK, &conn);
	if (r < 0)
		return r;
	/* Its own, even if the listener came from a parent. */
	sock_set_owner(conn, req->from);
	conn->last_user = req->from;
	if (conn->tcp != NULL)
		set_addr(&req->page->addr.addr,
			 ip4_addr_get_u32(ip_2_ip4(&conn->tcp->remote_ip)),
			 conn->tcp->remote_port);
	else
		set_addr(&req->page->addr.addr, 0, 0);
	return conn->id;
}

static int64_t
serve_name(struct request *req, struct sock *s, struct nsreq_addr *c)
{
	bool peer = req->type == NSREQ_GETPEERNAME;
	struct sockaddr_in *out = &req->page->addr.addr;

	if (s->kind == SOCK_TCP) {
		if (s->tcp == NULL || (peer && s->state != ST_CONNECTED))
			return -E_NOT_CONN;
		if (peer)
			set_addr(out, ip4_addr_get_u32(
				 ip_2_ip4(&s->tcp->remote_ip)),
				 s->tcp->remote_port);
		else
			set_addr(out, ip4_addr_get_u32(
				 ip_2_ip4(&s->tcp->local_ip)),
				 s->tcp->local_port);
		return 0;
	}
	if (peer && s->state != ST_CONNECTED)
		return -E_NOT_CONN;
	if (peer)
		set_addr(out, s->peer_addr, s->peer_port);
	else
		set_addr(out, 0, s->kind == SOCK_UDP ? s->udp->local_port : 0);
	return 0;
}

static int64_t
serve_addr(struct request *req)
{
	struct nsreq_addr c;
	struct sock *s;

	FETCH(c, req->page->addr);
	s = sock_find(c.s, req->from);
	if (s == NULL)
		return -E_BAD_HANDLE;
	switch (req->type) {
	case NSREQ_ACCEPT:
		return serve_accept(req, s, &c);
	case NSREQ_BIND:
		return serve_bind(req, s, &c);
	case NSREQ_CONNECT:
		return serve_connect(req, s, &c);
	default:
		return serve_name(req, s, &c);
	}
}

static int64_t
serve_simple(struct request *req)
{
	struct nsreq_simple c;
	struct sock *s;

	FETCH(c, req->page->simple);
	ns_stats.count.requests += c.answered;
	s = sock_find(c.s, req->from);
	if (s == NULL)
		return -E_BAD_HANDLE;
	switch (req->type) {
	case NSREQ_CLOSE:
		sock_close(s);
		return 0;
	case NSREQ_LISTEN:
		return s->kind == SOCK_TCP ? tcp_sock_listen(s, c.arg) :
			-E_NOT_SUPP;
	default:
		if (c.arg < SHUT_RD || c.arg > SHUT_RDWR)
			return -E_INVAL;
		return s->kind == SOCK_TCP ? tcp_sock_shutdown(s, c.arg) :
			-E_NOT_SUPP;
	}
}

/* What the client says of itself, for the statistics. */
static void
count_report(const struct nsreq_report *report)
{
	struct counters *c = &ns_stats.count;

	c->copy_req_to_app += READ_ONCE(report->bytes_out);
	c->copies_req_to_app += READ_ONCE(report->copies_out);
	c->copy_app_to_req += READ_ONCE(report->bytes_in);
	c->copies_app_to_req += READ_ONCE(report->copies_in);
	c->requests += READ_ONCE(report->answered);
}

static int64_t
serve_recv(struct request *req)
{
	struct nsreq_data *page = &req->page->data;
	int32_t id = READ_ONCE(page->s);
	uint32_t flags = READ_ONCE(page->flags);
	uint32_t len = READ_ONCE(page->len);
	struct sock *s = sock_find(id, req->from);
	struct sockaddr_in from;
	int64_t n;

	count_report(&page->report);
	if (s == NULL)
		return -E_BAD_HANDLE;
	if (len > NS_DATA_MAX)
		return -E_INVAL;
	if (s->kind == SOCK_TCP)
		return tcp_sock_recv(s, page->data, len, flags & NS_NONBLOCK);
	n = dgram_sock_recv(s, page->data, len, flags & NS_NONBLOCK, &from);
	if (n >= 0)
		page->addr = from;
	return n;
}

static int64_t
serve_send(struct request *req)
{
	struct nsreq_data *page = &req->page->data;
	int32_t id = READ_ONCE(page->s);
	uint32_t flags = READ_ONCE(page->flags);
	uint32_t len = READ_ONCE(page->len);
	struct sock *s = sock_find(id, req->from);
	struct sockaddr_in to;

	count_report(&page->report);
	if (s == NULL)
		return -E_BAD_HANDLE;
	if (len > NS_DATA_MAX)
		return -E_INVAL;
	if (s->kind == SOCK_TCP)
		return tcp_sock_send(s, page->data, len, flags);
	if (req->type == NSREQ_SEND)
		return dgram_sock_send(s, page->data, len, s->peer_addr,
				       s->peer_port);
	FETCH(to, page->addr);
	return dgram_sock_send(s, page->data, len, to.sin_addr.s_addr,
			       ntohs(to.sin_port));
}

/* Fill in what the sockets have; how many have something. */
static int
poll_scan(struct pollfd *fds, uint32_t n, envid_t client)
{
	struct sock *s;
	int found = 0;
	uint32_t i;

	for (i = 0; i < n; i++) {
		fds[i].revents = 0;
		if (fds[i].fd < 0)
			continue;
		s = sock_find(fds[i].fd, client);
		fds[i].revents = s == NULL ? POLLNVAL :
			sock_poll(s, fds[i].events);
		if (fds[i].revents != 0)
			found++;
	}
	return found;
}

static int64_t
serve_poll(struct request *req)
{
	struct nsreq_poll *page = &req->page->poll;
	uint32_t n = READ_ONCE(page->n);
	int32_t timeout = READ_ONCE(page->timeout_ms);
	uint64_t deadline = timeout > 0 ? now_ms() + timeout : 0;
	struct pollfd fds[POLL_MAX];
	int found;
	int r = 0;

	ns_stats.count.requests += READ_ONCE(page->answered);
	if (n > POLL_MAX)
		return -E_INVAL;
	memcpy(fds, (const void *)page->fds, n * sizeof(fds[0]));
	barrier();
	for (;;) {
		found = poll_scan(fds, n, req->from);
		if (found > 0 || timeout == 0 || r == -E_TIMEOUT)
			break;
		r = thread_wait(&poll_queue, deadline);
		if (r < 0 && r != -E_TIMEOUT)
			return r;
	}
	memcpy(page->fds, fds, n * sizeof(fds[0]));
	return found;
}

static uint32_t
used(memp_t pool)
{
	return lwip_stats.memp[pool]->used;
}

static int64_t
serve_stats(struct request *req)
{
	struct ns_stats *st = &req->page->stats;

	*st = ns_stats;
	st->syns_refused = tcp_buckets_refused;
	st->sockets = sock_count();
	st->threads = thread_count();
	st->stacks = thread_stacks();
	st->tcp_pcbs = used(MEMP_TCP_PCB);
	st->tcp_listeners = used(MEMP_TCP_PCB_LISTEN);
	st->udp_pcbs = used(MEMP_UDP_PCB);
	st->rx_pbufs = used(MEMP_PBUF_POOL);
	st->tcp_segs = used(MEMP_TCP_SEG);
	st->heap = used(MEMP_POOL_104) + used(MEMP_POOL_208) +
		used(MEMP_POOL_640) + used(MEMP_POOL_1600);
	return 0;
}

static int64_t (*const handlers[NSREQ_MAX])(struct request *) = {
	[NSREQ_ACCEPT] = serve_addr,
	[NSREQ_BIND] = serve_addr,
	[NSREQ_SHUTDOWN] = serve_simple,
	[NSREQ_CLOSE] = serve_simple,
	[NSREQ_CONNECT] = serve_addr,
	[NSREQ_LISTEN] = serve_simple,
	[NSREQ_RECV] = serve_recv,
	[NSREQ_SEND] = serve_send,
	[NSREQ_SOCKET] = serve_socket,
	[NSREQ_RECVFROM] = serve_recv,
	[NSREQ_SENDTO] = serve_send,
	[NSREQ_POLL] = serve_poll,
	[NSREQ_GETSOCKNAME] = serve_addr,
	[NSREQ_GETPEERNAME] = serve_addr,
	[NSREQ_STATS] = serve_stats,
};

bool
request_known(uint64_t type)
{
	return type < NSREQ_MAX && handlers[type] != NULL;
}

int64_t
request_serve(struct request *req)
{
	return handlers[req->type](req);
}
