/*
 * dpcore.c: a core bound to a dataplane: taking it over, its kernel entries,
 * giving it back.
 *
 * While the core is bound it runs ring 1 and ring 3 on the restricted root;
 * every exception and interrupt comes through kern/dpentry.S to dp_trap(),
 * with interrupts off, on the CPU's ordinary kernel stack and the kernel's
 * root. Nothing here takes the big kernel lock until the core is given back.
 */
#include "kern/dp.h"
#include "kern/irq.h"
#include "kern/kernel.h"
#include "kern/lapic.h"
#include "kern/spinlock.h"
#include "kern/time.h"
#include "kern/trap.h"

extern char dp_stubs[];
#define STUB_SIZE	16
void dp_resume(struct trapframe *tf, physaddr_t root) NORETURN;

// @exercise ring1_gates 10 'Set up the gates into ring 1 and ring 0'
/*
 * The interrupt table of a bound core. All gates are for ring 0 and refuse
 * `int` from rings 1 and 3, but: 0x40 from ring 3 leads to ring 1, through a
 * trap gate because ring 1 could not set IF again; 0x41 from ring 1 leads to
 * ring 0; breakpoints may be raised anywhere. NMI and its kind have stacks of
 * their own.
 */
void
dp_gates_init(struct dp_core *k)
{
	pte_t *pte = pt_walk(kern_pml4, KENTRY_IDT(k->cpu), false);
	struct gate *idt = pa2kva(PTE_ADDR(*pte));
	uint64_t stubs = (uint64_t)dp_stubs;

	for (int v = 0; v < 256; v++)
		gate_set(&idt[v], stubs + v * STUB_SIZE, GD_KT, 0,
			 GATE_INTR(0));
#define DP_GATE(v, name, err, dpl, ist) \
	gate_set(&idt[v], stubs + v * STUB_SIZE, GD_KT, ist, GATE_INTR(0));
	TRAPS(DP_GATE)
#undef DP_GATE
	idt[T_BRKPT].type = GATE_INTR(3);
	gate_set(&idt[T_LIBOS], k->dp->gate_rip, GD_LT | 1, 0, GATE_TRAP(3));
	idt[T_DPCALL].type = GATE_INTR(1);
}
// @end

/* Nothing of an earlier dataplane may be read off the entry stacks. */
static void
scrub_stacks(int cpu)
{
	uint64_t va = KENTRY_SLOT(cpu) + PGSIZE;

	for (; va < KENTRY_SLOT(cpu + 1); va += PGSIZE) {
		pte_t *pte = pt_walk(kern_pml4, va, false);

		if (pte && (*pte & PTE_P))
			memset(pa2kva(PTE_ADDR(*pte)), 0, PGSIZE);
	}
}

/* No FPU register of an environment may be seen by the dataplane, nor back. */
static void
reset_fpu(void)
{
	static const struct {
		uint16_t control, status;
		uint8_t rest[20];
		uint32_t mxcsr;
		uint8_t more[484];
	} ALIGNED(16) clean = { .control = 0x37f, .mxcsr = 0x1f80 };

	_Static_assert(sizeof(clean) == 512, "the FXSAVE area");
	__asm__ volatile("fxrstor64 %0" : : "m"(clean));
}

static void
load_bound_state(struct dp_core *k)
{
	struct tss *tss = &cpus[k->cpu].page->tss;
	struct table_desc idtr = {
		256 * sizeof(struct gate) - 1, KENTRY_IDT(k->cpu)
	};

	tss->rsp[0] = KENTRY_TOP(k->cpu);
	tss->rsp[1] = DP_STACK_TOP;
	for (int ist = 1; ist <= KENTRY_ISTS; ist++)
		tss->ist[ist - 1] = KENTRY_IST_TOP(k->cpu, ist);
	__asm__ volatile("lidt %0" : : "m"(idtr));
	write_msr(MSR_EFER, read_msr(MSR_EFER) & ~(uint64_t)EFER_SCE);
	/* Ring 1 reads ring 3's pages, and cannot stac. */
	k->old_cr4 = read_cr4();
	write_cr4(k->old_cr4 & ~CR4_SMAP);
	write_msr(MSR_FS_BASE, IX_CORE(k->index) + IX_TP_OFF);
	reset_fpu();
	lapic_timer_at(0);
}

static void
load_shared_state(struct dp_core *k)
{
	struct tss *tss = &cpus[k->cpu].page->tss;

	tss->rsp[0] = KSTACK_TOP(k->cpu);
	tss->rsp[1] = 0;
	for (int ist = 1; ist <= KENTRY_ISTS; ist++)
		tss->ist[ist - 1] = KIST_TOP(k->cpu, ist);
	trap_load();
	write_cr4(k->old_cr4);
	write_msr(MSR_EFER, read_msr(MSR_EFER) | EFER_SCE);
	reset_fpu();
	lapic_timer_at(0);
	scrub_stacks(k->cpu);
}

static void
arm_tick(struct dp_core *k)
{
	if (k->dp->bound_ms)
		lapic_timer_at(read_tsc() + tsc_hz / 1000);
}

/*
 * Go back to the ring that was interrupted. Selectors and privileged flags
 * are the kernel's choice; the frame moves to the entry stack, which the
 * restricted root has.
 */
static void NORETURN
resume(struct dp_core *k, const struct trapframe *tf)
{
	struct trapframe *out;

	out = (struct trapframe *)(KENTRY_TOP(k->cpu) - sizeof(*out));
	*out = *tf;
	if ((tf->cs & 3) == 1) {
		out->cs = GD_LT | 1;
		out->ss = 1;
	} else {
		out->cs = GD_UT | 3;
		out->ss = GD_UD | 3;
	}
	/* All that either ring can set by itself: nothing is to be lost. */
	out->rflags = (tf->rflags & (FL_USER | FL_TF | FL_AC)) | FL_MBS | FL_IF;
	dp_resume(out, k->root_pa);
}

void
dp_core_run(struct cpu *cpu)
{
	struct dp_core *k = cpu->dp;
	struct trapframe tf;

	write_cr3(kern_pml4_pa);
	lapic_timer_at(0);	/* it was for environments */
	scrub_stacks(cpu->id);
	load_bound_state(k);
	uinfo->cpu[cpu->id].role = CPU_DATAPLANE;
	memcpy((void *)&k->stats->before, cpu->count, sizeof(*cpu->count));
	k->state = k->info.state = DP_CORE_RUNNING;
	cpu->cur = NULL;
	unlock_kernel();

	memset(&tf, 0, sizeof(tf));
	tf.rip = k->start_rip;
	tf.rsp = DP_STACK_TOP - 8;	/* as after a call */
	tf.cs = GD_LT | 1;
	arm_tick(k);
	resume(k, &tf);
}

/* The core goes back to the scheduler; the time-shared side is told. */
void
dp_core_leave(struct dp_core *k, enum dp_reason why, int64_t code)
{
	struct cpu *cpu = &cpus[k->cpu];

	load_shared_state(k);
	k->info.reason = why;
	k->info.code = code;
	k->info.state = DP_CORE_OUT;
	cpu->dp = NULL;
	cpu->fpu_owner = NULL;
	uinfo->cpu[cpu->id].role = CPU_SHARED;
	/* From here on the time-shared side may free what k points to. */
	__atomic_store_n(&k->state, DP_CORE_OUT, __ATOMIC_RELEASE);
	lapic_ipi(0, T_IPI_DP);
	lock_kernel();
	sched_yield();
}

/* An exception in ring 1 or 3 ends this core's part, and so the dataplane. */
static void NORETURN
core_fault(struct dp_core *k, const struct trapframe *tf)
{
	k->info.fault_rip = tf->rip;
	k->info.fault_cs = tf->cs & 3;
	k->info.fault_va = tf->trapno == T_PGFLT ? read_cr2() : 0;
	k->info.fault_err = tf->err;
	dp_core_leave(k, DP_LEFT_FAULT, tf->trapno);
}

/*
 * The tick: count those that find ring 3 without a crossing in between. When
 * the libOS polls for work it stops, and the libOS, having said that it polls
 * no longer, asks for it again on its way to ring 3.
 */
static void
tick(struct dp_core *k, const struct trapframe *tf)
{
	uint64_t crossings = k->stats->crossings;

	if (k->dp->bound_ms == 0)
		return;		/* late, from before the core was bound */
	k->info.ticks++;
	if ((tf->cs & 3) == 1) {
		k->user_ticks = 0;
		if (k->stats->in_loop)
			k->stats->tick_stopped = 1;
		else
			arm_tick(k);
		return;
	}
	if (crossings != k->last_crossings)
		k->user_ticks = 0;
	k->last_crossings = crossings;
	if (++k->user_ticks > k->dp->bound_ms)
		dp_core_leave(k, DP_LEFT_BOUND, k->user_ticks);
	arm_tick(k);
}

static void
stop_here(void)
{
	for (;;)
		__asm__ volatile("cli; hlt");
}

/* An interrupt, whichever ring it came in. False: not an interrupt. */
static bool
interrupt(struct dp_core *k, const struct trapframe *tf)
{
	struct cpu *cpu = &cpus[k->cpu];
	uint64_t v = tf->trapno;

	if (v >= T_IRQ_FIRST && v <= T_IRQ_LAST) {
		cpu->count->irqs++;
		irq_dispatch(v);
	} else if (v == T_TIMER) {
		cpu->count->timer_ticks++;
		cpu->timer_at = 0;
		lapic_eoi();		/* tick() may not come back */
		if (!k->in_wait)
			tick(k, tf);
		return true;
	} else if (v == T_IPI_TLB) {
		cpu->count->ipis++;
		WRITE_ONCE(cpu->tlb_pending, false);
	} else if (v == T_IPI_DP || v == T_IPI_WAKE) {
		cpu->count->ipis++;
	} else if (v == T_IPI_STOP) {
		stop_here();
	} else if (v == T_SPURIOUS) {
		return true;
	} else if (v != T_LAPIC_ERROR) {
		return false;
	}
	lapic_eoi();
	return true;
}

/* From kern/dpentry.S: rings 1 and 3. tf lies on the kernel stack. */
void
dp_trap(struct trapframe *tf)
{
	struct cpu *cpu = this_cpu();
	struct dp_core *k = cpu->dp;

	cpu->count->traps++;
	if (tf->trapno == T_DPCALL)
		dp_call(k, tf);
	else if (tf->trapno != T_NMI && !interrupt(k, tf))
		core_fault(k, tf);
	if (k->request & DP_REQ_LEAVE)
		dp_core_leave(k, DP_LEFT_REVOKED, 0);
	resume(k, tf);
}

/* From kern/dpentry.S: ring 0 was interrupted. */
void
dp_trap_kernel(struct trapframe *tf)
{
	struct cpu *cpu = this_cpu();

	if (tf->trapno == T_NMI)
		return;
	cpu->count->traps++;
	if (cpu->dp && cpu->dp->in_wait && interrupt(cpu->dp, tf))
		return;
	trap_print(tf);
	panic("%s in the kernel on bound CPU %d", trap_name(tf->trapno),
	      cpu->id);
}
