/*
 * conn.h: one outgoing TCP connection on lwIP.
 *
 * The owner embeds a struct conn and gives it callbacks; they may call
 * conn_write(), conn_shutdown() and conn_abort() on the same connection.
 * After `end` the connection is idle again and may be opened anew, but not
 * from within the callback.
 */
#ifndef LOAD_CONN_H
#define LOAD_CONN_H

#include <stddef.h>
#include <stdint.h>

struct tcp_pcb;
struct pbuf;
struct conn;

/* How a connection ended. */
enum conn_end {
	CONN_EOF,			/* the peer closed after we had */
	CONN_EOF_EARLY,			/* the peer closed before we had */
	CONN_REFUSED,			/* reset while opening */
	CONN_RESET,
	CONN_TIMEOUT,			/* given up after retransmissions */
	CONN_UNCLOSED,			/* no FIN within 5 s of ours */
	CONN_NO_PORT,			/* no free local port, no memory */
};

struct conn_ops {
	void (*up)(struct conn *c);
	void (*data)(struct conn *c, const uint8_t *p, size_t n);
	void (*room)(struct conn *c);	/* more can be written */
	void (*end)(struct conn *c, enum conn_end why);
};

enum conn_state { CONN_IDLE, CONN_OPENING, CONN_UP, CONN_SHUT };

struct conn {
	struct tcp_pcb *pcb;
	const struct conn_ops *ops;
	enum conn_state state;
	unsigned id;
	uint32_t ip;			/* ours, host byte order */
	uint16_t port;
	uint64_t shut_at;		/* when we sent our FIN, ns */
	uint8_t aborted;		/* within a callback */
};

/*
 * Starts to connect idle @c to the peer's opt.port.  Returns 0, or -1 when
 * no port or memory was left (end is not called then).
 */
int conn_open(struct conn *c, const struct conn_ops *ops);

/*
 * Queues up to @n bytes and returns how many were taken (0 to @n).  The bytes
 * must stay unchanged for good unless @copy.  Sent by conn_push(), or when
 * the callback that queued them returns.
 */
size_t conn_write(struct conn *c, const void *p, size_t n, int copy);

/* Sends what is queued. */
void conn_push(struct conn *c);

/*
 * Sends FIN after what is queued; `end` follows when the peer's has come, or
 * is overdue: then the connection is reset.
 */
void conn_shutdown(struct conn *c);

/* Resets and forgets the connection; `end` is not called. */
void conn_abort(struct conn *c);

/* A connection's end in words, and counted as an error in the statistics. */
const char *conn_end_name(enum conn_end why);

#endif
