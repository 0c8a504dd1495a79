/*
 * sockapi.c: inc/socket.h for dataplane applications.
 */
#include "inc/x86.h"
#include "lib/ix/sock.h"

static uint64_t
peer_of(const struct sockaddr *addr)
{
	const struct sockaddr_in *in = (const void *)addr;

	return IX_PEER(ntohl(in->sin_addr.s_addr), ntohs(in->sin_port));
}

static void
fill_addr(struct sockaddr *addr, socklen_t *len, uint64_t peer)
{
	struct sockaddr_in in = {
		.sin_len = sizeof(in),
		.sin_family = AF_INET,
		.sin_port = htons(IX_PEER_PORT(peer)),
		.sin_addr = { htonl(IX_PEER_IP(peer)) },
	};

	if (!addr)
		return;
	memcpy(addr, &in, MIN((size_t)*len, sizeof(in)));
	*len = sizeof(in);
}

int
socket(int domain, int type, int protocol)
{
	bool stream = (type & ~SOCK_NONBLOCK) == SOCK_STREAM;
	struct sock *s;
	int error;

	if (domain != AF_INET ||
	    (!stream && (type & ~SOCK_NONBLOCK) != SOCK_DGRAM) ||
	    protocol == IPPROTO_ICMP)
		return -E_INVAL;
	s = sock_new(stream ? SK_TCP : SK_UDP, &error);
	if (!s)
		return error;
	s->nonblock = type & SOCK_NONBLOCK;
	return s->fd;
}

static int64_t
udp_open(struct sock *s, uint16_t port)
{
	int64_t h = sock_call(IX_UDP_BIND, port, (uint64_t)s, 0);

	if (h < 0)
		return h;
	s->handle = h;
	s->port = port;
	return 0;
}

int
bind(int fd, const struct sockaddr *addr, socklen_t len)
{
	struct sock *s = sock_of(fd);

	if (!s || !addr || len < sizeof(struct sockaddr_in))
		return -E_INVAL;
	if (s->kind == SK_UDP && !s->handle)
		return udp_open(s, IX_PEER_PORT(peer_of(addr)));
	if (s->kind != SK_TCP)
		return -E_INVAL;
	s->port = IX_PEER_PORT(peer_of(addr));
	return 0;
}

int
listen(int fd, int backlog)
{
	struct sock *s = sock_of(fd);
	int64_t h;

	if (!s || s->kind != SK_TCP || s->port == 0)
		return -E_INVAL;
	h = sock_call(IX_LISTEN, s->port, backlog, (uint64_t)s);
	if (h < 0)
		return h;
	s->handle = h;
	s->kind = SK_LISTEN;
	return 0;
}

int
accept(int fd, struct sockaddr *addr, socklen_t *len)
{
	struct sock *l = sock_of(fd), *s;
	struct piece p;
	int error;

	if (!l || l->kind != SK_LISTEN)
		return -E_INVAL;
	while (l->in_first == l->in_count) {
		if (l->nonblock)
			return -E_AGAIN;
		sock_enter(IX_FOREVER);
	}
	s = sock_new(SK_CONN, &error);
	if (!s)
		return error;
	p = sock_pop(l);
	sock_queue(IX_ACCEPT, p.addr, (uint64_t)s);
	s->handle = p.addr;
	s->peer = p.peer;
	s->port = l->port;
	s->nonblock = l->nonblock;
	s->connected = true;
	fill_addr(addr, len, p.peer);
	return s->fd;
}

/* What became of the connection, once. */
static int
take_error(struct sock *s)
{
	int error = s->error;

	s->error = 0;
	return error ? -error : -E_NOT_CONN;
}

int
connect(int fd, const struct sockaddr *addr, socklen_t len)
{
	struct sock *s = sock_of(fd);
	int64_t h;

	if (!s || !addr || len < sizeof(struct sockaddr_in))
		return -E_INVAL;
	if (s->kind == SK_UDP) {
		s->peer = peer_of(addr);
		return 0;
	}
	if (s->kind == SK_TCP) {
		s->kind = SK_CONN;
		s->connecting = true;
		s->peer = peer_of(addr);
		h = sock_call(IX_CONNECT, IX_PEER_IP(s->peer),
			      IX_PEER_PORT(s->peer), (uint64_t)s);
		if (h < 0) {
			s->kind = SK_TCP;
			s->connecting = false;
			return h;
		}
		s->handle = h;
	}
	if (s->kind != SK_CONN)
		return -E_INVAL;
	while (s->connecting) {
		if (s->nonblock)
			return -E_AGAIN;
		sock_enter(IX_FOREVER);
	}
	return s->connected && !s->dead ? 0 : take_error(s);
}

/* --- Data -------------------------------------------------------------- */

static bool
blocking(const struct sock *s, int flags)
{
	return !s->nonblock && !(flags & MSG_DONTWAIT);
}

static ssize_t
recv_datagram(struct sock *s, void *buf, size_t len, int flags,
	      struct sockaddr *addr, socklen_t *alen)
{
	struct piece p;

	if (!s->handle && udp_open(s, 0) < 0)
		return -E_NO_MEM;
	while (s->in_first == s->in_count) {
		if (!blocking(s, flags))
			return -E_AGAIN;
		sock_enter(IX_FOREVER);
	}
	p = sock_pop(s);
	len = MIN(len, (size_t)p.len);
	memcpy(buf, (const void *)p.addr, len);
	ix_copied_recv(len);
	sock_queue(IX_UDP_RECV_DONE, p.addr, 0);
	fill_addr(addr, alen, p.peer);
	return len;
}

static ssize_t
recv_stream(struct sock *s, char *buf, size_t len, int flags)
{
	size_t done = 0;

	while (s->in_first == s->in_count) {
		if (s->error)
			return take_error(s);
		if (s->eof)
			return 0;
		if (!s->connected)
			return -E_NOT_CONN;
		if (!blocking(s, flags))
			return -E_AGAIN;
		sock_enter(IX_FOREVER);
	}
	while (done < len && s->in_first < s->in_count) {
		struct piece *p = &s->in[s->in_first];
		size_t n = MIN(len - done, (size_t)(p->len - s->in_off));

		memcpy(buf + done, (const char *)p->addr + s->in_off, n);
		done += n;
		s->in_off += n;
		if (s->in_off == p->len) {
			s->in_first++;
			s->in_off = 0;
		}
	}
	ix_copied_recv(done);
	s->credit += done;
	sock_todo(s);
	return done;
}

ssize_t
recvfrom(int fd, void *buf, size_t len, int flags, struct sockaddr *addr,
	 socklen_t *alen)
{
	struct sock *s = sock_of(fd);

	if (!s)
		return -E_INVAL;
	if (s->kind == SK_UDP)
		return recv_datagram(s, buf, len, flags, addr, alen);
	if (s->kind != SK_CONN)
		return -E_NOT_CONN;
	fill_addr(addr, alen, s->peer);
	return recv_stream(s, buf, len, flags);
}

ssize_t
recv(int fd, void *buf, size_t len, int flags)
{
	return recvfrom(fd, buf, len, flags, NULL, NULL);
}

/* As much as the ring takes now. */
static size_t
fill_ring(struct sock *s, const char *buf, size_t len)
{
	uint32_t room = SOCK_OUT - (s->out_end - s->out_acked);
	uint32_t n = MIN(len, (size_t)room);
	uint32_t at = s->out_end % SOCK_OUT;
	uint32_t first = MIN(n, SOCK_OUT - at);

	memcpy(s->out + at, buf, first);
	memcpy(s->out, buf + first, n - first);
	s->out_end += n;
	if (n) {
		ix_copied_send(n);
		sock_todo(s);
	}
	return n;
}

static ssize_t
send_stream(struct sock *s, const char *buf, size_t len, int flags)
{
	size_t done = 0;

	if (s->error)
		return take_error(s);
	if (!s->connected || s->dead || s->shut)
		return -E_NOT_CONN;
	if (!s->out)
		s->out = malloc(SOCK_OUT);
	if (!s->out)
		return -E_NO_MEM;
	for (;;) {
		done += fill_ring(s, buf + done, len - done);
		if (done == len)
			return done;
		if (!blocking(s, flags))
			return done ? (ssize_t)done : -E_AGAIN;
		sock_enter(IX_FOREVER);
		if (s->dead)
			return take_error(s);
	}
}

ssize_t
sendto(int fd, const void *buf, size_t len, int flags,
       const struct sockaddr *addr, socklen_t alen)
{
	struct sock *s = sock_of(fd);
	uint64_t peer;

	if (!s)
		return -E_INVAL;
	if (s->kind == SK_CONN)
		return send_stream(s, buf, len, flags);
	if (s->kind != SK_UDP)
		return -E_NOT_CONN;
	peer = addr && alen >= sizeof(struct sockaddr_in) ? peer_of(addr) :
							    s->peer;
	if (!peer)
		return -E_NOT_CONN;
	if (!s->handle && udp_open(s, 0) < 0)
		return -E_NO_MEM;
	return sock_send_datagram(s, buf, len, peer);
}

ssize_t
send(int fd, const void *buf, size_t len, int flags)
{
	return sendto(fd, buf, len, flags, NULL, 0);
}

void
sock_answered(uint32_t n)
{
	ix_answered(n);
}

/* --- Ends -------------------------------------------------------------- */

int
shutdown(int fd, int how)
{
	struct sock *s = sock_of(fd);

	if (!s || how < SHUT_RD || how > SHUT_RDWR)
		return -E_INVAL;
	if (s->kind != SK_CONN || !s->connected || s->dead)
		return -E_NOT_CONN;
	if (how != SHUT_WR)
		s->eof = true;
	if (how != SHUT_RD)
		s->shut = true;
	sock_todo(s);
	return 0;
}

int
close(int fd)
{
	struct sock *s = sock_of(fd);

	if (!s)
		return -E_INVAL;
	sock_drop(s);
	return 0;
}

/* --- Readiness --------------------------------------------------------- */

static int16_t
readiness(const struct sock *s)
{
	int16_t r;

	if (!s)
		return POLLNVAL;
	r = s->in_first < s->in_count || s->eof ? POLLIN : 0;
	if (s->kind != SK_CONN)
		return s->kind == SK_UDP ? r | POLLOUT : r;
	if (s->error)
		r |= POLLERR | POLLIN | POLLOUT;
	if (s->dead)
		r |= POLLHUP;
	if (s->connected && s->out_end - s->out_acked < SOCK_OUT)
		r |= POLLOUT;
	return r;
}

static int
look(struct pollfd *fds, uint32_t n)
{
	int ready = 0;

	for (uint32_t i = 0; i < n; i++) {
		int16_t r = 0;

		if (fds[i].fd >= 0)
			r = readiness(sock_of(fds[i].fd)) &
				(fds[i].events | POLLERR | POLLHUP | POLLNVAL);
		fds[i].revents = r;
		ready += r != 0;
	}
	return ready;
}

int
poll(struct pollfd *fds, uint32_t n, int timeout_ms)
{
	uint64_t until = 0, tick = ix_info()->tsc_hz / 1000000;
	int ready;

	if (n > POLL_MAX)
		return -E_INVAL;
	if (timeout_ms > 0)
		until = read_tsc() + timeout_ms * 1000ul * tick;
	/* What waits goes out in any case; then there may be more to see. */
	ready = look(fds, n);
	sock_enter(ready ? 0 : timeout_ms < 0 ? IX_FOREVER :
		   timeout_ms * 1000ul);
	for (;;) {
		uint64_t now;

		ready = look(fds, n);
		if (ready || timeout_ms == 0)
			return ready;
		now = read_tsc();
		if (timeout_ms > 0 && now >= until)
			return 0;
		sock_enter(timeout_ms < 0 ? IX_FOREVER : (until - now) / tick);
	}
}

/* --- Addresses --------------------------------------------------------- */

int
getsockname(int fd, struct sockaddr *addr, socklen_t *len)
{
	struct sock *s = sock_of(fd);

	if (!s)
		return -E_INVAL;
	fill_addr(addr, len, IX_PEER(ix_info()->ip, s->port));
	return 0;
}

int
getpeername(int fd, struct sockaddr *addr, socklen_t *len)
{
	struct sock *s = sock_of(fd);

	if (!s)
		return -E_INVAL;
	if (!s->peer)
		return -E_NOT_CONN;
	fill_addr(addr, len, s->peer);
	return 0;
}

uint32_t
inet_addr(const char *text)
{
	uint8_t part[4];

	for (int i = 0; i < 4; i++) {
		char *end;
		long v = strtol(text, &end, 10);

		if (end == text || v < 0 || v > 255 ||
		    *end != (i < 3 ? '.' : '\0'))
			return INADDR_NONE;
		part[i] = v;
		text = end + 1;
	}
	return *(uint32_t *)part;
}

const char *
inet_ntoa(struct in_addr addr)
{
	static _Thread_local char text[16];
	const uint8_t *p = (const uint8_t *)&addr;

	snprintf(text, sizeof(text), "%u.%u.%u.%u", p[0], p[1], p[2], p[3]);
	return text;
}
