/*
 * ev.h: the inside of the event layer (inc/ixev.h): event.c has the rounds,
 * evconn.c connections, evsend.c their sending half, evudp.c datagrams,
 * evtimer.c timers.
 */
#ifndef JIX_LIB_IX_EV_H
#define JIX_LIB_IX_EV_H

#include "inc/assert.h"
#include "inc/dp.h"
#include "inc/error.h"
#include "inc/ixev.h"
#include "inc/ring.h"

/*
 * Received bytes not yet taken. A receive buffer is in one list at most, so
 * each has its record, found by its address, and no list can run out of them.
 */
struct ev_seg {
	struct ev_seg *next;
	const char *addr;
	uint32_t len;
	uint64_t peer;		/* of a datagram */
};

struct ev_queue {
	struct ev_seg *first, *last;	/* first is null: empty */
};

/* Bytes to be sent, or sent and not released: in place or copied here. */
struct ev_ref {
	struct ev_ref *next;
	const char *addr;
	uint32_t len;
	uint32_t room;		/* of copied bytes: capacity */
	uint32_t taken;		/* by the libOS */
	bool held;		/* some were taken in place */
	uint64_t end;		/* stream offset of its end, once all taken */
	ixev_done_fn done;
	void *arg;
};

enum ev_state {
	EV_KNOCK = 0,		/* waits for ixev_accept() */
	EV_DIALING,
	EV_OPEN,
	EV_DEAD,		/* the handle is 0, or only gives bytes back */
	EV_GONE,		/* freed as soon as no list has it */
};

#define EV_WANT_ACCEPT	1u
#define EV_WANT_FIN	2u
#define EV_WANT_CLOSE	4u	/* the program has let go of it */
#define EV_WANT_ABORT	8u
#define EV_DID_FIN	16u
#define EV_DID_CLOSE	32u

struct ixev {
	uint8_t state;		/* enum ev_state */
	uint8_t want;		/* EV_WANT_*, EV_DID_* */
	uint8_t held;		/* its handler is running */
	bool dirty, ready;	/* in the list */
	bool eof;		/* received; bytes may lie before it */
	bool blocked;		/* no room in the libOS until IX_EV_SENT */
	bool told_no;		/* a send was refused: OUT shall follow */
	uint8_t refs;		/* in the send list */
	int16_t error;		/* negative */
	uint64_t handle;
	uint32_t mask, news;	/* IXEV_* */
	ixev_fn fn;
	void *arg;
	struct ixev *next_dirty, *next_ready;

	struct ev_queue rx;
	uint32_t rx_bytes;	/* in rx */
	uint32_t lent;		/* taken in place, not given back */
	uint64_t done_bytes;	/* to be given back */

	struct ev_ref *out;	/* oldest not released */
	struct ev_ref *out_next;	/* oldest not all taken by the libOS */
	struct ev_ref *out_last;
	uint32_t queued;	/* bytes in the list */
	uint32_t offered;	/* of them in the batch */
	uint64_t taken, acked;	/* stream offsets */

	uint64_t peer;
	struct ixev_listener *listener;	/* while waiting */
	struct ixev *next_waiting;
};

struct ixev_listener {
	uint64_t handle;
	ixev_fn fn;
	void *arg;
	struct ixev *waiting, *waiting_last;	/* oldest first */
};

struct ixev_udp {
	bool ready;
	uint64_t handle;
	struct ev_queue rx;
	ixev_udp_fn fn;
	void *arg;
	struct ixev_udp *next_ready;
};

#define EV_SEGS		DP_RX_BUFFERS
#define EV_IOVS		2048
#define EV_QUEUE_MAX	(128u << 10)	/* bytes of a connection */
#define EV_REFS_MAX	64		/* pieces of a connection */
#define EV_RETRY_US	1000	/* after the libOS was out of memory */
#define EV_LOOK_US	10000	/* results of sends are looked at by then */

/* What the result of a call is handed to. */
typedef void (*ev_result_fn)(void *obj, int64_t result);

/* One core's event layer. */
struct ev_core {
	struct ixev *dirty, *dirty_last;
	struct ixev *ready, *ready_last;
	struct ixev_udp *udp_ready;
	struct ev_seg *udp_done;	/* to be given back */
	uint32_t ntimers;	/* that are set */
	bool retry;		/* the libOS was out of memory */
	uint32_t niov;
	uint64_t pool;		/* address of the receive buffers */
	struct ev_ref *free_refs;	/* without room */
	struct ix_iovec iov[EV_IOVS];
	bool look_again;	/* a result of the batch decides what follows */
	bool taking;		/* results: calls would overwrite them */
	struct ixev *sender;	/* whose IX_SENDV can still grow, or null */
	struct ix_call *sendv;	/* that call; its array ends at niov */
	struct {
		ev_result_fn fn;	/* who wants the result, or null */
		void *obj;
	} batch[IX_CALLS];
	struct ev_seg seg[EV_SEGS];
};
extern _Thread_local struct ev_core ev;

/* --- event.c ------------------------------------------------------------ */

/* Carry out one call now: not while results are taken. */
int64_t ev_call_now(enum ix_call_op op, uint64_t a, uint64_t b, uint64_t c);

/*
 * Add a call to the batch; fn(obj, result), unless fn is null, when it has been
 * carried out. The call, or null: no room.
 */
static inline struct ix_call *
ev_call(ev_result_fn fn, void *obj, enum ix_call_op op, uint64_t a,
	uint64_t b, uint64_t c, uint64_t d)
{
	uint32_t i = ix.ncalls;
	struct ix_call *call;

	if (unlikely(ev.taking))
		return NULL;
	call = ix_call(op, a, b, c, d);
	if (likely(call)) {
		ev.batch[i].fn = fn;
		ev.batch[i].obj = obj;
	}
	return call;
}

/* c wants something of the next batch. */
static inline void
ev_mark_dirty(struct ixev *c)
{
	if (c->dirty)
		return;
	c->dirty = true;
	c->next_dirty = NULL;
	if (ev.dirty)
		ev.dirty_last->next_dirty = c;
	else
		ev.dirty = c;
	ev.dirty_last = c;
}

/* Something new for c's handler. */
static inline void
ev_tell(struct ixev *c, uint32_t what)
{
	what &= c->mask | IXEV_HUP | IXEV_NEW;
	c->news |= what;
	if (!what || !c->fn || c->ready)
		return;
	c->ready = true;
	c->next_ready = NULL;
	if (ev.ready)
		ev.ready_last->next_ready = c;
	else
		ev.ready = c;
	ev.ready_last = c;
}

/* The record of the receive buffer that addr lies in, or null. */
static inline struct ev_seg *
ev_seg_at(uint64_t addr)
{
	uint64_t i = (addr - ev.pool) / RING_RX_BUFFER;

	return likely(i < EV_SEGS) ? &ev.seg[i] : NULL;
}

/* What event e shows, to the end of a queue. */
static inline struct ev_seg *
ev_queue_put(struct ev_queue *q, const struct ix_event *e)
{
	struct ev_seg *seg = ev_seg_at(e->a);

	if (unlikely(!seg))
		panic("the libOS showed %lx, not a receive buffer", e->a);
	seg->next = NULL;
	seg->addr = (const char *)e->a;
	seg->len = e->n;
	if (q->first)
		q->last->next = seg;
	else
		q->first = seg;
	q->last = seg;
	return seg;
}

/* --- evconn.c ----------------------------------------------------------- */

/* Put what c wants done in the batch; false: no room for all of it. */
bool ev_conn_calls(struct ixev *c);
/* Events. */
void ev_conn_knock(struct ixev_listener *l, const struct ix_event *e);
void ev_conn_connected(struct ixev *c, int error);
void ev_conn_received(struct ixev *c, const struct ix_event *e);
void ev_conn_sent(struct ixev *c, uint32_t n);
/* No more events of c will come. */
void ev_conn_dead(struct ixev *c, int error);
/* Free c if nothing refers to it any more. */
void ev_conn_put(struct ixev *c);

/* --- evsend.c ----------------------------------------------------------- */

/* Offer what waits. False: no room in the batch. */
bool ev_send_calls(struct ixev *c);
/* Release what need not stay any longer; everything. */
void ev_send_release(struct ixev *c);
void ev_send_release_all(struct ixev *c);

/* --- evudp.c ------------------------------------------------------------ */

void ev_udp_calls(void);
void ev_udp_received(struct ixev_udp *u, const struct ix_event *e);
/* The memory of a datagram, named by the address of its bytes, is free. */
void ev_udp_sent(uint64_t addr);
void ev_udp_dispatch(void);

/* --- evtimer.c ---------------------------------------------------------- */

/* Microseconds until the first of ev.ntimers, at most usec. */
uint64_t ev_timer_wait(uint64_t usec);
void ev_timer_dispatch(void);

#endif
