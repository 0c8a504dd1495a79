/*
 * flow.h: a TCP connection that sends pattern messages of opt.size bytes and
 * verifies their echo.  echo, open, churn and hold are made of flows.
 */
#ifndef LOAD_FLOW_H
#define LOAD_FLOW_H

#include "conn.h"

struct flow;

struct flow_ops {
	void (*up)(struct flow *f);	/* connected */
	/* One message has come back whole; it was sent, or due, at @start. */
	void (*reply)(struct flow *f, uint64_t start, uint64_t now);
	/* The connection is gone; counted as an error already unless CONN_EOF
	 * with nothing outstanding. */
	void (*end)(struct flow *f, enum conn_end why);
};

struct flow {
	struct conn conn;		/* first: a flow is found from it */
	const struct flow_ops *ops;
	uint64_t base;			/* of its pattern */
	uint64_t want, sent, got;	/* bytes: to send, queued, received */
	uint64_t opened;		/* when flow_open() was called */
	unsigned asked, replies;	/* messages of this connection */
	uint64_t total;			/* messages of all its connections */
	uint64_t *start;		/* of each message in flight */
	unsigned cap;			/* of start, a power of two */
	uint8_t up;			/* this connection was established */
};

/* Makes flow number @id, idle. */
void flow_init(struct flow *f, unsigned id, const struct flow_ops *ops);

/* Starts to connect; a failure is counted and returned as -1. */
int flow_open(struct flow *f, uint64_t now);

/* Sends one more message, whose latency counts from @start. */
void flow_send(struct flow *f, uint64_t start);

/* Messages sent and not yet answered. */
unsigned flow_in_flight(const struct flow *f);

/* Frees what flow_init() and flow_send() took. */
void flow_free(struct flow *f);

#endif
