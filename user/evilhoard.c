/*
 * evilhoard: takes all that the network server gives, and gives nothing back.
 * One child opens sockets of each kind until it is refused; another accepts
 * connections on TCP port 9 and has UDP port 9, and never receives. The others
 * are to be served all the same. Needs ns.
 */
#include "inc/lib.h"
#include "inc/ns.h"
#include "inc/socket.h"

#define PORT	9
#define POLL_MS	10

static void NORETURN
hold_for_ever(void)
{
	for (;;)
		sys_sleep_until(sys_time_msec() + 1000);
}

static int
bound(int type)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_port = htons(PORT),
	};
	int fd = socket(AF_INET, type, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		panic("evilhoard: no socket on port %d", PORT);
	return fd;
}

/* By hand: descriptors end earlier than the server's sockets. */
static int
open_all(int type, int protocol, bool listening)
{
	int64_t s;
	int n = 0;

	for (;; n++) {
		nsipcbuf.socket.domain = AF_INET;
		nsipcbuf.socket.type = type;
		nsipcbuf.socket.protocol = protocol;
		s = nsipc(NSREQ_SOCKET);
		if (s < 0)
			return n;
		if (!listening)
			continue;
		memset(&nsipcbuf.addr, 0, sizeof(nsipcbuf.addr));
		nsipcbuf.addr.s = s;
		nsipcbuf.addr.addr.sin_family = AF_INET;
		if (nsipc(NSREQ_BIND) < 0)
			return n;
		nsipcbuf.simple.s = s;
		nsipcbuf.simple.arg = 1;
		if (nsipc(NSREQ_LISTEN) < 0)
			return n;
	}
}

static void NORETURN
hoard_sockets(void)
{
	int listeners = open_all(SOCK_STREAM, 0, true);
	int tcp = open_all(SOCK_STREAM, 0, false);
	int udp = open_all(SOCK_DGRAM, 0, false);
	int icmp = open_all(SOCK_DGRAM, IPPROTO_ICMP, false);

	cprintf("evilhoard: %d listeners, %d TCP, %d UDP, %d ICMP\n",
		listeners, tcp, udp, icmp);
	hold_for_ever();
}

static void NORETURN
hoard_data(void)
{
	int fd = bound(SOCK_STREAM);

	bound(SOCK_DGRAM);
	if (listen(fd, 255) < 0)
		panic("evilhoard: listen");
	cprintf("evilhoard: accepts on port %d\n", PORT);
	for (;;) {
		if (accept(fd, NULL, NULL) < 0)
			sys_sleep_until(sys_time_msec() + POLL_MS);
	}
}

int
main(int argc, char **argv)
{
	if (fork() == 0)
		hoard_data();
	hoard_sockets();
}
