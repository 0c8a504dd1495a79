/*
 * sockets.c: sockets (inc/socket.h) as file descriptors of kind 's'. The
 * descriptor's private word holds the server's number for the socket and,
 * above it, whether calls wait; the server does the rest.
 */
#include "inc/lib.h"
#include "inc/ns.h"
#include "inc/socket.h"

#define NONBLOCK	(1l << 32)	/* in the private word */

static ssize_t sock_read(struct fd *fd, void *buf, size_t n);
static ssize_t sock_write(struct fd *fd, const void *buf, size_t n);
static int sock_close(struct fd *fd);

const struct dev dev_socket = {
	.id = 's',
	.name = "socket",
	.read = sock_read,
	.write = sock_write,
	.close = sock_close,
};

static int
sock_lookup(int fdnum, struct fd **fd)
{
	int r = fd_lookup(fdnum, fd);

	if (r < 0)
		return r;
	return (*fd)->dev_id == dev_socket.id ? 0 : -E_NOT_SUPP;
}

static inline int32_t
sock_number(const struct fd *fd)
{
	return (int32_t)fd->priv;
}

static inline uint32_t
sock_flags(const struct fd *fd, int flags)
{
	return (fd->priv & NONBLOCK) || (flags & MSG_DONTWAIT) ?
		NS_NONBLOCK : 0;
}

/* Not yet reported; the server keeps the statistics. */
static struct nsreq_report unreported;

void
sock_answered(uint32_t n)
{
	unreported.answered += n;
}

static uint32_t
take_answered(void)
{
	uint32_t n = unreported.answered;

	unreported.answered = 0;
	return n;
}

/* Give a new socket of the server a descriptor, or close it again. */
static int
sock_install(int64_t number, bool nonblock)
{
	struct fd *fd;
	int fdnum;

	if (number < 0)
		return number;
	fdnum = fd_alloc(&dev_socket, FD_READ | FD_WRITE, &fd);
	if (fdnum < 0) {
		nsipcbuf.simple.s = number;
		nsipcbuf.simple.answered = 0;
		nsipc(NSREQ_CLOSE);
		return fdnum;
	}
	fd->priv = number | (nonblock ? NONBLOCK : 0);
	return fdnum;
}

int
socket(int domain, int type, int protocol)
{
	nsipcbuf.socket.domain = domain;
	nsipcbuf.socket.type = type & ~SOCK_NONBLOCK;
	nsipcbuf.socket.protocol = protocol;
	return sock_install(nsipc(NSREQ_SOCKET), type & SOCK_NONBLOCK);
}

/* A request that takes an address. */
static int
addr_request(uint32_t type, int fdnum, const struct sockaddr *addr,
	     socklen_t len)
{
	struct fd *fd;
	int r;

	if ((r = sock_lookup(fdnum, &fd)) < 0)
		return r;
	if (len < sizeof(struct sockaddr_in) || addr->sa_family != AF_INET)
		return -E_INVAL;
	nsipcbuf.addr.s = sock_number(fd);
	nsipcbuf.addr.flags = sock_flags(fd, 0);
	memcpy(&nsipcbuf.addr.addr, addr, sizeof(struct sockaddr_in));
	return nsipc(type);
}

/* Hand an address to the caller, cut to the room it has. */
static void
addr_result(const struct sockaddr_in *from, struct sockaddr *addr,
	    socklen_t *len)
{
	if (addr == NULL || len == NULL)
		return;
	*len = MIN(*len, (socklen_t)sizeof(*from));
	memcpy(addr, from, *len);
}

/* A request that returns an address. */
static int64_t
name_request(uint32_t type, int fdnum, struct sockaddr *addr, socklen_t *len,
	     struct fd **fd)
{
	int64_t r;

	if ((r = sock_lookup(fdnum, fd)) < 0)
		return r;
	nsipcbuf.addr.s = sock_number(*fd);
	nsipcbuf.addr.flags = sock_flags(*fd, 0);
	r = nsipc(type);
	if (r >= 0)
		addr_result(&nsipcbuf.addr.addr, addr, len);
	return r;
}

int
bind(int fdnum, const struct sockaddr *addr, socklen_t len)
{
	return addr_request(NSREQ_BIND, fdnum, addr, len);
}

int
connect(int fdnum, const struct sockaddr *addr, socklen_t len)
{
	return addr_request(NSREQ_CONNECT, fdnum, addr, len);
}

int
accept(int fdnum, struct sockaddr *addr, socklen_t *len)
{
	struct fd *fd;
	int64_t r = name_request(NSREQ_ACCEPT, fdnum, addr, len, &fd);

	return r < 0 ? r : sock_install(r, fd->priv & NONBLOCK);
}

int
getsockname(int fdnum, struct sockaddr *addr, socklen_t *len)
{
	struct fd *fd;

	return name_request(NSREQ_GETSOCKNAME, fdnum, addr, len, &fd);
}

int
getpeername(int fdnum, struct sockaddr *addr, socklen_t *len)
{
	struct fd *fd;

	return name_request(NSREQ_GETPEERNAME, fdnum, addr, len, &fd);
}

static int
simple_request(uint32_t type, int fdnum, int arg)
{
	struct fd *fd;
	int r;

	if ((r = sock_lookup(fdnum, &fd)) < 0)
		return r;
	nsipcbuf.simple.s = sock_number(fd);
	nsipcbuf.simple.arg = arg;
	nsipcbuf.simple.answered = take_answered();
	return nsipc(type);
}

int
listen(int fdnum, int backlog)
{
	return simple_request(NSREQ_LISTEN, fdnum, backlog);
}

int
shutdown(int fdnum, int how)
{
	return simple_request(NSREQ_SHUTDOWN, fdnum, how);
}

/* Another environment may hold the same descriptor: the last one closes. */
static int
sock_close(struct fd *fd)
{
	if (pageref(fd) > 1)
		return 0;
	nsipcbuf.simple.s = sock_number(fd);
	nsipcbuf.simple.answered = take_answered();
	return nsipc(NSREQ_CLOSE);
}

/* --- Data -------------------------------------------------------------- */

static void
report(struct nsreq_data *req)
{
	req->report = unreported;
	memset(&unreported, 0, sizeof(unreported));
}

static ssize_t
data_recv(const struct fd *fd, uint32_t type, void *buf, size_t len,
	  int flags)
{
	struct nsreq_data *req = &nsipcbuf.data;
	int64_t n;

	req->s = sock_number(fd);
	req->flags = sock_flags(fd, flags);
	req->len = MIN(len, NS_DATA_MAX);
	report(req);
	n = nsipc(type);
	if (n > 0) {
		n = MIN((size_t)n, len);
		trace(TRACE_APP_RECV, n, 0);
		memcpy(buf, req->data, n);
		unreported.bytes_out += n;
		unreported.copies_out++;
	}
	return n;
}

/* One request's worth. */
static ssize_t
data_send(const struct fd *fd, uint32_t type, const void *buf, size_t len,
	  uint32_t flags)
{
	struct nsreq_data *req = &nsipcbuf.data;

	trace(TRACE_APP_SEND, len, 0);
	req->s = sock_number(fd);
	req->flags = flags;
	req->len = len;
	memcpy(req->data, buf, len);
	unreported.bytes_in += len;
	unreported.copies_in++;
	report(req);
	return nsipc(type);
}

ssize_t
recv(int fdnum, void *buf, size_t len, int flags)
{
	struct fd *fd;
	int r;

	if ((r = sock_lookup(fdnum, &fd)) < 0)
		return r;
	return data_recv(fd, NSREQ_RECV, buf, len, flags);
}

ssize_t
recvfrom(int fdnum, void *buf, size_t len, int flags, struct sockaddr *addr,
	 socklen_t *alen)
{
	struct fd *fd;
	ssize_t n;

	if ((n = sock_lookup(fdnum, &fd)) < 0)
		return n;
	n = data_recv(fd, NSREQ_RECVFROM, buf, len, flags);
	if (n >= 0)
		addr_result(&nsipcbuf.data.addr, addr, alen);
	return n;
}

/* As much as the server takes: all of it, unless it is not to wait. */
static ssize_t
send_all(const struct fd *fd, const char *buf, size_t len, uint32_t flags)
{
	size_t done = 0;
	size_t n;
	ssize_t r;

	do {
		n = MIN(len - done, NS_DATA_MAX);
		r = data_send(fd, NSREQ_SEND, buf + done, n,
			      flags | (done + n < len ? NS_MORE : 0));
		if (r < 0)
			return done > 0 ? (ssize_t)done : r;
		done += r;
	} while (done < len && (size_t)r == n);
	return done;
}

ssize_t
send(int fdnum, const void *buf, size_t len, int flags)
{
	struct fd *fd;
	int r;

	if ((r = sock_lookup(fdnum, &fd)) < 0)
		return r;
	return send_all(fd, buf, len, sock_flags(fd, flags));
}

ssize_t
sendto(int fdnum, const void *buf, size_t len, int flags,
       const struct sockaddr *addr, socklen_t alen)
{
	struct fd *fd;
	int r;

	if (addr == NULL)
		return send(fdnum, buf, len, flags);
	if ((r = sock_lookup(fdnum, &fd)) < 0)
		return r;
	if (alen < sizeof(struct sockaddr_in) || addr->sa_family != AF_INET)
		return -E_INVAL;
	if (len > NS_DATA_MAX)
		return -E_TOO_BIG;
	memcpy(&nsipcbuf.data.addr, addr, sizeof(struct sockaddr_in));
	return data_send(fd, NSREQ_SENDTO, buf, len, sock_flags(fd, flags));
}

static ssize_t
sock_read(struct fd *fd, void *buf, size_t n)
{
	return data_recv(fd, NSREQ_RECV, buf, n, 0);
}

static ssize_t
sock_write(struct fd *fd, const void *buf, size_t n)
{
	return send_all(fd, buf, n, sock_flags(fd, 0));
}

/* --- Poll -------------------------------------------------------------- */

int
poll(struct pollfd *fds, uint32_t n, int timeout_ms)
{
	struct nsreq_poll *req = &nsipcbuf.poll;
	struct fd *fd;
	uint32_t i;
	int r;

	if (n > POLL_MAX)
		return -E_INVAL;
	req->n = n;
	req->timeout_ms = timeout_ms;
	req->answered = take_answered();
	for (i = 0; i < n; i++) {
		req->fds[i] = fds[i];
		if (fds[i].fd < 0)
			continue;
		if ((r = sock_lookup(fds[i].fd, &fd)) < 0)
			return r;
		req->fds[i].fd = sock_number(fd);
	}
	r = nsipc(NSREQ_POLL);
	if (r < 0)
		return r;
	for (i = 0; i < n; i++)
		fds[i].revents = req->fds[i].revents;
	return r;
}

/* --- Addresses as text ------------------------------------------------- */

uint32_t
inet_addr(const char *text)
{
	uint32_t addr = 0;
	char *end;
	long part;
	int i;

	for (i = 0; i < 4; i++) {
		if (*text < '0' || *text > '9')
			return INADDR_NONE;
		part = strtol(text, &end, 10);
		if (part > 255 || *end != (i < 3 ? '.' : '\0'))
			return INADDR_NONE;
		addr = addr << 8 | part;
		text = end + 1;
	}
	return htonl(addr);
}

const char *
inet_ntoa(struct in_addr addr)
{
	static char text[16];
	uint32_t a = ntohl(addr.s_addr);

	snprintf(text, sizeof(text), "%u.%u.%u.%u", a >> 24, a >> 16 & 255,
		 a >> 8 & 255, a & 255);
	return text;
}
