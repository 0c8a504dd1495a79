/*
 * link.c: the socket to QEMU: frames with a 4-byte big-endian length before
 * each on a stream, or one frame per datagram (QEMU's `-netdev stream` and
 * `-netdev dgram` with unix sockets).  Never blocks outside link_open() and
 * link_wait().  frames.c and the loop call it.
 */
#define _GNU_SOURCE
#include <sys/socket.h>
#include <sys/un.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "frames.h"
#include "clock.h"

#define TX_MAX		(64u << 20)
#define TX_FIRST	(1u << 20)
#define RX_SIZE		(1u << 17)	/* read at most this much per turn */
#define RX_DATAGRAMS	64
#define RETRY		(10 * MSEC)

uint64_t link_dropped;

static int sock = -1, is_dgram, closed;
static char *made_path;
static uint8_t *tx;			/* length-prefixed frames */
static size_t tx_head, tx_tail, tx_cap;
static uint8_t rx[RX_SIZE + FRAME_MAX + 4];
static size_t rx_len;

void
link_use(int fd)
{
	sock = fd;
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	tx_cap = TX_FIRST;
	tx = malloc(tx_cap);
	if (!tx)
		abort();
}

static int
fail(const char *what, const char *path)
{
	fprintf(stderr, "load: %s %s: %s\n", what, path, strerror(errno));
	return -1;
}

static int
address(struct sockaddr_un *sa, const char *path)
{
	memset(sa, 0, sizeof(*sa));
	sa->sun_family = AF_UNIX;
	if (strlen(path) >= sizeof(sa->sun_path)) {
		fprintf(stderr, "load: %s: socket path too long\n", path);
		return -1;
	}
	strcpy(sa->sun_path, path);
	return 0;
}

static int
bind_path(int fd, const char *path)
{
	struct sockaddr_un sa;

	if (address(&sa, path) < 0)
		return -1;
	unlink(path);
	if (bind(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0)
		return fail("bind", path);
	made_path = strdup(path);
	return 0;
}

/*
 * Connects, retrying while the other side is not there yet or (EAGAIN) does
 * not accept.
 */
static int
connect_path(int fd, const char *path, uint64_t deadline)
{
	struct sockaddr_un sa;

	if (address(&sa, path) < 0)
		return -1;
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	while (connect(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0) {
		if ((errno != ENOENT && errno != ECONNREFUSED &&
		    errno != EAGAIN && errno != EINTR) ||
		    clock_now() >= deadline)
			return fail("connect", path);
		poll(NULL, 0, RETRY / MSEC);
	}
	return 0;
}

static int
accept_peer(int fd, const char *path, uint64_t deadline)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	if (bind_path(fd, path) < 0)
		return -1;
	if (listen(fd, 1) < 0)
		return fail("listen", path);
	for (;;) {
		uint64_t now = clock_now();
		if (now >= deadline) {
			errno = ETIMEDOUT;
			return fail("accept", path);
		}
		int ms = deadline - now > 1000 * SEC ? 1000000 :
		    (int)((deadline - now) / MSEC) + 1;
		if (poll(&p, 1, ms) > 0)
			break;
	}
	int peer = accept(fd, NULL, NULL);
	if (peer < 0)
		return fail("accept", path);
	close(fd);
	return peer;
}

static int
open_stream(const char *path, int listening, uint64_t deadline)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0), peer = fd;

	if (fd < 0)
		return fail("socket", path);
	if (listening)
		peer = accept_peer(fd, path, deadline);
	else if (connect_path(fd, path, deadline) < 0)
		peer = -1;
	if (peer < 0) {
		close(fd);
		return -1;
	}
	link_use(peer);
	return 0;
}

static int
open_dgram(const char *names, int listening, uint64_t deadline)
{
	char ours[256], theirs[256];
	const char *comma = strchr(names, ',');
	int fd;

	if (comma) {
		snprintf(ours, sizeof(ours), "%.*s", (int)(comma - names),
		    names);
		snprintf(theirs, sizeof(theirs), "%s", comma + 1);
	} else {
		snprintf(ours, sizeof(ours), "%s%s", names,
		    listening ? "" : ".peer");
		snprintf(theirs, sizeof(theirs), "%s%s", names,
		    listening ? ".peer" : "");
	}
	fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	if (fd < 0)
		return fail("socket", ours);
	if (bind_path(fd, ours) < 0 ||
	    connect_path(fd, theirs, deadline) < 0) {
		close(fd);
		return -1;
	}
	is_dgram = 1;
	link_use(fd);
	return 0;
}

int
link_open(const char *spec, int listening, uint64_t deadline)
{
	if (!strncmp(spec, "stream:", 7))
		return open_stream(spec + 7, listening, deadline);
	if (!strncmp(spec, "dgram:", 6))
		return open_dgram(spec + 6, listening, deadline);
	if (!strncmp(spec, "fd:", 3)) {
		link_use(atoi(spec + 3));
		return 0;
	}
	fprintf(stderr, "load: link '%s': stream:PATH, dgram:PATH, "
	    "dgram:OURS,THEIRS or fd:N expected\n", spec);
	return -1;
}

/* Makes room for @need bytes at tx_tail; 0 when the bound is reached. */
static int
tx_room(size_t need)
{
	if (tx_cap - tx_tail >= need)
		return 1;
	link_flush();
	if (tx_head) {
		memmove(tx, tx + tx_head, tx_tail - tx_head);
		tx_tail -= tx_head;
		tx_head = 0;
	}
	while (tx_cap - tx_tail < need) {
		if (tx_cap >= TX_MAX)
			return 0;
		tx_cap *= 2;
		tx = realloc(tx, tx_cap);
		if (!tx)
			abort();
	}
	return 1;
}

void
link_send(const uint8_t *frame, size_t len)
{
	if (closed || !tx_room(len + 4)) {
		link_dropped++;
		return;
	}
	uint8_t *p = tx + tx_tail;
	p[0] = (uint8_t)(len >> 24);
	p[1] = (uint8_t)(len >> 16);
	p[2] = (uint8_t)(len >> 8);
	p[3] = (uint8_t)len;
	memcpy(p + 4, frame, len);
	tx_tail += len + 4;
}

static size_t
prefix(const uint8_t *p)
{
	return (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 |
	    p[3];
}

/* True when a failed send() means: later. */
static int
try_later(void)
{
	if (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS ||
	    errno == EINTR)
		return 1;
	closed = 1;
	return 0;
}

void
link_flush(void)
{
	while (tx_head < tx_tail && !closed) {
		const uint8_t *p = tx + tx_head;
		size_t skip = is_dgram ? 4 : 0;
		size_t n = is_dgram ? prefix(p) : tx_tail - tx_head;
		ssize_t done = send(sock, p + skip, n, MSG_NOSIGNAL);

		if (done < 0 && is_dgram && errno == EMSGSIZE)
			done = (ssize_t)n;
		if (done < 0) {
			try_later();
			return;
		}
		tx_head += (size_t)done + skip;
	}
	if (tx_head == tx_tail)
		tx_head = tx_tail = 0;
}

static unsigned
poll_dgram(frame_fn input)
{
	unsigned n = 0;

	while (n < RX_DATAGRAMS) {
		ssize_t len = recv(sock, rx, FRAME_MAX, 0);
		if (len < 0) {
			try_later();
			break;
		}
		input(rx, (size_t)len);
		n++;
	}
	return n;
}

static unsigned
poll_stream(frame_fn input)
{
	ssize_t got = recv(sock, rx + rx_len, sizeof(rx) - rx_len, 0);
	size_t at = 0;
	unsigned n = 0;

	if (got == 0)
		closed = 1;
	if (got <= 0) {
		if (got < 0)
			try_later();
		return 0;
	}
	rx_len += (size_t)got;
	while (rx_len - at >= 4) {
		size_t len = prefix(rx + at);
		if (len > FRAME_MAX) {
			fprintf(stderr, "load: broken framing: a frame of "
			    "%zu bytes\n", len);
			closed = 1;
			break;
		}
		if (rx_len - at - 4 < len)
			break;
		input(rx + at + 4, len);
		at += 4 + len;
		n++;
	}
	rx_len -= at;
	memmove(rx, rx + at, rx_len);
	return n;
}

unsigned
link_poll(frame_fn input)
{
	if (closed)
		return 0;
	return is_dgram ? poll_dgram(input) : poll_stream(input);
}

size_t
link_backlog(void)
{
	return tx_tail - tx_head;
}

int
link_closed(void)
{
	return closed;
}

void
link_wait(uint64_t until)
{
	struct pollfd p = { .fd = sock, .events = POLLIN };
	uint64_t now = clock_now();
	uint64_t ns = until <= now ? 0 : until - now;

	if (link_backlog())
		p.events |= POLLOUT;
	if (ns > SEC)
		ns = SEC;
#ifdef __linux__
	struct timespec ts = { .tv_sec = (time_t)(ns / SEC),
	    .tv_nsec = (long)(ns % SEC) };
	ppoll(&p, 1, &ts, NULL);
#else
	poll(&p, 1, (int)(ns / MSEC));
#endif
}

void
link_close(void)
{
	if (sock >= 0)
		close(sock);
	sock = -1;
	if (made_path)
		unlink(made_path);
	free(made_path);
	made_path = NULL;
	free(tx);
	tx = NULL;
	tx_head = tx_tail = tx_cap = 0;
}
