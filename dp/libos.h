/*
 * libos.h: the parts of the libOS and how they fit.
 *
 * One copy of everything declared here runs on each core of a dataplane, in
 * ring 1, single-threaded: from the moment the application enters by
 * `int 0x40` until it returns. Nothing is shared between cores but the common
 * region (struct dp_common), where each cache line has one writer.
 *
 *	main.c	start: configuration, memory, rings, then the application
 *	loop.c	the run loop, plain calls
 *	count.c	what others can see of it
 *	calls.c	batched calls: reading them, checking addresses
 *	rxbuf.c	receive buffers; rx.c receives, tx.c sends
 *	tcp.c tcpcall.c udp.c	lwIP on one side, calls and events on the other
 *	timer.c	the application's timers; ping.c its echo requests
 *	arp.c	bindings between cores
 *	kcall.c	the kernel (int 0x41), printing, physical addresses
 */
#ifndef JIX_DP_LIBOS_H
#define JIX_DP_LIBOS_H

#include "inc/dp.h"
#include "inc/error.h"
#include "inc/ix.h"
#include "inc/ring_nic.h"
#include "inc/string.h"
#include "inc/trace.h"
#include "inc/types.h"
#include "inc/x86.h"
#include "lwip/netif.h"
#include "lwip/pbuf.h"

/* Sends up to this many bytes are copied: cheaper than a reference. */
#define DP_SMALL_SEND	512

#define boot		((const struct dp_boot *)DP_BOOT)
#define common		((struct dp_common *)DP_COMMON)

/* This core's place, and its published statistics and area. */
extern uint32_t core;
extern struct dp_stats *stats;
extern struct ix_area *area;
extern struct netif netif;
extern uint64_t tsc_per_us;

/*
 * A station of a packet's way (inc/trace.h): main.c keeps this core's ring,
 * the kernel exports it.
 */
extern bool tracing;
void trace_record(enum station s, uint64_t a, uint64_t b);

static inline void
trace(enum station s, uint64_t a, uint64_t b)
{
	if (unlikely(tracing))
		trace_record(s, a, b);
}

/* --- kcall.c ----------------------------------------------------------- */

static inline int64_t
kcall(uint64_t number, uint64_t a, uint64_t b)
{
	int64_t result;

	__asm__ volatile("int $0x41"
			 : "=a"(result) : "a"(number), "D"(a), "S"(b)
			 : "memory", "cc");
	return result;
}

/* Ask the kernel for the addresses of private memory. At start. */
void dp_phys_init(void);
/*
 * The one place that knows DMA addresses. pa of va and, in *run, how many of
 * the next bytes are contiguous with it. For memory of the libOS and for
 * application memory that ix_range_ok() has accepted.
 */
physaddr_t dp_dma_addr(uint64_t va, uint32_t *run);
/* Is [va, va + len) the application's own memory, readable? Not its RX pool. */
bool dp_user_ok(uint64_t va, uint64_t len);

/* --- rxbuf.c ----------------------------------------------------------- */

enum rxbuf_state {
	RXBUF_HIDDEN = 0,	/* free, in a ring, in lwIP, in a queue */
	RXBUF_UDP,		/* shown to the application: a datagram */
	RXBUF_FRAME,		/* shown to the application: a frame */
	RXBUF_TCP,		/* shown to the application: part of a stream */
};

struct rxbuf {
	struct pbuf_custom pc;	/* first: lwIP's view */
	uint8_t *mem;		/* as the libOS sees it */
	physaddr_t pa;
	struct rxbuf *next;	/* of a connection's queue */
	uint64_t shown;		/* address given to the application */
	uint16_t len;		/* bytes shown */
	uint8_t state;		/* enum rxbuf_state */
};

void rxbuf_init(void);
/* Free buffers, and one of them; there must be one. */
extern uint32_t rxbuf_nfree;
extern struct rxbuf *rxbuf_free_stack[DP_RX_BUFFERS];

static inline struct rxbuf *
rxbuf_get(void)
{
	return rxbuf_free_stack[--rxbuf_nfree];
}

static inline void
rxbuf_put(struct rxbuf *b)
{
	rxbuf_free_stack[rxbuf_nfree++] = b;
}

/* A pbuf over len bytes of the buffer, owned by the caller. */
struct pbuf *rxbuf_pbuf(struct rxbuf *b, uint32_t len);
/* What to add to an address in DP_RXPOOL for the application's view of it. */
extern uint64_t rxbuf_view;

/* Remember that b's payload is shown; the application's address of it. */
static inline uint64_t
rxbuf_show(struct rxbuf *b, const void *payload, uint32_t len,
	   enum rxbuf_state state)
{
	b->state = state;
	b->len = len;
	b->shown = (uint64_t)payload + rxbuf_view;
	return b->shown;
}

/* The buffer in which an address of the application lies, or null. */
struct rxbuf *rxbuf_at(uint64_t addr);
/* The buffer whose shown bytes include [addr, addr + len), or null. */
struct rxbuf *rxbuf_shown(uint64_t addr, uint64_t len);

/* --- rx.c, tx.c -------------------------------------------------------- */

void rx_init(void);
/* Process up to `bound` frames; the number, 0 if there were none. */
uint32_t rx_poll(uint32_t bound);
/* Frames in the ring, at least `known`: see ring_rx_ready(). */
uint32_t rx_ready(uint32_t known);
/* Tell the NIC of posted buffers; are they worth a write by now? */
void rx_doorbell(void);
bool rx_doorbell_due(void);
void tx_init(void);
/* Give back what has been sent; false: nothing was. */
bool tx_reclaim(void);
void tx_doorbell(void);
/* netif->linkoutput. */
err_t tx_pbuf(struct netif *nif, struct pbuf *p);
/* A received frame back to its sender. 0 or -E_AGAIN (the buffer stays). */
int64_t tx_bounce(struct rxbuf *b);
bool tx_idle(void);
/*
 * Frames put in the ring and frames reported sent, counted from the start;
 * and the number of the last frame put that refers to memory in place.
 */
extern uint64_t tx_put_count, tx_done_count, tx_last_zero_copy;

/* Frame mode: events instead of the stack. */
extern bool frames_on;
extern uint64_t frames_cookie;

/* --- loop.c ------------------------------------------------------------ */

void loop_init(void);
/* Where the next event goes, in area->events. */
extern struct ix_event *event_next;

static inline uint32_t
event_count(void)
{
	return event_next - area->events;
}

static inline bool
event_room(void)
{
	return event_next < area->events + IX_EVENTS;
}

/* Room has been checked. */
static inline void
event_post(uint32_t type, int32_t n, uint64_t cookie, uint64_t a, uint64_t b)
{
	struct ix_event *e = event_next++;

	e->type = type;
	e->n = n;
	e->cookie = cookie;
	e->a = a;
	e->b = b;
}

/* --- count.c: what a core publishes ------------------------------------- */

/* What is noted with every batch; the rest is made of it and of *stats. */
struct seen {
	uint64_t looked;	/* TSC of the last look at the receive ring */
	uint64_t waited;	/* twice the ticks that frames lay there */
	uint64_t deepest;	/* frames found at most, in this second */
	uint64_t events;	/* events of one return at most */
	uint64_t batch;		/* of so many frames count_rest() must know */
	uint64_t left, left_sum;	/* frames beyond a full batch */
};
extern struct seen seen;

void count_rest(uint32_t n, uint64_t since);
/* All that others can see, made fresh; and a second has passed. */
void count_publish(void);
void count_second(uint64_t now);

/* n frames were taken; the ring was last looked at `since` ticks ago. */
static inline void
count_frames(uint32_t n, uint64_t since)
{
	seen.waited += n * since;
	if (n > seen.deepest)
		seen.deepest = n;
	if (unlikely(n >= seen.batch))
		count_rest(n, since);
}

/* The application gets n events. */
static inline void
count_events(uint32_t n)
{
	stats->events += n;
	stats->event_stops += !event_room();
	if (n > seen.events)
		seen.events = n;
}

/* --- calls.c ----------------------------------------------------------- */

void calls_run(uint32_t n);

/* A gather element whose memory has been checked. */
struct span {
	uint64_t addr;		/* in the libOS's view of it */
	uint32_t len;
	struct rxbuf *rx;	/* it lies in this held buffer */
};
/*
 * Read and check an array of struct ix_iovec: each word once. Spans, or a
 * negative error; *total is the sum of lengths, at most max.
 */
int spans_read(uint64_t iov, uint64_t n, struct span *out, uint32_t max,
	       uint32_t *total);
int span_check(uint64_t addr, uint64_t len, struct span *out);

/* Copy a short message without a call. */
static inline void
copy_small(void *dst, const void *src, uint32_t len)
{
	char *d = dst;
	const char *s = src;

	for (; len >= 32; len -= 32, d += 32, s += 32)
		__builtin_memcpy(d, s, 32);
	for (; len >= 8; len -= 8, d += 8, s += 8)
		__builtin_memcpy(d, s, 8);
	for (; len > 0; len--)
		*d++ = *s++;
}

/* --- handles (calls.c) ------------------------------------------------- */

enum handle_kind {
	HANDLE_CONN = 1,
	HANDLE_LISTEN,
	HANDLE_UDP,
};

/* The first generation of a slot: no handle of another run fits. */
uint32_t handle_first_gen(uint32_t kind, uint32_t index);
uint32_t handle_next_gen(uint32_t gen);

// @exercise handle_check 5 'Tell stale and forged handles'
/* Does h name slot `index` < limit of `kind` on this core? The index or -1. */
static inline int64_t
handle_index(uint64_t h, uint32_t kind, uint32_t limit)
{
	if (IX_HANDLE_KIND(h) != kind || IX_HANDLE_CORE(h) != core ||
	    IX_HANDLE_INDEX(h) >= limit)
		return -1;
	return IX_HANDLE_INDEX(h);
}
// @end

/* --- udp.c ------------------------------------------------------------- */

void udp_mod_init(void);
int64_t call_udp_bind(uint64_t port, uint64_t cookie);
int64_t call_udp_close(uint64_t handle);
int64_t call_udp_send(uint64_t handle, uint64_t addr, uint64_t len,
		      uint64_t peer);
int64_t call_udp_sendv(uint64_t handle, uint64_t iov, uint64_t n,
		       uint64_t peer);
int64_t call_udp_recv_done(uint64_t addr);
/* Post what waits for room. */
void udp_emit(void);

/* --- tcp.c, tcpcall.c -------------------------------------------------- */

void tcp_mod_init(void);
int64_t call_listen(uint64_t port, uint64_t backlog, uint64_t cookie);
int64_t call_unlisten(uint64_t handle);
int64_t call_connect(uint64_t ip, uint64_t port, uint64_t cookie);
int64_t call_accept(uint64_t handle, uint64_t cookie);
int64_t call_reject(uint64_t handle);
int64_t call_sendv(uint64_t handle, uint64_t iov, uint64_t n);
int64_t call_recv_done(uint64_t handle, uint64_t bytes);
int64_t call_close(uint64_t handle);
int64_t call_abort(uint64_t handle);
int64_t call_shutdown(uint64_t handle);
/* Post events of connections that have some, as far as there is room. */
void tcp_emit(void);
/* Anything left to post? */
bool tcp_pending(void);

/* --- ping.c ------------------------------------------------------------ */

int64_t call_ping(uint64_t ip, uint64_t cookie);
/* A request has not been answered. */
extern bool ping_waiting;
/* Is this frame the answer to it? Posts the event; the frame is not kept. */
bool ping_reply(const uint8_t *mem, uint32_t len);

/* --- timer.c, arp.c ---------------------------------------------------- */

int64_t call_timer(uint64_t usec, uint64_t cookie);
/* TSC of the next timer, ~0: none; post those that are due. */
extern uint64_t timer_next;
void timer_expire(uint64_t now);

/* netif->output: neighbour_output() with a memory for the last destinations. */
err_t arp_output(struct netif *n, struct pbuf *p, const ip4_addr_t *to);
/* Ask lwIP's table again; with every ARP frame, and every second. */
void arp_forget(void);
/* After lwIP has seen a frame that is not IPv4: publish an ARP binding. */
void arp_publish(const uint8_t *frame, uint32_t len);
/* Take over what the core of queue 0 has learned. */
void arp_import(void);
extern uint64_t arp_seen;

#endif
