/*
 * echotest.c: a client of the echo service: connects, sends messages, checks
 * that they come back, and says so.
 *
 *	echotest [-p PORT] [-n MESSAGES] [-s SIZE] [ADDRESS]
 *
 * ADDRESS is a server's, 10.0.2.2 (the host) unless given.
 */
#include "inc/lib.h"
#include "inc/socket.h"

#define LONGEST		65536
#define TRIES		20
#define RETRY_MS	100

static void
die(const char *what, int r)
{
	cprintf("echotest: %s: %e\n", what, r);
	exit();
}

static void
exchange(int fd, const char *out, char *in, uint32_t size)
{
	ssize_t n = send(fd, out, size, 0);

	if (n != (ssize_t)size)
		die("send", n < 0 ? n : -E_UNSPECIFIED);
	n = readn(fd, in, size);
	if (n < 0)
		die("recv", n);
	if (n != (ssize_t)size)
		die("the server closed the connection", -E_EOF);
	if (memcmp(out, in, size) != 0)
		die("what came back differs", -E_IO);
}

int
main(int argc, char **argv)
{
	static char out[LONGEST], in[LONGEST];
	struct sockaddr_in addr = {
		.sin_len = sizeof(addr),
		.sin_family = AF_INET,
	};
	const char *server = "10.0.2.2";
	uint32_t count = 10, size = 64, i, k;
	uint16_t port = 7;
	struct args a;
	char *word;
	int opt;
	int fd;
	int r;

	args_start(&a, argc, argv);
	while ((opt = args_option(&a)) != 0) {
		if (opt == 'p')
			port = args_number(&a, 1, 65535);
		else if (opt == 'n')
			count = args_number(&a, 1, 1000000);
		else if (opt == 's')
			size = args_number(&a, 1, LONGEST);
		else
			args_usage("[-p PORT] [-n MESSAGES] [-s SIZE] "
				   "[ADDRESS]");
	}
	if ((word = args_next(&a)) != NULL)
		server = word;
	addr.sin_port = htons(port);
	addr.sin_addr.s_addr = inet_addr(server);
	if (addr.sin_addr.s_addr == INADDR_NONE)
		die(server, -E_INVAL);
	if ((fd = socket(AF_INET, SOCK_STREAM, 0)) < 0)
		die("socket", fd);
	/* A server that was started together with us may not listen yet. */
	for (i = 0; i < TRIES; i++) {
		r = connect(fd, (struct sockaddr *)&addr, sizeof(addr));
		if (r != -E_CONN_REFUSED)
			break;
		sys_sleep_until(sys_time_msec() + RETRY_MS);
	}
	if (r < 0)
		die("connect", r);
	for (i = 0; i < count; i++) {
		for (k = 0; k < size; k++)
			out[k] = i + k;
		exchange(fd, out, in, size);
	}
	close(fd);
	cprintf("echotest: %u messages of %u bytes came back\n", count, size);
	return 0;
}
