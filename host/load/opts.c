/* opts.c: the command line; see opts.h. */
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "clock.h"
#include "modes.h"
#include "opts.h"
#include "stack.h"
#include "stats.h"

struct options opt = {
	.mask = 0xffffff00,
	.ips = 1,
	.mac = { 0x52, 0x54, 0x00, 0x4a, 0x58, 0x64 },
	.conns = 1, .messages = UINT64_MAX, .size = UINT64_MAX,
	.rounds = 1, .burst = 64, .retries = 20,
	.rto = 200 * MSEC, .hold = SEC, .count = UINT64_MAX,
	.alive = 1, .keepalive = 1, .path = "/", .status = 200,
	.seed = 1, .timeout = 60 * SEC, .tick = 10 * MSEC,
};

enum kind {
	FLAG, UNSIGNED, COUNT, TIME, REAL, TEXT, ADDRESS, OTHER,
	PERCENT,			/* of one direction: tx- and rx- */
	DELAY,
};

struct option_def {
	const char *name, *arg, *help;
	enum kind kind;
	void *to;			/* for impairments: that of tx */
	int value;			/* what a FLAG sets */
};

#define CLIENT_IP	(10u << 24 | 2 << 8 | 100)
#define SERVER_IP	(10u << 24 | 2 << 8 | 15)

enum { IPS_MAX = STACK_IPS_MAX, CONNS_MAX = 1000000 };

#define BOTH(field) &opt.tx.field

static const struct option_def defs[] = {
	{ "listen", NULL, "be the socket's server (also -L)", FLAG,
	    &opt.listen, 1 },
	{ "self", NULL, "serve ourselves over a socket pair: no LINK", FLAG,
	    &opt.self, 1 },
	{ "ip", "ADDR", "our address (10.0.2.100)", ADDRESS, &opt.ip, 0 },
	{ "ips", "N", "source addresses, counting up from --ip (1)", UNSIGNED,
	    &opt.ips, 0 },
	{ "peer", "ADDR", "the server's address (10.0.2.15)", ADDRESS,
	    &opt.peer, 0 },
	{ "mac", "MAC", "our Ethernet address (52:54:00:4a:58:64)", OTHER,
	    opt.mac, 0 },
	{ "port", "P", "the server's port (7; http 80)", UNSIGNED, &opt.port,
	    0 },
	{ "port-base", "P", "first local port (by the clock)", UNSIGNED,
	    &opt.port_base, 0 },
	{ "conns", "N", "connections, or datagrams in flight (1)", UNSIGNED,
	    &opt.conns, 0 },
	{ "size", "B", "bytes per message, or of the transfer (64; xfer 2M)",
	    COUNT, &opt.size, 0 },
	{ "messages", "M", "messages per connection (100; 0: no limit)",
	    COUNT, &opt.messages, 0 },
	{ "time", "S", "seconds to run (open 5; else by count)", TIME,
	    &opt.time, 0 },
	{ "warmup", "S", "seconds before measuring (0)", TIME, &opt.warmup,
	    0 },
	{ "rate", "R", "open: messages/s; fuzz, synflood, raw: frames/s",
	    REAL, &opt.rate, 0 },
	{ "rounds", "R", "churn: connections one after another (1)", UNSIGNED,
	    &opt.rounds, 0 },
	{ "burst", "N", "handshakes, or hold's messages, at a time (64)",
	    UNSIGNED, &opt.burst, 0 },
	{ "abort", NULL, "churn: reset instead of FIN", FLAG, &opt.abort, 1 },
	{ "hold", "S", "hold: seconds to hold (1)", TIME, &opt.hold, 0 },
	{ "interval", "S", "udp, ping: least time between requests (0)",
	    TIME, &opt.interval, 0 },
	{ "rto", "S", "udp, ping: send again after (0.2)", TIME, &opt.rto,
	    0 },
	{ "retries", "N", "udp, ping: times to send again (20)", UNSIGNED,
	    &opt.retries, 0 },
	{ "path", "PATH", "http: what to get (/)", TEXT, &opt.path, 0 },
	{ "status", "N", "http: the status there must be (200)", UNSIGNED,
	    &opt.status, 0 },
	{ "expect", "FILE", "http: the body there must be", TEXT, &opt.expect,
	    0 },
	{ "out", "FILE", "http: takes the first body", TEXT, &opt.out, 0 },
	{ "no-keepalive", NULL, "http: one connection per request", FLAG,
	    &opt.keepalive, 0 },
	{ "count", "N", "fuzz, synflood: frames (10000); raw: rounds (1)",
	    COUNT, &opt.count, 0 },
	{ "kinds", "LIST", "fuzz: kinds of frames, comma-separated (all)",
	    TEXT, &opt.kinds, 0 },
	{ "no-alive", NULL, "fuzz, synflood: do not ask for an echo", FLAG,
	    &opt.alive, 0 },
	{ "complete", NULL, "synflood: finish the handshake, then vanish",
	    FLAG, &opt.complete, 1 },
	{ "frame", "HEX", "raw: a frame to send; -: lines of input", OTHER,
	    NULL, 0 },
	{ "recv", "N", "raw: end after this many received frames", COUNT,
	    &opt.recv, 0 },
	{ "answer", NULL, "raw: let the stack answer (ARP, ping) too", FLAG,
	    &opt.answer, 1 },
	{ "lie", NULL, "serve: spoil a byte of the 10th echo and every 10th",
	    FLAG, &opt.lie, 1 },
	{ "loss", "%", "frames lost", PERCENT, BOTH(loss), 0 },
	{ "dup", "%", "frames doubled", PERCENT, BOTH(dup), 0 },
	{ "reorder", "%", "frames overtaken by up to 4", PERCENT,
	    BOTH(reorder), 0 },
	{ "corrupt", "%", "frames with a bit flipped", PERCENT, BOTH(corrupt),
	    0 },
	{ "delay", "MS", "each way", DELAY, BOTH(delay), 0 },
	{ "jitter", "MS", "up to so much more delay", DELAY, BOTH(jitter),
	    0 },
	{ "seed", "N", "of everything random (1)", COUNT, &opt.seed, 0 },
	{ "timeout", "S", "bound on all waiting, beyond --time (60)", TIME,
	    &opt.timeout, 0 },
	{ "tick", "MS", "TCP timer interval (10)", DELAY, &opt.tick, 0 },
	{ "busy", NULL, "poll instead of sleeping", FLAG, &opt.busy, 1 },
	{ "pcap", "FILE", "write what was on the wire", TEXT, &opt.pcap, 0 },
	{ "csv", NULL, "one line of CSV instead of text", FLAG, &opt.csv, 1 },
	{ "csv-header", NULL, "the CSV header before it (or alone)", FLAG,
	    &opt.csv_header, 1 },
	{ "quiet", NULL, "no text", FLAG, &opt.quiet, 1 },
	{ "help", NULL, "this list", OTHER, NULL, 0 },
};

#define DEFS	((int)(sizeof(defs) / sizeof(defs[0])))
#define LONGS	(3 * DEFS + 1)
#define TX	1000			/* added to an option's number: its */
#define RX	2000			/* one-way forms */

static void
usage(FILE *f)
{
	fprintf(f, "usage: load MODE LINK [option]...\n"
	    "MODE:\n");
	for (const struct mode *m = modes; m->name; m++)
		fprintf(f, "  %-9s %s\n", m->name, m->what);
	fprintf(f, "LINK:\n"
	    "  stream:PATH        QEMU's -netdev stream,server=on unix "
	    "socket (with -L: server=off)\n"
	    "  dgram:PATH         unix datagrams: QEMU at PATH, we at "
	    "PATH.peer (-L: the reverse)\n"
	    "  dgram:OURS,THEIRS  the same, both named\n"
	    "  fd:N               an inherited stream socket\n"
	    "Options (default):\n");
	for (int i = 0; i < DEFS; i++) {
		char name[40];
		snprintf(name, sizeof(name), "--%s%s%s", defs[i].name,
		    defs[i].arg ? " " : "", defs[i].arg ? defs[i].arg : "");
		fprintf(f, "  %-18s %s%s\n", name, defs[i].help,
		    defs[i].kind == PERCENT || (defs[i].kind == DELAY &&
		    defs[i].to != &opt.tick) ?
		    "; --tx-, --rx-: one direction" : "");
	}
	fprintf(f, "Exit status: 0 all served and right, 1 not, 2 usage, "
	    "3 no link or no ARP reply.\n");
}

/* A number with an optional suffix k, M or G (of 1024).  0 or -1. */
static int
parse_count(const char *s, uint64_t *to)
{
	char *end;

	errno = 0;
	*to = strtoull(s, &end, 0);
	if (end == s || errno || *s == '-')
		return -1;
	for (const char *unit = "kMG"; *unit && *end; unit++)
		if (strchr("kMG", *end) >= unit)
			*to *= 1024;
	if (*end && strchr("kMG", *end))
		end++;
	return *end ? -1 : 0;
}

static int
parse_real(const char *s, double *to)
{
	char *end;

	*to = strtod(s, &end);
	return end == s || *end || !(*to >= 0) || *to > 1e9 ? -1 : 0;
}

static int
parse_address(const char *s, uint32_t *to)
{
	unsigned a, b, c, d;
	char extra;

	if (sscanf(s, "%u.%u.%u.%u%c", &a, &b, &c, &d, &extra) != 4 ||
	    (a | b | c | d) > 255)
		return -1;
	*to = a << 24 | b << 16 | c << 8 | d;
	return 0;
}

static int
parse_mac(const char *s)
{
	unsigned m[6];
	char extra;

	if (sscanf(s, "%x:%x:%x:%x:%x:%x%c", &m[0], &m[1], &m[2], &m[3],
	    &m[4], &m[5], &extra) != 6)
		return -1;
	for (int i = 0; i < 6; i++) {
		if (m[i] > 255)
			return -1;
		opt.mac[i] = (uint8_t)m[i];
	}
	return opt.mac[0] & 1 ? -1 : 0;
}

/* Where the same setting is kept for the other direction. */
static void *
of_rx(void *tx)
{
	return (char *)tx + ((char *)&opt.rx - (char *)&opt.tx);
}

/* Stores option @d's @arg; @ways is 0 for both directions, TX or RX. */
static int
store(const struct option_def *d, const char *arg, int ways)
{
	uint64_t count;
	double real;

	switch (d->kind) {
	case FLAG:
		*(int *)d->to = d->value;
		return 0;
	case TEXT:
		*(const char **)d->to = arg;
		return 0;
	case ADDRESS:
		return parse_address(arg, d->to);
	case COUNT:
		return parse_count(arg, d->to);
	case UNSIGNED:
		if (parse_count(arg, &count) < 0 || count > CONNS_MAX)
			return -1;
		*(unsigned *)d->to = (unsigned)count;
		return 0;
	case REAL:
		return parse_real(arg, d->to);
	case TIME:
		if (parse_real(arg, &real) < 0)
			return -1;
		*(uint64_t *)d->to = (uint64_t)(real * 1e9);
		return 0;
	case PERCENT:
		if (parse_real(arg, &real) < 0 || real > 100)
			return -1;
		if (ways != RX)
			*(double *)d->to = real;
		if (ways != TX)
			*(double *)of_rx(d->to) = real;
		return 0;
	case DELAY:
		if (parse_real(arg, &real) < 0)
			return -1;
		if (ways != RX)
			*(uint64_t *)d->to = (uint64_t)(real * 1e6);
		if (ways != TX && d->to != &opt.tick)
			*(uint64_t *)of_rx(d->to) = (uint64_t)(real * 1e6);
		return 0;
	case OTHER:
		break;
	}
	if (d->to == opt.mac)
		return parse_mac(arg);
	if (opt.frames == OPT_FRAMES_MAX)
		return -1;
	opt.frame[opt.frames++] = arg;
	return 0;
}

/* The long options: each impairment has a form per direction too. */
static void
make_longs(struct option *longs)
{
	static char names[2 * sizeof(defs) / sizeof(defs[0])][32];
	int n = 0, extra = 0;

	for (int i = 0; i < DEFS; i++) {
		int has = defs[i].arg ? required_argument : no_argument;
		longs[n++] = (struct option){ defs[i].name, has, NULL,
		    256 + i };
		if ((defs[i].kind != PERCENT && defs[i].kind != DELAY) ||
		    defs[i].to == &opt.tick)
			continue;
		for (int way = TX; way <= RX; way += TX) {
			snprintf(names[extra], sizeof(names[0]), "%s-%s",
			    way == TX ? "tx" : "rx", defs[i].name);
			longs[n++] = (struct option){ names[extra++], has,
			    NULL, 256 + i + way };
		}
	}
	longs[n] = (struct option){ NULL, 0, NULL, 0 };
}

static int
bad(const char *what)
{
	fprintf(stderr, "load: %s (load --help lists everything)\n", what);
	return -1;
}

/* Fills in what depends on the mode, and refuses what makes no sense. */
static int
check(void)
{
	int http = !strcmp(opt.mode, "http");
	int xfer = !strcmp(opt.mode, "xfer");
	int open = !strcmp(opt.mode, "open");
	int serve = !strcmp(opt.mode, "serve");
	int dgram = !strcmp(opt.mode, "udp") || !strcmp(opt.mode, "ping");

	if (!opt.ip)
		opt.ip = serve ? SERVER_IP : CLIENT_IP;
	if (!opt.peer)
		opt.peer = serve ? CLIENT_IP : SERVER_IP;
	opt.mac[5] ^= (uint8_t)serve;
	if (!opt.port)
		opt.port = http ? 80 : 7;
	if (opt.size == UINT64_MAX)
		opt.size = xfer ? 2 << 20 : 64;
	if (opt.messages == UINT64_MAX)
		opt.messages = opt.time ? 0 : 100;
	if (open && !opt.time)
		opt.time = 5 * SEC;
	if (opt.count == UINT64_MAX)
		opt.count = strcmp(opt.mode, "raw") ? 10000 : 1;
	if (!opt.link && !opt.self)
		return bad("no LINK (or --self) given");
	if (!opt.conns || !opt.rounds || !opt.burst || !opt.size)
		return bad("--conns, --rounds, --burst and --size: not 0");
	if (!opt.messages && !opt.time)
		return bad("--messages 0 needs --time");
	if (!opt.ips || opt.ips > IPS_MAX)
		return bad("--ips: 1 to 64");
	if (opt.port > 65535 || opt.port_base > 65535)
		return bad("a port is at most 65535");
	if (dgram && (opt.size < 8 || opt.size > 65000))
		return bad("--size: 8 to 65000 for udp and ping");
	if (!strcmp(opt.mode, "ping") && opt.conns > 65535)
		return bad("--conns: at most 65535 for ping");
	if (open && opt.rate <= 0)
		return bad("open needs --rate");
	if (opt.peer - opt.ip < opt.ips)
		return bad("--ip and --ips contain --peer");
	if (opt.tick < MSEC)
		return bad("--tick: at least 1");
	return 0;
}

int
opts_parse(int argc, char **argv)
{
	struct option longs[LONGS];
	int c;

	make_longs(longs);
	while ((c = getopt_long(argc, argv, "Lh", longs, NULL)) != -1) {
		int way = c < 256 + TX ? 0 : c < 256 + RX ? TX : RX;
		const struct option_def *d = &defs[c >= 256 ?
		    c - 256 - way : 0];
		if (c == '?')
			return EXIT_USAGE;
		if (c == 'h' || (c >= 256 && !strcmp(d->name, "help"))) {
			usage(stdout);
			exit(EXIT_OK);
		}
		if (c == 'L') {
			opt.listen = 1;
		} else if (store(d, optarg, way) < 0) {
			fprintf(stderr, "load: --%s: bad value '%s'\n",
			    d->name, optarg);
			return EXIT_USAGE;
		}
	}
	if (optind == argc && opt.csv_header) {
		stats_csv_header();
		exit(EXIT_OK);
	}
	if (optind < argc)
		opt.mode = argv[optind++];
	if (optind < argc)
		opt.link = argv[optind++];
	if (!opt.mode || optind < argc) {
		usage(stderr);
		return EXIT_USAGE;
	}
	return check() < 0 ? EXIT_USAGE : 0;
}
