/*
 * cpu.h: per-CPU state. Each CPU owns its struct cpu; fields that others may
 * touch say so. Which CPU this is follows from the stack pointer alone (every
 * CPU's stacks lie in its own slot of KSTACKS), so no segment base that user
 * code could have changed is trusted.
 */
#ifndef JIX_KERN_CPU_H
#define JIX_KERN_CPU_H

#include "inc/count.h"
#include "inc/memlayout.h"
#include "inc/mmu.h"
#include "inc/types.h"
#include "inc/x86.h"

struct env;
struct dp_core;

/* One page per CPU, at KCPU + id * PGSIZE (read-only there). */
struct cpu_page {
	uint64_t gdt[GDT_ENTRIES];
	uint8_t pad[16];
	struct tss tss;
};

struct cpu {
	int id;
	uint32_t apic_id;
	volatile bool started;		/* written by itself, read by others */
	volatile bool idle;		/* wants work; who has some clears it */
	bool halted;			/* inside sched.c's halt; its own */
	volatile bool tlb_pending;	/* set by others: flush, then clear */
	struct env *cur;		/* who runs here, or null: big lock */
	struct env *fpu_owner;		/* whose FPU registers are loaded */
	struct cpu_page *page;		/* writable alias of its page */
	struct counters *count;		/* its entry in UCOUNT */
	uint64_t last_tsc;		/* start of what is being charged */
	uint64_t timer_at;		/* TSC when the timer fires, 0: off */
	uint64_t slice_end;		/* TSC at which cur's slice ends */
	struct dp_core *dp;		/* set while bound to a dataplane */
	struct {			/* the round that sched.c watches */
		uint64_t start;		/* TSC */
		uint64_t events;	/* what had happened before it */
		uint64_t kernel_tsc, user_tsc;
		uint64_t env_kernel_tsc, env_user_tsc;
	} round;
};

extern struct cpu cpus[NCPU];
extern int ncpu;

static inline int
cpu_id(void)
{
	uint64_t rsp = read_rsp();

	/* The boot stack lies elsewhere; only CPU 0 ever uses it. */
	if (rsp < KSTACKS || rsp >= KSTACKS + NCPU * KSTACK_SLOT)
		return 0;
	return (rsp - KSTACKS) >> KSTACK_SHIFT;
}

static inline struct cpu *
this_cpu(void)
{
	return &cpus[cpu_id()];
}

/* The environment running on this CPU, or null. */
#define curenv	(this_cpu()->cur)

/* Processor features found at boot, the same on all CPUs. */
extern bool cpu_has_smap, cpu_has_smep, cpu_has_umip;

void cpu_init_features(void);
/* Load GDT, TSS, IDT, control registers and SYSCALL of this CPU. */
void cpu_init(int id);
/* Start the other CPUs; returns when all have entered the scheduler. */
void mp_start(void);

#endif
