/*
 * stats.h: what a run counted, and its report as text and CSV.
 *
 * Times are nanoseconds.  A mode calls stats_begin() when it starts to offer
 * work, the stats_ functions as things happen, and stats_end() after the last
 * answer; main prints.
 */
#ifndef LOAD_STATS_H
#define LOAD_STATS_H

#include <stdint.h>
#include "inc/hist.h"
#include "conn.h"

struct stats {
	uint64_t begin, end;
	double offered;			/* messages/s; 0: closed loop */
	uint64_t messages;		/* answered, after the warm-up */
	uint64_t bytes;			/* of payload received and verified */
	uint64_t warm;			/* messages answered before that */
	uint64_t errors;		/* all; the next by kind */
	uint64_t refused, resets, timeouts, mismatches, early;
	uint64_t unclosed;		/* FINs that never came */
	uint64_t resent;		/* datagrams sent again */
	uint64_t stray;			/* answers to nothing */
	struct hist latency, lag;
};

extern struct stats stats;

void stats_begin(uint64_t now);
void stats_end(uint64_t now);

/* True while answers belong to the warm-up. */
int stats_warming(uint64_t now);

/* One answer of @bytes to what was sent, or due, at @start. */
void stats_answer(uint64_t start, uint64_t now, uint64_t bytes);

/*
 * An error, counted and for the first few printed, of a connection.  A FIN
 * that does not come is none on a bad network: a peer may give up sending it.
 */
void stats_failed(const struct conn *c, enum conn_end why);
void stats_mismatch(unsigned id, uint64_t at);
void stats_error(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

/* What the run was doing when its time ran out, or the link closed. */
void stats_cut(int how, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* True when the lag is too large for the latencies to be believed. */
int stats_lagging(void);

/* Prints the result as opt asks: text, CSV, or both to their places. */
void stats_report(void);
void stats_csv_header(void);

#endif
