/*
 * count.h: the counters, always on, kept per CPU and per environment by the
 * kernel and shown read-only to everybody in the window UCOUNT; the libOS
 * keeps the same structure for its core. One list names them all.
 */
#ifndef JIX_INC_COUNT_H
#define JIX_INC_COUNT_H

#include "inc/types.h"

/* X(name, what one of it is) */
#define COUNTERS(X) \
	X(requests, "requests that applications have answered") \
	X(traps, "entries into the kernel of any kind") \
	X(syscalls, "system calls") \
	X(irqs, "device interrupts") \
	X(timer_ticks, "LAPIC timer interrupts") \
	X(ipis, "interprocessor interrupts taken") \
	X(page_faults, "page faults") \
	X(upcalls, "page faults passed up to user handlers") \
	X(env_switches, "changes of the environment on a CPU") \
	X(thread_switches, "changes of thread inside an environment") \
	X(yields, "voluntary yields") \
	X(ipc_sends, "IPC messages delivered") \
	X(ipc_pages, "pages passed by IPC") \
	X(ipc_fails, "IPC sends refused") \
	X(pages_mapped, "user page mappings made") \
	X(pages_unmapped, "user page mappings removed") \
	X(tlb_shootdowns, "TLB shootdowns sent") \
	X(locks, "big kernel lock acquisitions") \
	X(lock_spins, "TSC ticks spent waiting for the big lock") \
	X(crossings, "ring 3 entries into the libOS (ring 1)") \
	X(dp_calls, "libOS calls into the kernel") \
	X(rx_frames, "frames received") \
	X(rx_bytes, "bytes received") \
	X(rx_dropped, "frames dropped for want of a buffer") \
	X(rx_malformed, "frames dropped as malformed") \
	X(tx_frames, "frames sent") \
	X(tx_bytes, "bytes sent") \
	X(tx_full, "sends refused: the ring was full") \
	X(doorbells, "tail register writes") \
	X(polls, "polls of a receive ring") \
	X(polls_empty, "polls that found nothing") \
	X(idle_rounds, "rounds of polling with nothing else to run") \
	X(idle_halts, "times the CPU was halted for want of work") \
	X(idle_tsc, "TSC ticks halted or polling without work") \
	X(kernel_tsc, "TSC ticks in the kernel") \
	X(user_tsc, "TSC ticks in ring 3") \
	X(libos_tsc, "TSC ticks of useful work in the libOS")

/* Where payload is copied, bytes and how often. X(name, what) */
#define COPY_SITES(X) \
	X(dma_to_page, "receive: DMA buffer to the input environment's page") \
	X(page_to_pbuf, "receive: page to lwIP's pbuf") \
	X(pbuf_to_req, "receive: pbuf to the request page") \
	X(req_to_app, "receive: request page to the application") \
	X(app_to_req, "send: application to the request page") \
	X(req_to_pbuf, "send: request page into lwIP's segment") \
	X(pbuf_to_page, "send: pbuf to the output environment's page") \
	X(page_to_dma, "send: page to the DMA buffer") \
	X(dp_small_send, "IX: short send copied into a buffer") \
	X(dp_stack, "IX: copied inside the stack") \
	X(libix_recv, "IX: receive buffer to the application, by its library") \
	X(libix_send, "IX: application to its library's buffer")

struct counters {
#define COUNT_FIELD(name, text) uint64_t name;
	COUNTERS(COUNT_FIELD)
#undef COUNT_FIELD
#define COPY_FIELD(name, text) uint64_t copy_##name;
	COPY_SITES(COPY_FIELD)
#undef COPY_FIELD
#define COPIES_FIELD(name, text) uint64_t copies_##name;
	COPY_SITES(COPIES_FIELD)
#undef COPIES_FIELD
};

/* One copy of n bytes at a site, in the struct counters at c. */
#define COUNT_COPY(c, site, n) \
	do { \
		(c)->copy_##site += (n); \
		(c)->copies_##site++; \
	} while (0)

/* Batches by size: bucket n counts batches of 2^n .. 2^(n+1)-1 frames. */
#define BATCH_BUCKETS	11

/*
 * What was seen of a queue: depth is what a look found, (taken + left) / looks
 * in the mean; what was taken lay there waited_tsc / taken in the mean.
 */
struct queue_point {
	uint64_t looks;		/* those that found something */
	uint64_t taken;
	uint64_t left;		/* after each look, summed up */
	uint64_t depth_max;
	uint64_t waited_tsc;	/* depth times TSC ticks */
};

/* A queue. Readers see to it that a second may have passed without a look. */
struct queue {
	struct queue_point now;		/* of the second under way */
	struct queue_point last;	/* of the second before it */
	struct queue_point before;	/* of all seconds before `now` */
	uint64_t second_ends;		/* TSC; passed: then `now` is over */
	uint64_t looked;		/* TSC of the last look */
	uint64_t depth;			/* as it left the queue */
};

/* Lab-6's queues, in the window UCOUNT_QUEUES. X(name, what lies there) */
#define QUEUES(X) \
	X(RX_RING, "frames in the NIC's receive ring") \
	X(NS_SENDERS, "messages that wait for ns to receive")

enum queue_id {
#define QUEUE_ENUM(name, text) QUEUE_##name,
	QUEUES(QUEUE_ENUM)
#undef QUEUE_ENUM
	NQUEUES
};

static inline void
queue_point_add(struct queue_point *to, const struct queue_point *from)
{
	to->looks += from->looks;
	to->taken += from->taken;
	to->left += from->left;
	to->depth_max = MAX(to->depth_max, from->depth_max);
	to->waited_tsc += from->waited_tsc;
}

/* The second is over; the next one is `second` TSC ticks long. */
static inline void
queue_turn(struct queue *q, uint64_t now, uint64_t second)
{
	queue_point_add(&q->before, &q->now);
	q->last = q->now;
	if (now - q->second_ends > second)
		q->last = (struct queue_point){ 0 };
	q->now = (struct queue_point){ 0 };
	q->second_ends = now + second;
}

/*
 * A look at a queue whose arrivals nobody sees, at TSC now: that many were
 * taken, that many are left. They have come one by one since the last look.
 */
static inline void
queue_looked(struct queue *q, uint64_t now, uint64_t taken, uint64_t left)
{
	uint64_t depth = taken + left;

	q->now.looks++;
	q->now.taken += taken;
	q->now.left += left;
	if (depth > q->now.depth_max)
		q->now.depth_max = depth;
	if (now > q->looked)
		q->now.waited_tsc += (q->depth + depth) * (now - q->looked) / 2;
	q->depth = left;
	q->looked = now;
}

/* The window UCOUNT holds one for each CPU; struct env has an env's own. */
struct cpu_counters {
	struct counters c;
	uint64_t batches[BATCH_BUCKETS];
} ALIGNED(CACHELINE);

/* A static description: name and text of every counter, in order. */
struct counter_name {
	const char *name;
	const char *text;
};
#define COUNTER_NAMES { \
	COUNTERS(COUNTER_NAME_) COPY_SITES(COPY_NAME_) \
	COPY_SITES(COPIES_NAME_) \
}
#define COUNTER_NAME_(name, text) { #name, text },
#define COPY_NAME_(name, text) { "copy_" #name, text },
#define COPIES_NAME_(name, text) { "copies_" #name, text },
#define NCOUNTERS	(sizeof(struct counters) / sizeof(uint64_t))

#endif
