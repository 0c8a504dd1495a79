/*
 * sockets.c: the calls of inc/socket.h marked [both], on the event layer of
 * this core. lib/sockets.c is their other implementation, for lab-6 mode.
 *
 * What a program sends is noted and goes out with the next round, which
 * poll() makes, a call that blocks, and one that would have to block: then
 * the stack is given a turn before -E_AGAIN is returned.
 */
#include "inc/socket.h"
#include "lib/ix/ev.h"
#include "inc/x86.h"

#define SOCKETS_MAX	1024

struct sock {
	uint8_t type;		/* SOCK_STREAM or SOCK_DGRAM */
	bool nonblock;
	bool told;		/* how the connection broke */
	bool shut_rd;
	uint16_t port;		/* bound to, host byte order */
	uint64_t peer;		/* of a datagram socket, IX_PEER, or 0 */
	struct ixev *conn;
	struct ixev_listener *listener;
	struct ixev_udp *udp;
};

static _Thread_local struct sock *socks[SOCKETS_MAX];
static _Thread_local uint32_t lowest;	/* none below is free */

static struct sock *
lookup(int fd)
{
	return (uint32_t)fd < SOCKETS_MAX ? socks[fd] : NULL;
}

static int
install(struct sock *s)
{
	while (lowest < SOCKETS_MAX && socks[lowest])
		lowest++;
	if (lowest == SOCKETS_MAX)
		return -E_MAX_OPEN;
	socks[lowest] = s;
	return lowest++;
}

static bool
may_block(const struct sock *s, int flags)
{
	return !s->nonblock && !(flags & MSG_DONTWAIT);
}

/* A call found nothing to do: false if it has to say so. */
static bool
wait_round(const struct sock *s, int flags, uint32_t *tries)
{
	if (!may_block(s, flags) && (*tries)++ > 0)
		return false;
	ixev_turn(may_block(s, flags) ? IX_FOREVER : 0);
	return true;
}

static void
put_address(uint64_t peer, struct sockaddr *addr, socklen_t *len)
{
	struct sockaddr_in in = {
		.sin_len = sizeof(in),
		.sin_family = AF_INET,
		.sin_port = htons(IX_PEER_PORT(peer)),
		.sin_addr = { htonl(IX_PEER_IP(peer)) },
	};

	if (!addr || !len)
		return;
	*len = MIN(*len, (socklen_t)sizeof(in));
	memcpy(addr, &in, *len);
}

static int
get_address(const struct sockaddr *addr, socklen_t len, uint64_t *peer)
{
	struct sockaddr_in in;

	if (!addr || len < sizeof(in))
		return -E_INVAL;
	memcpy(&in, addr, sizeof(in));
	if (in.sin_family != AF_INET)
		return -E_INVAL;
	*peer = IX_PEER(ntohl(in.sin_addr.s_addr), ntohs(in.sin_port));
	return 0;
}

/* How the connection broke is told once, then it is just not there. */
static ssize_t
broken(struct sock *s, ssize_t error)
{
	if (error == -E_AGAIN || error >= 0)
		return error;
	if (s->told)
		return -E_NOT_CONN;
	s->told = true;
	return error;
}

/* --- Opening ------------------------------------------------------------ */

int
socket(int domain, int type, int protocol)
{
	int kind = type & ~SOCK_NONBLOCK, fd;
	struct sock *s;

	if (domain != AF_INET ||
	    !((kind == SOCK_STREAM && (!protocol || protocol == IPPROTO_TCP)) ||
	      (kind == SOCK_DGRAM && (!protocol || protocol == IPPROTO_UDP))))
		return -E_INVAL;
	s = calloc(1, sizeof(*s));
	if (!s)
		return -E_NO_MEM;
	s->type = kind;
	s->nonblock = type & SOCK_NONBLOCK;
	fd = install(s);
	if (fd < 0)
		free(s);
	return fd;
}

int
bind(int fd, const struct sockaddr *addr, socklen_t len)
{
	struct sock *s = lookup(fd);
	uint64_t local;
	int r;

	if (!s)
		return -E_BAD_HANDLE;
	r = get_address(addr, len, &local);
	if (r < 0)
		return r;
	if (s->conn || s->listener || s->udp ||
	    (IX_PEER_IP(local) && IX_PEER_IP(local) != ix_info()->ip))
		return -E_INVAL;
	s->port = IX_PEER_PORT(local);
	if (s->type == SOCK_DGRAM)
		return ixev_udp_bind(s->port, NULL, NULL, &s->udp);
	return 0;
}

int
listen(int fd, int backlog)
{
	struct sock *s = lookup(fd);

	if (!s)
		return -E_BAD_HANDLE;
	if (s->type != SOCK_STREAM || s->conn || s->listener)
		return -E_INVAL;
	return ixev_listen(s->port, MAX(backlog, 1), NULL, NULL, &s->listener);
}

int
accept(int fd, struct sockaddr *addr, socklen_t *len)
{
	struct sock *s = lookup(fd), *n;
	uint32_t tries = 0;
	struct ixev *c;
	int nfd;

	if (!s)
		return -E_BAD_HANDLE;
	if (!s->listener)
		return -E_INVAL;
	while ((c = ixev_waiting(s->listener)) == NULL)
		if (!wait_round(s, 0, &tries))
			return -E_AGAIN;
	n = calloc(1, sizeof(*n));
	if (!n)
		return -E_NO_MEM;
	n->type = SOCK_STREAM;
	n->nonblock = s->nonblock;
	n->port = s->port;
	n->conn = c;
	nfd = install(n);
	if (nfd < 0) {
		free(n);
		return nfd;
	}
	put_address(ixev_peer(c), addr, len);
	ixev_accept(c);
	return nfd;
}

static int
udp_ready(struct sock *s)
{
	return s->udp ? 0 : ixev_udp_bind(s->port, NULL, NULL, &s->udp);
}

int
connect(int fd, const struct sockaddr *addr, socklen_t len)
{
	struct sock *s = lookup(fd);
	uint32_t tries = 0;
	uint64_t peer;
	int r;

	if (!s)
		return -E_BAD_HANDLE;
	r = get_address(addr, len, &peer);
	if (r < 0 || s->listener)
		return -E_INVAL;
	if (s->type == SOCK_DGRAM) {
		s->peer = peer;
		return udp_ready(s);
	}
	if (!s->conn)
		s->conn = ixev_dial(IX_PEER_IP(peer), IX_PEER_PORT(peer),
				    NULL, NULL);
	if (!s->conn)
		return -E_NO_MEM;
	while (s->conn->state == EV_DIALING)
		if (!wait_round(s, 0, &tries))
			return -E_AGAIN;
	if (s->conn->state == EV_OPEN)
		return 0;
	return broken(s, s->conn->error);
}

/* --- Data --------------------------------------------------------------- */

static ssize_t
tcp_recv(struct sock *s, void *buf, size_t len, int flags)
{
	uint32_t tries = 0;
	ssize_t n;

	if (!s->conn)
		return -E_NOT_CONN;
	if (s->shut_rd)
		return 0;
	while ((n = ixev_recv(s->conn, buf, len)) == -E_AGAIN)
		if (!wait_round(s, flags, &tries))
			break;
	return broken(s, n);
}

static ssize_t
udp_recv(struct sock *s, void *buf, size_t len, int flags,
	 struct sockaddr *addr, socklen_t *alen)
{
	uint32_t tries = 0;
	const void *p;
	uint64_t peer;
	ssize_t n = udp_ready(s);

	if (n < 0)
		return n;
	while ((n = ixev_udp_recv(s->udp, &p, &peer)) == -E_AGAIN)
		if (!wait_round(s, flags, &tries))
			return n;
	n = MIN((size_t)n, len);
	memcpy(buf, p, n);
	ixev_copied += n;
	ixev_udp_recv_done(p);
	put_address(peer, addr, alen);
	return n;
}

ssize_t
recvfrom(int fd, void *buf, size_t len, int flags, struct sockaddr *addr,
	 socklen_t *alen)
{
	struct sock *s = lookup(fd);

	if (!s)
		return -E_BAD_HANDLE;
	if (s->type == SOCK_DGRAM)
		return udp_recv(s, buf, len, flags, addr, alen);
	if (s->conn)
		put_address(ixev_peer(s->conn), addr, alen);
	return tcp_recv(s, buf, len, flags);
}

ssize_t
recv(int fd, void *buf, size_t len, int flags)
{
	return recvfrom(fd, buf, len, flags, NULL, NULL);
}

/* All of it where blocking is allowed, else what there is room for. */
static ssize_t
tcp_send(struct sock *s, const char *buf, size_t len, int flags)
{
	uint32_t tries = 0;
	size_t done = 0;
	ssize_t n = 0;

	if (!s->conn)
		return -E_NOT_CONN;
	if (s->conn->state == EV_DIALING)
		return -E_AGAIN;
	do {
		n = ixev_send(s->conn, buf + done, len - done);
		if (n > 0)
			done += n;
		else if (n != -E_AGAIN || !wait_round(s, flags, &tries))
			break;
	} while (done < len && (n == -E_AGAIN || may_block(s, flags)));
	return done > 0 || len == 0 ? (ssize_t)done : broken(s, n);
}

static ssize_t
udp_send(struct sock *s, const void *buf, size_t len, int flags,
	 uint64_t peer)
{
	uint32_t tries = 0;
	ssize_t n = udp_ready(s);

	if (n < 0)
		return n;
	if (!peer)
		return -E_NOT_CONN;
	while ((n = ixev_udp_send(s->udp, buf, len, peer)) == -E_AGAIN)
		if (!wait_round(s, flags, &tries))
			break;
	return n;
}

ssize_t
send(int fd, const void *buf, size_t len, int flags)
{
	struct sock *s = lookup(fd);

	if (!s)
		return -E_BAD_HANDLE;
	if (s->type == SOCK_DGRAM)
		return udp_send(s, buf, len, flags, s->peer);
	return tcp_send(s, buf, len, flags);
}

ssize_t
sendto(int fd, const void *buf, size_t len, int flags,
       const struct sockaddr *addr, socklen_t alen)
{
	struct sock *s = lookup(fd);
	uint64_t peer;
	int r;

	if (!addr)
		return send(fd, buf, len, flags);
	if (!s)
		return -E_BAD_HANDLE;
	r = get_address(addr, alen, &peer);
	if (r < 0)
		return r;
	if (s->type != SOCK_DGRAM)
		return -E_INVAL;
	return udp_send(s, buf, len, flags, peer);
}

/* --- Ends --------------------------------------------------------------- */

int
shutdown(int fd, int how)
{
	struct sock *s = lookup(fd);

	if (!s)
		return -E_BAD_HANDLE;
	if (how < SHUT_RD || how > SHUT_RDWR)
		return -E_INVAL;
	if (!s->conn)
		return -E_NOT_CONN;
	if (how != SHUT_WR)
		s->shut_rd = true;
	return how == SHUT_RD ? 0 : ixev_shutdown(s->conn);
}

int
close(int fd)
{
	struct sock *s = lookup(fd);

	if (!s)
		return -E_BAD_HANDLE;
	if (s->conn)
		ixev_close(s->conn);
	if (s->listener)
		ixev_unlisten(s->listener);
	if (s->udp)
		ixev_udp_close(s->udp);
	free(s);
	socks[fd] = NULL;
	lowest = MIN(lowest, (uint32_t)fd);
	return 0;
}

/* --- Poll --------------------------------------------------------------- */

static int16_t
conn_events(const struct sock *s, int16_t asked)
{
	const struct ixev *c = s->conn;
	int16_t got = 0;

	if (ixev_readable(c) || s->shut_rd)
		got |= POLLIN;
	if ((asked & POLLOUT) && ixev_writable(c))
		got |= POLLOUT;
	got &= asked;
	if (unlikely(c->state >= EV_DEAD)) {
		got |= POLLHUP;
		if (c->error && !s->told)
			got |= POLLERR;
	} else if (unlikely(c->eof && (c->want & EV_WANT_FIN))) {
		got |= POLLHUP;
	}
	return got;
}

static int16_t
sock_events(int fd, int16_t asked)
{
	const struct sock *s = lookup(fd);
	int16_t got;

	if (unlikely(!s))
		return POLLNVAL;
	if (likely(s->conn))
		return conn_events(s, asked);
	if (s->listener)
		return ixev_waiting(s->listener) ? asked & POLLIN : 0;
	got = asked & POLLOUT;
	if (s->udp && ixev_udp_readable(s->udp))
		got |= asked & POLLIN;
	return got;
}

static int
scan(struct pollfd *fds, uint32_t n)
{
	int count = 0;

	for (uint32_t i = 0; i < n; i++) {
		fds[i].revents = fds[i].fd < 0 ? 0 :
			sock_events(fds[i].fd, fds[i].events);
		count += fds[i].revents != 0;
	}
	return count;
}

/*
 * Always one round, so that a program which leaves something unread does not
 * keep the stack from running.
 */
int
poll(struct pollfd *fds, uint32_t n, int timeout_ms)
{
	uint64_t per_us = MAX(ix_info()->tsc_hz / 1000000, 1ul);
	uint64_t wait = IX_FOREVER, end = 0, now;

	if (n > POLL_MAX)
		return -E_INVAL;
	if (timeout_ms >= 0) {
		wait = timeout_ms * 1000ul;
		end = read_tsc() + wait * per_us;
	}
	for (;;) {
		int count = scan(fds, n);

		ixev_turn(count ? 0 : wait);
		count = scan(fds, n);
		if (count || wait == 0)
			return count;
		if (timeout_ms < 0)
			continue;
		now = read_tsc();
		wait = now < end ? (end - now) / per_us : 0;
	}
}
