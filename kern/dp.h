/*
 * dp.h: dataplanes inside the kernel: who owns which core, memory and queue
 * pair, and how a bound core enters and leaves the kernel.
 *
 * Two sides. The time-shared side (system calls of the control plane, under
 * the big kernel lock) builds and takes apart: struct dp and everything in
 * it. A bound core runs kern/dpcore.c without that lock; it owns its struct
 * dp_core while state is DP_CORE_RUNNING, except for `request`, by which the
 * other side asks it to leave. A core that leaves by itself says so in its
 * dp_core and sends T_IPI_DP to CPU 0, where dp_ipi() takes notice.
 */
#ifndef JIX_KERN_DP_H
#define JIX_KERN_DP_H

#include "inc/dp.h"
#include "inc/trap.h"
#include "kern/cpu.h"
#include "kern/env.h"
#include "kern/pmap.h"

/*
 * A CPU's slot at KENTRY, in pages: interrupt table, then stacks with gaps as
 * guards. Mapped in the kernel's tables for all CPUs and in a restricted root
 * for its own CPU only.
 */
#define KENTRY_SLOT(cpu)	(KENTRY + ((uint64_t)(cpu) << KENTRY_SHIFT))
#define KENTRY_IDT(cpu)		KENTRY_SLOT(cpu)
#define KENTRY_IST_TOP(cpu, ist) \
	(KENTRY_SLOT(cpu) + ((ist) * 2 + 1) * PGSIZE)
#define KENTRY_TOP(cpu)		(KENTRY_SLOT(cpu) + 12 * PGSIZE)
#define KENTRY_ISTS		4

struct dp;

struct dp_core {
	struct dp *dp;
	int index;
	int cpu;
	volatile uint32_t state;	/* enum dp_core_state */
	volatile uint32_t request;	/* DP_REQ_*: written by others */
	pte_t *root;
	physaddr_t root_pa;
	volatile struct dp_stats *stats;	/* kernel's alias */
	uint64_t start_rip;
	uint64_t old_cr4;

	/* Queue pair. */
	int queue;			/* -1: none */
	volatile bool wake;		/* the queue's interrupt has come */
	bool in_wait;

	/* Bound on user time. */
	uint64_t last_crossings;
	uint32_t user_ticks;		/* consecutive, without a crossing */

	/* A request that needs the big lock, answered by dp_ipi(). */
	volatile uint32_t ask_pages;	/* DPC_MAP */
	volatile int64_t answer;

	struct dp_core_info info;	/* shown by dp_inspect */
};

#define DP_REQ_LEAVE	1u

struct dp {
	uint32_t id;			/* index in dps[] */
	volatile uint32_t state;	/* enum dp_state */
	envid_t owner;
	int nic;			/* -1: none */
	uint32_t bound_ms;		/* 0: no tick */
	int ncores;
	struct dp_core core[NCPU];
	struct page_info *pages;	/* 2 MB pages, by link */
	struct page_info *tables;	/* page-table pages, by link */
	uint32_t npages, ntables;
	/* Tables shared by the cores. */
	physaddr_t app_pdpt, common_pdpt, window_pdpt;
	uint64_t heap_end;
	uint64_t gate_rip;		/* target of int 0x40 */
	struct env *waiter;		/* in dp_event */
	bool dma_stuck;			/* a queue of it did not stop */
};

extern struct dp dps[DP_MAX];

/* Entry stacks and tables of all CPUs; once, after mp_start. */
void dp_init(void);

/*
 * The scheduler has nothing to keep on this CPU and finds cpu->dp set: run
 * the dataplane core. Called with the big lock held, which it releases;
 * returns to the scheduler by sched_yield() when the core is given back.
 */
void dp_core_run(struct cpu *cpu) __attribute__((noreturn));
/* T_IPI_DP on a time-shared CPU, big lock held. */
void dp_ipi(void);
/* e ends: its dataplanes end with it. Big lock held. */
void dp_env_gone(struct env *e);
/* The record of who owns what, for the monitor. */
void dp_print(void);

/* kern/dpmem.c */
int dp_root_create(struct dp *dp, struct dp_core *k);
int dp_mem_alloc(struct dp *dp, int core, uint64_t va, uint32_t n,
		 uint64_t perm);
int dp_map_page(struct dp *dp, struct dp_core *k, uint64_t va, physaddr_t pa,
		uint64_t perm);
/* Kernel address of a byte of dataplane memory, null if not mapped there. */
void *dp_mem_kva(struct dp_core *k, uint64_t va, size_t *left);
void dp_mem_free(struct dp *dp);
int64_t dp_heap_grow(struct dp *dp, uint32_t n);

/* kern/dpqueue.c */
int dp_queue_bind(struct dp *dp, struct dp_core *k, uint32_t queue);
void dp_queue_unbind(struct dp_core *k);
/* Flow groups that the NIC sends to k's queue. */
uint32_t dp_queue_groups(const struct dp_core *k);
/* On the bound core, no lock. */
void dp_queue_arm(struct dp_core *k);

/* kern/dpcore.c; int 0x41 in kern/dpcall.c */
void dp_call(struct dp_core *k, struct trapframe *tf);
void dp_core_leave(struct dp_core *k, enum dp_reason why, int64_t code)
	__attribute__((noreturn));
void dp_gates_init(struct dp_core *k);

#endif
