/*
 * opts.h: what the user asked of the load generator.
 *
 * One structure, filled once by opts_parse() before anything runs and only
 * read afterwards, by every part of the program.
 */
#ifndef LOAD_OPTS_H
#define LOAD_OPTS_H

#include <stdint.h>

/* Exit statuses. */
enum {
	EXIT_OK = 0,		/* everything asked for was served and right */
	EXIT_UNSERVED = 1,	/* something was not served, or wrongly */
	EXIT_USAGE = 2,		/* the command line makes no sense */
	EXIT_NO_LINK = 3,	/* the socket, or an ARP reply, never came */
};

/* What may happen to frames of one direction; probabilities in percent. */
struct impair_config {
	double loss, dup, reorder, corrupt;
	uint64_t delay, jitter;		/* nanoseconds */
};

#define OPT_FRAMES_MAX	64

struct options {
	const char *mode;		/* first argument */
	const char *link;		/* second: stream:, dgram:, fd: */
	int listen;			/* we are the socket's server */
	int self;			/* serve ourselves, no link needed */

	uint32_t ip, peer, mask;	/* host byte order */
	unsigned ips;			/* source addresses from ip on */
	uint8_t mac[6];
	unsigned port, port_base;

	unsigned conns;
	uint64_t size;			/* bytes per message */
	uint64_t messages;		/* per connection; 0: by time */
	uint64_t time;			/* ns to run; 0: by count */
	uint64_t warmup, hold, interval; /* ns */
	unsigned rounds, burst, retries;
	uint64_t rto;			/* ns until a datagram is sent again */
	double rate;			/* per second; 0: no limit */
	uint64_t count;			/* frames */
	uint64_t recv;			/* frames that raw waits for */
	int abort, complete, alive, keepalive, busy, quiet, answer,
	    lie;
	int csv, csv_header;
	const char *kinds;		/* of fuzz frames */
	const char *path, *expect, *out; /* http */
	unsigned status;
	const char *frame[OPT_FRAMES_MAX];
	unsigned frames;

	uint64_t seed;
	uint64_t timeout;		/* ns: bound on every wait */
	uint64_t tick;			/* ns: TCP timer interval */
	const char *pcap;
	struct impair_config tx, rx;
};

extern struct options opt;

/*
 * Fills opt from the command line.  Returns 0, or an exit status after
 * printing why (EXIT_OK for --help and --csv-header alone).
 */
int opts_parse(int argc, char **argv);

#endif
