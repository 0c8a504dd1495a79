/*
 * dp.h: a dataplane as the kernel, the control plane and the libOS see it:
 * its memory map, the start-up page, what it publishes, and how the libOS
 * calls the kernel (int 0x41). The application's part is in inc/ix.h.
 *
 *  0000_0180_0000_0000  +----------------------------------+
 *                       | what it publishes (DP_STATS)     | this core's  U=0
 *                       | NIC queue registers (DP_REGS)    | this core's  U=0
 *                       | receive buffers (DP_RXPOOL)      | this core's  U=0
 *                       | stack, start-up page, rings      | this core's  U=0
 *                       | libOS data, heap (DP_DATA)       | this core's  U=0
 *  0000_0100_0000_0000  +----------------------------------+
 *                       | libOS text (DP_TEXT)             | all cores RX U=0
 *  0000_00ff_c000_0000  +----------------------------------+
 *                       | common region (DP_COMMON)        | all cores RW U=0
 *  0000_0080_0000_0000  +----------------------------------+
 *                       | the application (inc/ix.h)       | all cores    U=1
 *  0                    +----------------------------------+
 *
 * Each core has its own root table. The receive buffers appear a second time
 * in the application's half, read-only. In the kernel half of these roots
 * there are only the entry code, this core's descriptor page, its interrupt
 * table and its entry stacks (KENTRY).
 */
#ifndef JIX_INC_DP_H
#define JIX_INC_DP_H

#include "inc/ix.h"
#include "inc/memlayout.h"

#define DP_COMMON	VA(0x0000008000000000)
#define DP_COMMON_END	VA(0x0000008040000000)
#define DP_TEXT		VA(0x000000ffc0000000)
#define DP_TEXT_END	VA(0x0000010000000000)
#define DP_DATA		VA(0x0000010000000000)
#define DP_DATA_END	VA(0x0000010020000000)
#define DP_SYS		VA(0x0000010024000000)	/* one 2 MB page: */
#define DP_STACK_TOP	(DP_SYS + VA(0x40000))	/* stack, below it nothing */
#define DP_BOOT		(DP_SYS + VA(0x40000))	/* struct dp_boot */
#define DP_RX_RING	(DP_SYS + VA(0x50000))
#define DP_TX_RING	(DP_SYS + VA(0x60000))
#define DP_SYS_END	(DP_SYS + VA(0x200000))
#define DP_RXPOOL	VA(0x0000010028000000)
#define DP_RXPOOL_END	VA(0x0000010038000000)
#define DP_REGS		VA(0x0000010040000000)	/* RX page, then TX page */
#define DP_REGS_TX	(DP_REGS + VA(0x1000))
#define DP_REGS_END	(DP_REGS + VA(0x2000))
#define DP_STATS	VA(0x0000010040010000)	/* struct dp_stats, one page */

/* Kernel half: entry stacks and interrupt table of each core, KENTRY slots. */
#define KENTRY		VA(0xffffffc000000000)
#define KENTRY_SHIFT	17

#define DP_MAX		4	/* dataplanes at a time */
#define DP_RX_SLOTS	512
#define DP_TX_SLOTS	1024
#define DP_RX_BUFFERS	8192	/* of 2 KB, per core */

#ifndef __ASSEMBLER__
#include "inc/count.h"
#include "inc/env.h"
#include "inc/mmu.h"
#include "inc/types.h"

/* At the start of libOS text: where the kernel enters it, in ring 1. */
#define DP_IMAGE_MAGIC	0x534f42494c58494aul
struct dp_image {
	uint64_t magic;
	uint64_t start;		/* once per core, stack at DP_STACK_TOP */
	uint64_t gate;		/* target of int 0x40 */
};

/* Configuration of one core, written by the control plane before the start. */
struct dp_boot {
	uint32_t core, ncores;
	uint32_t cpu;
	uint32_t ring_kind;	/* enum ring_kind of inc/ring.h */
	uint32_t rx_tail;	/* offset of the tail registers in DP_REGS */
	uint32_t tx_tail;
	uint32_t batch;		/* B */
	uint32_t poll_us;	/* idle time before dp_wait; ~0: never wait */
	uint64_t tsc_hz;
	uint64_t seed;
	uint64_t app_entry;
	uint32_t data_pages;	/* 2 MB pages at DP_DATA */
	uint32_t rx_buffers;
	uint32_t ip, netmask, gateway;	/* host byte order */
	uint8_t mac[6];
	uint16_t exact;
	uint64_t tracing;	/* 1: record stations (inc/trace.h) */
	char args[IX_ARGS];
};

/*
 * What a core publishes; written by that core alone. Everybody can read it in
 * the window UCOUNT: the page of CPU n is at UCOUNT_DP + n * PGSIZE.
 */
struct dp_stats {
	uint64_t crossings;	/* the kernel's bound on user time reads it */
	uint64_t in_loop;	/* 1: in the libOS, polling */
	uint64_t tick_stopped;	/* by the kernel: ask for the tick again */
	uint64_t turns;
	uint64_t calls, calls_failed;
	uint64_t events, event_stops;	/* turns ended by a full event array */
	uint64_t rx_free;	/* buffers free */
	uint64_t rx_free_min;
	uint64_t tcp_conns, tcp_refused;
	/* Of lwIP's pools in use, as a timer found it: at most 1 s old. */
	uint64_t tcp_pcbs, tcp_segs, heap;
	uint64_t udp_dropped;
	uint64_t ip_fragments;	/* dropped: they are not put together */
	uint64_t waits;		/* dp_wait calls */
	uint64_t timer_tsc;	/* TSC ticks in lwIP's timers */
	uint64_t sends_zero_copy;	/* the others: copies_dp_small_send */
	uint64_t trace_ring;	/* its address in the libOS's memory, or 0 */
	uint64_t tick_calls;	/* DPC_TICK */
	struct counters c;
	uint64_t batches[BATCH_BUCKETS];
	struct queue rx_queue;	/* the receive ring */
	struct queue event_queue;	/* events that the application gets */
	struct counters before;	/* the kernel's of this CPU, from before */
} ALIGNED(CACHELINE);

_Static_assert(sizeof(struct dp_stats) <= PGSIZE, "one page");

#define DP_ARP_LOG	256

/*
 * The common region. arp: a log of bindings, written by the core of queue 0
 * and read by the others; arp_head counts the entries ever written.
 */
struct dp_common {
	struct {
		volatile uint64_t head;
		struct {
			uint32_t ip;		/* network byte order */
			uint8_t mac[6];
		} log[DP_ARP_LOG];
	} arp ALIGNED(CACHELINE);
	/* Flow group to core, by the control plane; flow_groups 0: no RSS. */
	volatile uint32_t flow_groups ALIGNED(CACHELINE);
	volatile uint8_t flow_core[128];
	/* Control plane to libOS: a request is there if seq changes. */
	struct {
		volatile uint64_t seq;
		volatile uint64_t command;	/* enum dp_command */
		volatile uint64_t arg;
	} mailbox[NCPU] ALIGNED(CACHELINE);
};
_Static_assert(sizeof(struct dp_common) <= PG2SIZE, "one page");

enum dp_command {
	DP_CMD_NONE = 0,
	DP_CMD_STOP,		/* tell the application, then leave */
	DP_CMD_POLL_US,		/* arg: new poll_us */
};

/*
 * int 0x41: number in rax, arguments in rdi, rsi, rdx; result in rax, all
 * other registers kept. Ring 1 only.
 */
enum dp_call {
	DPC_PRINT = 0,	/* (va, len): private memory of the libOS */
	DPC_EXIT,	/* (code): this core is done; does not return */
	DPC_WAIT,	/* (tsc): until the queue's interrupt or that time */
	DPC_PHYS,	/* (va): physical address of a 2 MB page, or error */
	DPC_MAP,	/* (npages): more heap; its address or error */
	DPC_TICK,	/* (): start the tick again */
	DPC_SNAPSHOT,	/* (tag): export all counters (inc/export.h) */
	DPC_NCALLS,
};

/* --- the control plane's system calls (inc/syscall.h, dp_*) ----------- */

/* dp_alloc permissions beside PTE_W; text is PTE_X. */
#define DP_SHARED	(-1)	/* core argument: memory of all cores */

enum dp_state {
	DP_FREE = 0,
	DP_NEW,			/* being set up */
	DP_RUNNING,
	DP_EXITED,		/* all cores have left by themselves */
	DP_KILLED,		/* a core died; the others were taken */
};

enum dp_core_state {
	DP_CORE_NONE = 0,
	DP_CORE_BOUND,		/* the CPU is promised, not yet taken */
	DP_CORE_RUNNING,
	DP_CORE_OUT,		/* the CPU is back with the scheduler */
};

/* Why a core left. */
enum dp_reason {
	DP_LEFT_EXIT = 1,	/* DPC_EXIT */
	DP_LEFT_FAULT,		/* an exception in ring 1 or 3 */
	DP_LEFT_BOUND,		/* too long in ring 3 */
	DP_LEFT_REVOKED,	/* taken by the kernel */
};

struct dp_core_info {
	uint32_t cpu, state;
	uint32_t queue, reason;
	int64_t code;		/* exit code, or vector of the exception */
	uint64_t fault_rip, fault_cs, fault_va, fault_err;
	uint64_t waits, ticks;
	uint32_t groups;	/* flow groups that come to the queue */
	uint32_t reserved;
};

struct dp_info {
	uint32_t id, state;
	uint32_t nic, ncores;
	uint32_t pages_2m, tables;
	envid_t owner;
	uint32_t ring_kind;
	struct dp_core_info core[NCPU];
};

#endif
#endif
