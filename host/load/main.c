/*
 * main.c: host/load, a load generator, TCP/UDP client and bad network on lwIP
 * over QEMU's socket netdevs.  Brings up link and stack, runs one mode,
 * prints what it counted.
 */
#include <sys/socket.h>
#include <sys/wait.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif
#include "clock.h"
#include "frames.h"
#include "modes.h"
#include "pattern.h"
#include "stack.h"
#include "stats.h"

const struct mode modes[] = {
	{ "echo", "TCP echo, closed loop: --conns, --size, --messages or "
	    "--time", mode_echo, 0 },
	{ "open", "TCP echo, open loop: --rate, --conns, --size, --time",
	    mode_open, 0 },
	{ "churn", "connect, one message, close: --conns, --rounds, --abort",
	    mode_churn, 0 },
	{ "hold", "hold --conns connections for --hold, then use each once",
	    mode_hold, 0 },
	{ "xfer", "echo one stream of --size bytes; SHA-256 compared",
	    mode_xfer, 0 },
	{ "http", "GET --path: --conns, --messages or --time, --expect",
	    mode_http, 0 },
	{ "udp", "UDP echo, --conns in flight: --size, --messages or --time",
	    mode_udp, 0 },
	{ "ping", "ICMP echo, --conns in flight: --size, --messages or "
	    "--time", mode_ping, 0 },
	{ "fuzz", "--count hostile frames; then it must still serve",
	    mode_fuzz, 0 },
	{ "synflood", "--count SYNs; then it must still serve",
	    mode_synflood, 0 },
	{ "raw", "send given frames, print received ones", mode_raw, 1 },
	{ "serve", "serve TCP and UDP echo and HTTP on this stack",
	    mode_serve, 1 },
	{ NULL, NULL, NULL, 0 },
};

int
mode_verdict(void)
{
	return stats.errors ? EXIT_UNSERVED : EXIT_OK;
}

/* The other end of --self: our peer, on a network without impairment. */
static int
serve_as_peer(int fd)
{
	uint32_t ip = opt.ip;

	opt.ip = opt.peer;
	opt.peer = ip;
	opt.ips = 1;
	opt.mac[5] ^= 1;
	opt.pcap = NULL;
	memset(&opt.tx, 0, sizeof(opt.tx));
	memset(&opt.rx, 0, sizeof(opt.rx));
	link_use(fd);
	pattern_init();
	if (frames_init(stack_input) < 0)
		return EXIT_USAGE;
	stack_init();
	int status = serve_until_closed();
	stack_exit();
	frames_close();
	return status;
}

/* Starts the server of --self in a child.  Its process id, or -1. */
static pid_t
start_peer(void)
{
	int pair[2];
	pid_t child;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0 ||
	    (child = fork()) < 0) {
		perror("load: --self");
		return -1;
	}
	if (child == 0) {
		close(pair[0]);
		exit(serve_as_peer(pair[1]));
	}
	close(pair[1]);
	link_use(pair[0]);
	return child;
}

/* Runs the mode on an open link. */
static int
run(const struct mode *m, uint64_t deadline)
{
	int status;

	pattern_init();
	if (frames_init(stack_input) < 0)
		return EXIT_USAGE;
	stack_init();
	if (!m->no_peer && loop_resolve(deadline) < 0)
		return EXIT_NO_LINK;
	status = m->run(deadline);
	if (status <= EXIT_UNSERVED)
		stats_report();
	return status;
}

int
main(int argc, char **argv)
{
	const struct mode *m = modes;
	uint64_t deadline;
	pid_t child = 0;
	int status = opts_parse(argc, argv);

	if (status)
		return status;
	while (m->name && strcmp(m->name, opt.mode))
		m++;
	if (!m->name) {
		fprintf(stderr, "load: no mode '%s' (load --help)\n",
		    opt.mode);
		return EXIT_USAGE;
	}
	signal(SIGPIPE, SIG_IGN);
#ifdef __linux__
	prctl(PR_SET_TIMERSLACK, 1000ul, 0ul, 0ul, 0ul);
#endif
	deadline = clock_now() + opt.timeout + opt.time + opt.warmup +
	    (strcmp(m->name, "hold") ? 0 : opt.hold);
	if (opt.self)
		child = start_peer();
	if (child < 0 || (!opt.self &&
	    link_open(opt.link, opt.listen, deadline) < 0))
		return EXIT_NO_LINK;
	status = run(m, deadline);
	stack_exit();
	frames_close();
	if (child) {
		int how = 0;
		waitpid(child, &how, 0);
		if (how && status == EXIT_OK)
			status = EXIT_UNSERVED;
	}
	return status;
}
