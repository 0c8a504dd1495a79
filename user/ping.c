/*
 * ping.c: ICMP echo requests (RFC 792).
 *
 *	ping [-n COUNT] [-s BYTES] [ADDRESS]
 *
 * ADDRESS is 10.0.2.2 (the gateway) unless given.
 */
#include "inc/lib.h"
#include "inc/socket.h"

#define WAIT_MS		1000
#define DATA_MAX	1400

struct echo {
	uint8_t type;		/* 8: request */
	uint8_t code;
	uint16_t checksum;	/* filled in by the server */
	uint16_t id;
	uint16_t seq;
	uint64_t tsc;
	uint8_t data[DATA_MAX];
};
#define ECHO_HEADER	(__builtin_offsetof(struct echo, data))

static void
die(const char *what, int r)
{
	cprintf("ping: %s: %e\n", what, r);
	exit();
}

/* Wait for the reply to request seq: its length, or -E_TIMEOUT. */
static ssize_t
reply(int fd, uint16_t id, uint16_t seq, struct echo *e)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	ssize_t n;
	int r;

	for (;;) {
		r = poll(&p, 1, WAIT_MS);
		if (r < 0)
			return r;
		if (r == 0)
			return -E_TIMEOUT;
		n = recv(fd, e, sizeof(*e), 0);
		if (n < 0)
			return n;
		if (n >= (ssize_t)ECHO_HEADER && e->id == htons(id) &&
		    e->seq == htons(seq))
			return n;
	}
}

int
main(int argc, char **argv)
{
	static struct echo out, in;
	struct sockaddr_in to = {
		.sin_len = sizeof(to),
		.sin_family = AF_INET,
	};
	const char *host = "10.0.2.2";
	uint32_t count = 4, size = 56, received = 0, i;
	uint16_t id = ENVX(sys_getenvid());
	struct args a;
	char *word;
	ssize_t n;
	int opt;
	int fd;

	args_start(&a, argc, argv);
	while ((opt = args_option(&a)) != 0) {
		if (opt == 'n')
			count = args_number(&a, 1, 1000000);
		else if (opt == 's')
			size = args_number(&a, 8, DATA_MAX);
		else
			args_usage("[-n COUNT] [-s BYTES] [ADDRESS]");
	}
	if ((word = args_next(&a)) != NULL)
		host = word;
	to.sin_addr.s_addr = inet_addr(host);
	if (to.sin_addr.s_addr == INADDR_NONE)
		die(host, -E_INVAL);
	if ((fd = socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP)) < 0)
		die("socket", fd);
	for (i = 0; i < count; i++) {
		if (i > 0)
			sys_sleep_until(sys_time_msec() + WAIT_MS / 5);
		out.type = 8;
		out.id = htons(id);
		out.seq = htons(i);
		out.tsc = read_tsc();
		n = sendto(fd, &out, size + 8, 0, (struct sockaddr *)&to,
			   sizeof(to));
		if (n < 0)
			die("sendto", n);
		n = reply(fd, id, i, &in);
		if (n == -E_TIMEOUT) {
			cprintf("ping: no reply to %u\n", i);
			continue;
		}
		if (n < 0)
			die("recv", n);
		received++;
		cprintf("ping: %lu bytes from %s: seq %u, %lu us\n",
			(size_t)n, host, i, (read_tsc() - in.tsc) /
			(uinfo->tsc_hz / 1000000));
	}
	close(fd);
	cprintf("ping: %u sent, %u received\n", count, received);
	return 0;
}
