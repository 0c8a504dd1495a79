/*
 * ixlast.c: as ixlate.c, by the library: what a connection to port 7 has
 * received is read only when it has broken and a datagram to port 9 says so.
 * Byte i of the stream must be i % 251.
 *
 *	ixlast sock	by sockets (inc/socket.h)
 *	ixlast ev	by the event layer (inc/ixev.h)
 */
#include "inc/assert.h"
#include "inc/error.h"
#include "inc/ixev.h"
#include "inc/socket.h"

static uint64_t got, wrong;

static void
look(const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++, got++)
		wrong += p[i] != got % 251;
}

static int
say(int64_t end)
{
	cprintf("ixlast: %lu bytes, %lu wrong, then %s\n", got, wrong,
		error_string(end));
	return 0;
}

/* --- Sockets ------------------------------------------------------------ */

static int
bound(int type, uint16_t port)
{
	struct sockaddr_in in = {
		.sin_family = AF_INET, .sin_port = htons(port),
	};
	int fd = socket(AF_INET, type, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&in, sizeof(in)) < 0)
		panic("bind");
	return fd;
}

static int
by_sockets(void)
{
	struct pollfd fds[2] = { 0 };
	uint8_t buf[1000];
	bool broken = false;
	int l = bound(SOCK_STREAM, 7), u = bound(SOCK_DGRAM, 9);
	ssize_t n;

	listen(l, 1);
	cprintf("ixlast: serves\n");
	fds[0].fd = accept(l, NULL, NULL);
	fds[1].fd = u;
	fds[1].events = POLLIN;
	for (;;) {
		poll(fds, 2, -1);
		if ((fds[0].revents & POLLHUP) && !broken) {
			broken = true;
			cprintf("ixlast: it has ended\n");
			fds[0].fd = -1 - fds[0].fd;
		}
		if (fds[1].revents & POLLIN)
			break;
	}
	fds[0].fd = -1 - fds[0].fd;
	while ((n = recv(fds[0].fd, buf, sizeof(buf), 0)) > 0)
		look(buf, n);
	close(fds[0].fd);
	return say(n);
}

/* --- The event layer ---------------------------------------------------- */

static struct ixev *conn;
static bool asked;

static void
told(struct ixev *c, uint32_t what, void *arg UNUSED)
{
	conn = c;
	if (what & IXEV_NEW)
		ixev_accept(c);
	if (what & IXEV_HUP)
		cprintf("ixlast: it has ended\n");
}

static void
datagram(struct ixev_udp *u, void *arg UNUSED)
{
	const void *p;
	uint64_t peer;

	if (ixev_udp_recv(u, &p, &peer) < 0)
		return;
	ixev_udp_recv_done(p);
	asked = true;
}

static int
by_events(void)
{
	struct ixev_listener *l;
	struct ixev_udp *u;
	const void *p;
	ssize_t n;

	if (ixev_listen(7, 1, told, NULL, &l) < 0 ||
	    ixev_udp_bind(9, datagram, NULL, &u) < 0)
		panic("listen, bind");
	cprintf("ixlast: serves\n");
	while (!asked)
		ixev_run(IX_FOREVER);
	while ((n = ixev_recv_zc(conn, &p)) > 0) {
		look(p, n);
		ixev_recv_done(conn, n);
	}
	ixev_close(conn);
	ixev_run(0);
	return say(n);
}

int
main(int argc UNUSED, char **argv)
{
	return strcmp(argv[1], "sock") == 0 ? by_sockets() : by_events();
}
