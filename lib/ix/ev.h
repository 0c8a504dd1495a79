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

/* What a cookie or a call in the batch points to begins with its kind. */
enum ev_kind {
	EV_CONN = 1,
	EV_LISTENER,
	EV_UDP,
	EV_SYNC,
	EV_DATAGRAM,
};

struct ev_obj {
	uint32_t kind;		/* enum ev_kind */
};

/* A call whose result is waited for. */
struct ev_sync {
	struct ev_obj obj;
	int64_t result;
};

/*
 * Received bytes not yet taken. A receive buffer is in one list at most, so
 * each has its record, found by its address, and no list can run out of them.
 */
struct ev_seg {
	uint32_t next;		/* index + 1; 0: the last */
	uint16_t off, len;	/* in the buffer */
	uint64_t peer;		/* of a datagram */
};

struct ev_queue {
	uint32_t first, last;	/* index + 1; 0: empty */
};

/* Bytes to be sent, or sent and not released: in place or copied here. */
struct ev_ref {
	struct ev_ref *next;
	const char *addr;
	uint32_t len;
	uint32_t room;		/* of copied bytes: capacity */
	uint32_t taken;		/* by the libOS */
	bool held;		/* some were taken in place */
	bool rx;		/* they lie in a receive buffer */
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
	struct ev_obj obj;
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
	struct ev_obj obj;
	uint64_t handle;
	ixev_fn fn;
	void *arg;
	struct ixev *waiting, *waiting_last;	/* oldest first */
};

struct ixev_udp {
	struct ev_obj obj;
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

/* One core's event layer. */
struct ev_core {
	struct ixev *dirty, *dirty_last;
	struct ixev *ready, *ready_last;
	struct ixev_udp *udp_ready;
	uint32_t udp_done;	/* segs to give back: index + 1 */
	bool retry;		/* the libOS was out of memory */
	uint32_t niov;
	uint64_t pool;		/* address of the receive buffers */
	struct ev_ref *free_refs;	/* without room */
	struct ix_iovec iov[EV_IOVS];
	bool look_again;	/* a result of the batch decides what follows */
	bool sending;		/* there is an IX_SENDV in the batch */
	struct {
		struct ev_obj *obj;	/* whose call it is, or null */
		enum ix_call_op op;
	} batch[IX_CALLS];
	struct ev_seg seg[EV_SEGS];
};
extern _Thread_local struct ev_core ev;

/* --- event.c ------------------------------------------------------------ */

/* Carry out one call now. */
int64_t ev_call_now(enum ix_call_op op, uint64_t a, uint64_t b, uint64_t c);

/* Add a call to the batch in the name of obj; false: no room. */
static inline bool
ev_call(struct ev_obj *obj, enum ix_call_op op, uint64_t a, uint64_t b,
	uint64_t c, uint64_t d)
{
	uint32_t i = ix.ncalls;

	if (!ix_call(op, a, b, c, d))
		return false;
	ev.batch[i].obj = obj;
	ev.batch[i].op = op;
	return true;
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

static inline void
ev_queue_put(struct ev_queue *q, uint64_t addr, uint32_t len, uint64_t peer)
{
	uint64_t off = addr - ev.pool;
	uint32_t i = off / RING_RX_BUFFER;

	if (unlikely(off >= (uint64_t)EV_SEGS * RING_RX_BUFFER))
		panic("the libOS showed %lx, not a receive buffer", addr);
	ev.seg[i].next = 0;
	ev.seg[i].off = off % RING_RX_BUFFER;
	ev.seg[i].len = len;
	ev.seg[i].peer = peer;
	if (q->first)
		ev.seg[q->last - 1].next = i + 1;
	else
		q->first = i + 1;
	q->last = i + 1;
}

/* The first record, or null; it stays. */
static inline struct ev_seg *
ev_queue_first(const struct ev_queue *q)
{
	return q->first ? &ev.seg[q->first - 1] : NULL;
}

static inline void
ev_queue_pop(struct ev_queue *q)
{
	q->first = ev.seg[q->first - 1].next;
}

static inline const char *
ev_seg_addr(const struct ev_seg *seg)
{
	return (const char *)(ev.pool + (uint64_t)(seg - ev.seg) *
			      RING_RX_BUFFER + seg->off);
}

/* --- evconn.c ----------------------------------------------------------- */

/* Put what c wants done in the batch; false: no room for all of it. */
bool ev_conn_calls(struct ixev *c);
void ev_conn_result(struct ixev *c, enum ix_call_op op, int64_t result);
void ev_conn_event(struct ixev *c, const struct ix_event *e);
void ev_listener_event(struct ixev_listener *l, const struct ix_event *e);
/* No more events of c will come. */
void ev_conn_dead(struct ixev *c, int error);
/* Free c if nothing refers to it any more. */
void ev_conn_put(struct ixev *c);

/* --- evsend.c ----------------------------------------------------------- */

bool ev_send_calls(struct ixev *c);
void ev_send_result(struct ixev *c, int64_t result);
/* Release what is acknowledged, or with `all` everything. */
void ev_send_release(struct ixev *c, bool all);

/* --- evudp.c ------------------------------------------------------------ */

void ev_udp_calls(void);
void ev_udp_event(struct ixev_udp *u, const struct ix_event *e);
void ev_udp_result(struct ev_obj *obj, int64_t result);
void ev_udp_dispatch(void);

/* --- evtimer.c ---------------------------------------------------------- */

/* Microseconds until the first timer, at most usec. */
uint64_t ev_timer_wait(uint64_t usec);
void ev_timer_dispatch(void);

#endif
