/*
 * ixev.h: libix's event layer, in the manner of libevent: connections with
 * handlers, instead of arrays of calls and events (inc/ix.h). Each core has
 * its own; nothing here may be passed to another core.
 *
 * What a handler does is noted, not carried out: one entry into the libOS per
 * round takes everything at once, for each connection one IX_SENDV and one
 * IX_RECV_DONE, however often the program sent and received. Handlers are
 * called by ixev_run() only, never from inside another call, and only when
 * something is new: a handler that leaves bytes unread is called again when
 * more arrive.
 */
#ifndef JIX_INC_IXEV_H
#define JIX_INC_IXEV_H

#include "inc/ix.h"
#include "inc/libix.h"

struct ixev;			/* a connection; the library's memory */
struct ixev_listener;
struct ixev_udp;

#define IXEV_NEW	1u	/* of a listener: a connection to accept */
#define IXEV_IN		2u	/* bytes, or the end of the stream */
#define IXEV_OUT	4u	/* connected; or room after -E_AGAIN */
#define IXEV_HUP	8u	/* broken: ixev_error(); what was received
				   before can still be taken */

/* what: IXEV_*, those that the handler was set for; HUP always. */
typedef void (*ixev_fn)(struct ixev *c, uint32_t what, void *arg);
/*
 * The memory of a send in place, n bytes, is the program's again. Called from
 * inside ixev_run(), perhaps while results of calls are read: it may send and
 * close, but neither listen, bind, nor end a round.
 */
typedef void (*ixev_done_fn)(void *arg, size_t n);

/*
 * One round: carry out what was asked for, process what arrived, call
 * handlers and due timers. Waits up to usec microseconds for something to
 * tell (0: does not wait, IX_FOREVER).
 */
void ixev_run(uint64_t usec);
/* A round without handlers: what they would be told is kept. */
void ixev_turn(uint64_t usec);

/* --- Connections -------------------------------------------------------- */

/*
 * Listen on a port; fn(c, IXEV_NEW, arg) for each connection, which waits
 * until ixev_accept() or ixev_close() and counts against backlog (1 to 255)
 * meanwhile. 0 and *out, -E_ADDR_IN_USE, -E_INVAL, -E_NO_MEM.
 */
int ixev_listen(uint16_t port, uint32_t backlog, ixev_fn fn, void *arg,
		struct ixev_listener **out);
/* Stop listening; connections that wait are refused. */
void ixev_unlisten(struct ixev_listener *l);
/* The one that has waited longest, or null: for listeners without handler. */
struct ixev *ixev_waiting(const struct ixev_listener *l);
/* Take a connection that is waiting. */
void ixev_accept(struct ixev *c);
/*
 * Connect to ip:port (host byte order); the handler is told OUT or HUP. Null:
 * no memory.
 */
struct ixev *ixev_dial(uint32_t ip, uint16_t port, ixev_fn fn, void *arg);
/* Who is told of the events in mask from now on. */
void ixev_set_handler(struct ixev *c, uint32_t mask, ixev_fn fn, void *arg);

/*
 * Copy up to len received bytes: how many; 0: the end of the stream;
 * -E_AGAIN: none now; another error: the connection broke.
 */
ssize_t ixev_recv(struct ixev *c, void *buf, size_t len);
/*
 * The next received bytes in place: their number (0, errors as above) and in
 * *p their address in a receive buffer. They may be read until they are given
 * back, in order, by ixev_recv_done(), and no longer than until
 * ixev_close(); the peer's window opens only then.
 */
ssize_t ixev_recv_zc(struct ixev *c, const void **p);
void ixev_recv_done(struct ixev *c, size_t n);
/* Received bytes that wait to be taken. */
size_t ixev_pending(const struct ixev *c);
/* True if a receive call would not say -E_AGAIN; a send call. */
bool ixev_readable(const struct ixev *c);
bool ixev_writable(const struct ixev *c);

/*
 * Copy up to len bytes to be sent: how many were taken; -E_AGAIN: no room
 * (OUT follows); -E_NOT_CONN and the connection's error when it is over.
 */
ssize_t ixev_send(struct ixev *c, const void *buf, size_t len);
/*
 * Send len bytes from where they are, all or (-E_AGAIN) nothing. They must
 * stay until done(arg, len): after their acknowledgement, or when the
 * connection is gone; of received bytes as soon as the libOS has its own
 * reference to them. done may be null.
 */
int ixev_send_zc(struct ixev *c, const void *p, size_t len,
		 ixev_done_fn done, void *arg);
/* After what was sent: the peer sees the end of the stream. */
int ixev_shutdown(struct ixev *c);
/*
 * The program is done with c: what was sent goes out, what was not received
 * resets the connection. Handlers are not called again; done functions are.
 */
void ixev_close(struct ixev *c);
/* End it by a reset. */
void ixev_abort(struct ixev *c);
/* How c broke: 0 or a negative error. */
int ixev_error(const struct ixev *c);
/* IX_PEER of the other side. */
uint64_t ixev_peer(const struct ixev *c);

/* --- Datagrams ---------------------------------------------------------- */

typedef void (*ixev_udp_fn)(struct ixev_udp *u, void *arg);

/* fn is told when datagrams have arrived. Port 0: any. */
int ixev_udp_bind(uint16_t port, ixev_udp_fn fn, void *arg,
		  struct ixev_udp **out);
/*
 * The next datagram in place, its length and sender; -E_AGAIN: none. Give its
 * address back by ixev_udp_recv_done().
 */
ssize_t ixev_udp_recv(struct ixev_udp *u, const void **p, uint64_t *peer);
void ixev_udp_recv_done(const void *p);
bool ixev_udp_readable(const struct ixev_udp *u);
/* Copy and send one; -E_TOO_BIG above 1472 bytes, -E_AGAIN. */
ssize_t ixev_udp_send(struct ixev_udp *u, const void *buf, size_t len,
		      uint64_t peer);
void ixev_udp_close(struct ixev_udp *u);

/* --- Timers ------------------------------------------------------------- */

/* The program's memory; zero it before its first use. */
struct ixev_timer {
	uint64_t when;		/* TSC */
	uint32_t place;		/* in the heap; 0: not set */
	void (*fn)(void *arg);
	void *arg;
};

/* Call fn(arg) once, usec from now. A set timer is set anew. -E_NO_MEM. */
int ixev_timer_set(struct ixev_timer *t, uint64_t usec, void (*fn)(void *),
		   void *arg);
void ixev_timer_cancel(struct ixev_timer *t);

#endif
