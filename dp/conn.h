/*
 * conn.h: a TCP connection between lwIP (callbacks, tcp.c) and the
 * application (calls, tcpcall.c).
 *
 * Received pbufs lie in a queue, oldest first, each its own receive buffer:
 * those already shown to the application, then those that are not. What is
 * to be told waits in the connection and is posted by tcp_emit() when there
 * is room, always in the order connected, received, sent, dead.
 */
#ifndef JIX_DP_CONN_H
#define JIX_DP_CONN_H

#include "dp/libos.h"
#include "lib/lwip/tcp_buckets.h"
#include "lwip/tcp.h"

#define CONNS		JIX_TCP_CONNS
#define LISTENERS	64
#define SEND_REFS	8192

enum conn_state {
	CONN_FREE = 0,
	CONN_KNOCK,		/* accepted by lwIP, not by the application */
	CONN_CONNECTING,
	CONN_OPEN,
	CONN_CLOSED,		/* by the application; not by lwIP yet */
	CONN_DYING,		/* dead was posted; stays while bytes shown to
				   the application are not given back */
};

/* What is to be told. */
#define TELL_KNOCK	1u
#define TELL_CONNECTED	2u
#define TELL_RECV	4u
#define TELL_EOF	8u
#define TELL_SENT	16u
#define TELL_DEAD	32u

/* A receive buffer referenced by sent data, until `end` is acknowledged. */
struct send_ref {
	struct send_ref *next;
	struct rxbuf *rx;
	uint64_t end;		/* offset in the outgoing stream */
};

struct conn {
	struct tcp_pcb *pcb;	/* null: lwIP has given it up */
	uint64_t cookie;
	uint32_t gen;
	uint8_t state;		/* enum conn_state */
	uint8_t tell;		/* TELL_* */
	bool listed;		/* among those with something to tell */
	int8_t error;		/* E_*, for TELL_CONNECTED and TELL_DEAD */
	uint32_t unread;	/* bytes shown and not given back */
	uint32_t head_done;	/* of which given back of the first buffer */
	struct rxbuf *rx_first, *rx_last;
	struct rxbuf *rx_show;	/* first not shown, null: all are */
	uint32_t acked_untold;	/* bytes acknowledged, not yet told */
	uint64_t written, acked;	/* offsets in the outgoing stream */
	struct send_ref *refs, *refs_last;
	uint64_t ack_tx;	/* tx_last_zero_copy at the last ACK */
	struct conn *next;	/* free list or tell list */
};

struct listener {
	struct tcp_pcb *pcb;	/* null: free */
	uint64_t cookie;
	uint32_t gen;
};

extern struct conn conns[CONNS];
extern struct listener listeners[LISTENERS];

static inline uint64_t
conn_handle(const struct conn *c)
{
	return IX_HANDLE(c->gen, core, HANDLE_CONN, c - conns);
}

struct conn *conn_alloc(void);
/* Let go of everything that c holds, and of the slot. */
void conn_free(struct conn *c);
/* The application is done with c; it waits for the last acknowledgement. */
void conn_close_later(struct conn *c);
void conn_tell(struct conn *c, uint32_t what);
/* Attach c to lwIP's connection. */
void conn_attach(struct conn *c, struct tcp_pcb *pcb);
/* lwIP shall not call back any more. */
void conn_detach(struct conn *c);
/* lwIP's callbacks that the calls install. */
err_t conn_accepted(void *arg, struct tcp_pcb *pcb, err_t err);
err_t conn_connected(void *arg, struct tcp_pcb *pcb, err_t err);
/* Data of a receive buffer has been sent up to stream offset end. */
struct send_ref *send_ref_get(void);
void send_ref_put(struct send_ref *ref);
void send_ref_add(struct conn *c, struct send_ref *ref, struct rxbuf *rx,
		  uint64_t end);
extern uint32_t send_refs_free;

#endif
