/*
 * echosrv.c: the echo server (RFC 862): TCP and UDP, many connections at once,
 * by poll and non-blocking sockets. One source for both modes: in IX mode it
 * runs on every core of the dataplane, each with connections of its own.
 *
 *	echosrv [-p PORT] [-b] [-d N]
 *
 * -b: blocking calls, TCP only, one connection at a time: the shape that costs
 * fewest messages in lab-6 mode (two requests for each message).
 * -d: compute for N thousand instructions before each answer: a slow service.
 */
#include "inc/args.h"
#include "inc/assert.h"
#include "inc/error.h"
#include "inc/socket.h"
#include "inc/stdio.h"
#include "inc/string.h"

void *malloc(size_t n);
void free(void *p);

#define BUFSIZE		8192
#define BACKLOG		255

/* A connection, and what it has sent but not yet been given back. */
struct conn {
	uint32_t off, len;
	char buf[BUFSIZE];
};

/* fds[0] listens, fds[1] is UDP, the others are connections. */
#define FIRST	2
static _Thread_local struct pollfd fds[POLL_MAX];
static _Thread_local struct conn *conns[POLL_MAX];
static _Thread_local uint32_t nfds;

static uint64_t work;		/* instructions before each answer */

static void
compute(void)
{
	/* Two instructions a round. */
	for (uint64_t n = work / 2; n > 0; n--)
		__asm__ volatile("");
}

static int
open_socket(int type, uint16_t port)
{
	struct sockaddr_in addr = {
		.sin_len = sizeof(addr),
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr = { INADDR_ANY },
	};
	int fd = socket(AF_INET, type, 0);
	int r;

	if (fd < 0)
		panic("echosrv: socket: %e", fd);
	r = bind(fd, (struct sockaddr *)&addr, sizeof(addr));
	if (r < 0)
		panic("echosrv: bind to port %u: %e", port, r);
	if ((type & ~SOCK_NONBLOCK) == SOCK_STREAM &&
	    (r = listen(fd, BACKLOG)) < 0)
		panic("echosrv: listen: %e", r);
	return fd;
}

/* --- Many at once ------------------------------------------------------ */

static void
conn_close(uint32_t i)
{
	close(fds[i].fd);
	free(conns[i]);
	nfds--;
	fds[i] = fds[nfds];
	conns[i] = conns[nfds];
}

static void
accept_one(void)
{
	struct conn *c;
	int fd = accept(fds[0].fd, NULL, NULL);

	if (fd < 0)
		return;
	c = malloc(sizeof(*c));
	if (c == NULL) {
		close(fd);
		return;
	}
	c->off = c->len = 0;
	conns[nfds] = c;
	fds[nfds].fd = fd;
	fds[nfds].events = POLLIN;
	nfds++;
}

/* Send what is kept; what does not go now waits for room. False: it broke. */
static bool
conn_flush(uint32_t i)
{
	struct conn *c = conns[i];
	ssize_t n = send(fds[i].fd, c->buf + c->off, c->len - c->off, 0);

	if (n < 0 && n != -E_AGAIN)
		return false;
	if (n > 0)
		c->off += n;
	if (c->off == c->len) {
		c->off = c->len = 0;
		sock_answered(1);
	}
	fds[i].events = c->len > 0 ? POLLOUT : POLLIN;
	return true;
}

/* False when the connection is over. */
static bool
conn_serve(uint32_t i)
{
	struct conn *c = conns[i];
	ssize_t n;

	if (c->len > 0)
		return conn_flush(i);
	n = recv(fds[i].fd, c->buf, sizeof(c->buf), 0);
	if (n == -E_AGAIN)
		return true;
	if (n <= 0)
		return false;
	compute();
	c->len = n;
	return conn_flush(i);
}

static void
udp_serve(void)
{
	static _Thread_local char buf[2048];
	struct sockaddr_in peer;
	socklen_t len = sizeof(peer);
	ssize_t n = recvfrom(fds[1].fd, buf, sizeof(buf), 0,
			     (struct sockaddr *)&peer, &len);

	if (n >= 0 && sendto(fds[1].fd, buf, n, 0, (struct sockaddr *)&peer,
			     len) >= 0)
		sock_answered(1);
}

static void
serve_many(uint16_t port)
{
	uint32_t i;
	int r;

	fds[0].fd = open_socket(SOCK_STREAM | SOCK_NONBLOCK, port);
	fds[1].fd = open_socket(SOCK_DGRAM | SOCK_NONBLOCK, port);
	fds[1].events = POLLIN;
	nfds = FIRST;
	cprintf("echosrv: port %u\n", port);
	for (;;) {
		/* Full: the others wait in the listener's queue. */
		fds[0].events = nfds < POLL_MAX ? POLLIN : 0;
		r = poll(fds, nfds, -1);
		if (r < 0)
			panic("echosrv: poll: %e", r);
		/* Downwards: who closes is replaced by one already seen. */
		for (i = nfds; i-- > FIRST; ) {
			if (fds[i].revents != 0 && !conn_serve(i))
				conn_close(i);
		}
		if (fds[1].revents != 0)
			udp_serve();
		if (fds[0].revents != 0)
			accept_one();
	}
}

/* --- Blocking ---------------------------------------------------------- */

static void
serve_one_by_one(uint16_t port)
{
	static _Thread_local char buf[BUFSIZE];
	int listener = open_socket(SOCK_STREAM, port);
	ssize_t n;
	int fd;

	cprintf("echosrv: port %u, blocking, one connection at a time\n",
		port);
	for (;;) {
		fd = accept(listener, NULL, NULL);
		if (fd < 0)
			panic("echosrv: accept: %e", fd);
		while ((n = recv(fd, buf, sizeof(buf), 0)) > 0) {
			compute();
			if (send(fd, buf, n, 0) < n)
				break;
			sock_answered(1);
		}
		close(fd);
	}
}

int
main(int argc, char **argv)
{
	uint16_t port = 7;
	bool blocking = false;
	struct args a;
	int opt;

	args_start(&a, argc, argv);
	while ((opt = args_option(&a)) != 0) {
		if (opt == 'p')
			port = args_number(&a, 1, 65535);
		else if (opt == 'b')
			blocking = true;
		else if (opt == 'd')
			work = args_number(&a, 0, 10000000) * 1000;
		else
			args_usage("[-p PORT] [-b] [-d N]");
	}
	if (blocking)
		serve_one_by_one(port);
	serve_many(port);
	return 0;
}
