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

/* Where payload is copied. X(name, what) */
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
	X(libix, "IX: copied by the library in ring 3")

struct counters {
#define COUNT_FIELD(name, text) uint64_t name;
	COUNTERS(COUNT_FIELD)
#undef COUNT_FIELD
#define COPY_FIELD(name, text) uint64_t copy_##name;
	COPY_SITES(COPY_FIELD)
#undef COPY_FIELD
};

/* Batches by size: bucket n counts batches of 2^n .. 2^(n+1)-1 frames. */
#define BATCH_BUCKETS	11

/* A queue point: how deep it was found, and for how long things lay there. */
struct queue_point {
	uint64_t samples;
	uint64_t depth_sum;
	uint64_t depth_max;
	uint64_t residency_tsc;
};

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
}
#define COUNTER_NAME_(name, text) { #name, text },
#define COPY_NAME_(name, text) { "copy_" #name, text },
#define NCOUNTERS	(sizeof(struct counters) / sizeof(uint64_t))

#endif
