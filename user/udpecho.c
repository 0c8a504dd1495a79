/*
 * udpecho.c: UDP echo, blocking: the smallest server there is.
 *
 *	udpecho [-p PORT]
 */
#include "inc/lib.h"
#include "inc/socket.h"

int
main(int argc, char **argv)
{
	static char buf[2048];
	struct sockaddr_in addr = { .sin_family = AF_INET };
	struct sockaddr_in peer;
	socklen_t plen;
	uint16_t port = 7;
	struct args a;
	ssize_t n;
	int opt;
	int fd;
	int r;

	args_start(&a, argc, argv);
	while ((opt = args_option(&a)) != 0) {
		if (opt == 'p')
			port = args_number(&a, 1, 65535);
		else
			args_usage("[-p PORT]");
	}
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (fd < 0)
		panic("socket: %e", fd);
	addr.sin_port = htons(port);
	r = bind(fd, (struct sockaddr *)&addr, sizeof(addr));
	if (r < 0)
		panic("bind to port %u: %e", port, r);
	cprintf("udpecho: port %u\n", port);
	for (;;) {
		plen = sizeof(peer);
		n = recvfrom(fd, buf, sizeof(buf), 0,
			     (struct sockaddr *)&peer, &plen);
		if (n < 0)
			panic("recvfrom: %e", (int)n);
		r = sendto(fd, buf, n, 0, (struct sockaddr *)&peer, plen);
		if (r < 0)
			cprintf("udpecho: sendto: %e\n", r);
		else
			sock_answered(1);
	}
}
