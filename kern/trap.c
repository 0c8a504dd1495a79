/*
 * trap.c: what happens on a trap, an interrupt or a system call of a
 * time-shared CPU.
 *
 * A trap from ring 3 takes the big lock, keeps the frame in the environment,
 * handles the cause and leaves by env_run or sched_yield; it never returns
 * along the stack. A trap from ring 0 is one of: an interrupt while the CPU
 * was idle or waited in the monitor, a fault inside copy_to_user and its kind
 * (the table .extable says where to go on), or a bug, which panics.
 */
#include "kern/trap.h"
#include "kern/console.h"
#include "kern/cpu.h"
#include "kern/dp.h"
#include "kern/env.h"
#include "kern/irq.h"
#include "kern/kernel.h"
#include "kern/lapic.h"
#include "kern/lines.h"
#include "kern/pmap.h"
#include "kern/spinlock.h"
#include "kern/syscall.h"

extern char trap_stubs[];
#define STUB_SIZE	16

void trap_return_iret(struct trapframe *tf) __attribute__((noreturn));
void trap_return_sysret(struct trapframe *tf) __attribute__((noreturn));

static struct gate idt[256] ALIGNED(PGSIZE);

void
gate_set(struct gate *g, uint64_t entry, uint16_t selector, int ist,
	 uint8_t type)
{
	g->offset_low = entry;
	g->offset_mid = entry >> 16;
	g->offset_high = entry >> 32;
	g->selector = selector;
	g->ist = ist;
	g->type = type;
	g->reserved = 0;
}

// @exercise trap_init 5 'Fill in the interrupt table'
void
trap_init(void)
{
	uint64_t stubs = (uint64_t)trap_stubs;

	for (int v = 0; v < 256; v++)
		gate_set(&idt[v], stubs + v * STUB_SIZE, GD_KT, 0,
			 GATE_INTR(0));
#define TRAP_GATE(v, name, err, dpl, ist) \
	gate_set(&idt[v], stubs + v * STUB_SIZE, GD_KT, ist, GATE_INTR(dpl));
	TRAPS(TRAP_GATE)
#undef TRAP_GATE
}
// @end

void
trap_load(void)
{
	struct table_desc idtr = { sizeof(idt) - 1, (uint64_t)idt };

	__asm__ volatile("lidt %0" : : "m"(idtr));
}

const char *
trap_name(uint64_t trapno)
{
	static const char *const names[32] = {
#define TRAP_NAME(v, name, err, dpl, ist) [v] = name,
		TRAPS(TRAP_NAME)
#undef TRAP_NAME
	};

	if (trapno == T_SYSCALL)
		return "System call";
	if (trapno < 32 && names[trapno])
		return names[trapno];
	if (trapno >= T_IRQ_FIRST && trapno <= T_IRQ_LAST)
		return "Device Interrupt";
	return "(unknown trap)";
}

static void
print_page_fault(uint64_t err)
{
	cprintf(" [%s, %s, %s]", err & FEC_U ? "user" : "kernel",
		err & FEC_I ? "fetch" : err & FEC_W ? "write" : "read",
		err & FEC_P ? "protection" : "not-present");
}

void
trap_print(const struct trapframe *tf)
{
	const struct regs *r = &tf->regs;

	cprintf("TRAP frame at %p from CPU %d\n", (void *)tf, cpu_id());
	cprintf("  rax %016lx  rbx %016lx  rcx %016lx\n", r->rax, r->rbx,
		r->rcx);
	cprintf("  rdx %016lx  rsi %016lx  rdi %016lx\n", r->rdx, r->rsi,
		r->rdi);
	cprintf("  rbp %016lx  r8  %016lx  r9  %016lx\n", r->rbp, r->r8,
		r->r9);
	cprintf("  r10 %016lx  r11 %016lx  r12 %016lx\n", r->r10, r->r11,
		r->r12);
	cprintf("  r13 %016lx  r14 %016lx  r15 %016lx\n", r->r13, r->r14,
		r->r15);
	cprintf("  trap 0x%08lx %s\n", tf->trapno, trap_name(tf->trapno));
	if (tf->trapno == T_PGFLT)
		cprintf("  cr2  0x%016lx\n", read_cr2());
	cprintf("  err  0x%08lx", tf->err);
	if (tf->trapno == T_PGFLT)
		print_page_fault(tf->err);
	cprintf("\n  rip  0x%016lx  cs 0x%04lx  rflags 0x%08lx\n", tf->rip,
		tf->cs & 0xffff, tf->rflags);
	cprintf("  rsp  0x%016lx  ss 0x%04lx\n", tf->rsp, tf->ss & 0xffff);
}

void
trap_return(struct trapframe *tf)
{
	/*
	 * SYSRET may be used only where rip is canonical (a processor faults
	 * in ring 0 on one that is not) and rcx and r11 are free to change.
	 */
	if (tf->trapno == T_SYSCALL && tf->rip < ULIM)
		trap_return_sysret(tf);
	trap_return_iret(tf);
}

/* Charge the time since the last change of side. */
static void
charge_entry(struct cpu *cpu, bool from_user)
{
	uint64_t now = read_tsc();
	uint64_t spent = now - cpu->last_tsc;

	cpu->last_tsc = now;
	cpu->count->traps++;
	if (from_user && cpu->cur) {
		cpu->count->user_tsc += spent;
		cpu->cur->count.user_tsc += spent;
		cpu->cur->count.traps++;
	} else if (cpu->halted) {
		cpu->count->idle_tsc += spent;
	} else {
		cpu->count->kernel_tsc += spent;
	}
}

static void
flush_tlb_if_asked(struct cpu *cpu)
{
	if (!cpu->tlb_pending)
		return;
	write_cr3(read_cr3());
	WRITE_ONCE(cpu->tlb_pending, false);
}

/* Where a fault at rip in the kernel may go on, or 0. */
static uint64_t
find_fixup(uint64_t rip)
{
	extern const uint64_t kern_extable_start[], kern_extable_end[];

	for (const uint64_t *p = kern_extable_start; p < kern_extable_end;
	     p += 2)
		if (p[0] == rip)
			return p[1];
	return 0;
}

static void
kernel_fault(struct trapframe *tf)
{
	uint64_t fixup = find_fixup(tf->rip);
	uint64_t cr2 = read_cr2();
	struct cpu *cpu = this_cpu();
	uint64_t guard = KSTACK_TOP(cpu->id) - KSTACK_SIZE;
	struct lines_place at;

	if (fixup && (tf->trapno == T_PGFLT || tf->trapno == T_GPFLT)) {
		tf->rip = fixup;
		return;
	}
	trap_print(tf);
	if (tf->trapno == T_DBLFLT && cr2 < guard &&
	    cr2 >= guard - KSTACK_SIZE)
		cprintf("kernel stack overflow on CPU %d\n", cpu->id);
	panic_frame = tf;
	lines_find(tf->rip, &at);
	panic("%s in the kernel, in %s at %s:%u, rip %016lx, address %016lx",
	      trap_name(tf->trapno), at.function, at.file, at.line, tf->rip,
	      cr2);
}

/* What an interrupt asks for; the big lock is held. True if it was one. */
static bool
dispatch_interrupt(struct cpu *cpu, uint64_t trapno)
{
	if (trapno >= T_IRQ_FIRST && trapno <= T_IRQ_LAST) {
		cpu->count->irqs++;
		irq_dispatch(trapno);
	} else if (trapno == T_TIMER) {
		cpu->count->timer_ticks++;
		sched_timer();
	} else if (trapno == T_IPI_WAKE || trapno == T_IPI_DP) {
		cpu->count->ipis++;
		if (trapno == T_IPI_DP)
			dp_ipi();
	} else if (trapno == T_SPURIOUS) {
		return true;	/* no end of interrupt for these */
	} else if (trapno != T_LAPIC_ERROR) {
		return false;
	}
	lapic_eoi();
	return true;
}

/* Interrupts that need no lock and change nothing else. True if handled. */
static bool
trap_quick(struct cpu *cpu, struct trapframe *tf)
{
	if (tf->trapno == T_IPI_TLB) {
		cpu->count->ipis++;
		flush_tlb_if_asked(cpu);
		lapic_eoi();
		return true;
	}
	if (tf->trapno == T_IPI_STOP) {
		cpu_cli();
		for (;;)
			__asm__ volatile("hlt");
	}
	return false;
}

static void
trap_from_kernel(struct cpu *cpu, struct trapframe *tf)
{
	bool locked = kernel_locked();

	if (tf->trapno < T_IRQ_FIRST) {
		if (tf->trapno == T_NMI)
			return;
		if (tf->trapno == T_BRKPT || tf->trapno == T_DEBUG) {
			monitor(tf);
			return;
		}
		kernel_fault(tf);
		return;
	}
	if (!locked)
		lock_kernel();
	dispatch_interrupt(cpu, tf->trapno);
	if (cpu->halted) {
		cpu->halted = false;
		cpu->idle = false;
		sched_yield();
	}
	if (!locked)
		unlock_kernel();
}

/*
 * Pass a page fault up to the environment's own handler: push what it needs
 * to know on its exception stack and go on at the upcall. A fault inside the
 * handler continues below the frame that is there.
 */
// @exercise page_fault 10 'Pass a page fault to its environment'
static void
page_fault_user(struct env *e, uint64_t va)
{
	struct trapframe *tf = &e->tf;
	struct utrapframe utf;
	uint64_t top = UXSTACKTOP;

	e->count.page_faults++;
	this_cpu()->count->page_faults++;
	if (e->pgfault_upcall) {
		if (tf->rsp >= UXSTACKTOP - PGSIZE && tf->rsp < UXSTACKTOP)
			top = tf->rsp;
		utf.fault_va = va;
		utf.err = tf->err;
		utf.regs = tf->regs;
		utf.rip = tf->rip;
		utf.cs = tf->cs;
		utf.rflags = tf->rflags;
		utf.rsp = tf->rsp;
		utf.ss = tf->ss;
		top = ROUNDDOWN(top, 16) - sizeof(utf);
		if (top >= UXSTACKTOP - PGSIZE &&
		    copy_to_user((void *)top, &utf, sizeof(utf)) == 0) {
			e->count.upcalls++;
			this_cpu()->count->upcalls++;
			tf->rsp = top;
			tf->rip = e->pgfault_upcall;
			tf->rflags &= ~FL_DF;
			return;
		}
	}
	cprintf("[%08x] user fault va %016lx ip %016lx\n", e->id, va, tf->rip);
	trap_print(tf);
	env_kill(e, "page fault");
}
// @end

/*
 * Every entry copies a frame: by the string instruction and in whole words,
 * which the compiler does not choose by itself.
 */
static inline void
frame_copy(struct trapframe *dst, const struct trapframe *src)
{
	size_t words = sizeof(*src) / 8;

	__asm__ volatile("rep movsq" : "+D"(dst), "+S"(src), "+c"(words)
			 : : "memory");
}

static void
trap_from_user(struct cpu *cpu, struct trapframe *frame)
{
	uint64_t fault_va = frame->trapno == T_PGFLT ? read_cr2() : 0;
	struct env *e;
	struct trapframe *tf;

	lock_kernel();
	e = cpu->cur;
	assert(e);
	if (e->status == ENV_DYING) {
		env_free(e);
		cpu->cur = NULL;
		if (frame->trapno >= T_IRQ_FIRST && frame->trapno < T_SYSCALL)
			dispatch_interrupt(cpu, frame->trapno);
		sched_yield();
	}
	tf = &e->tf;
	frame_copy(tf, frame);

	if (tf->trapno == T_SYSCALL) {
		cpu->count->syscalls++;
		e->count.syscalls++;
		tf->regs.rax = syscall_dispatch(e, &tf->regs);
	} else if (tf->trapno == T_PGFLT) {
		page_fault_user(e, fault_va);
	} else if (tf->trapno == T_BRKPT && !machine_unattended()) {
		monitor(tf);
	} else if (tf->trapno == T_DEBUG && monitor_steps(e)) {
		monitor(tf);
	} else if (tf->trapno != T_NMI &&
		   !dispatch_interrupt(cpu, tf->trapno)) {
		trap_print(tf);
		env_kill(e, trap_name(tf->trapno));
	}

	/* The slice may end without the timer: in the monitor. */
	if (cpu->cur && cpu->cur->status == ENV_RUNNING && !cpu->dp &&
	    read_tsc() < cpu->slice_end)
		env_run(cpu->cur);
	sched_yield();
}

void
trap(struct trapframe *tf)
{
	struct cpu *cpu = this_cpu();
	bool from_user = (tf->cs & 3) == 3;

	charge_entry(cpu, from_user);
	if (trap_quick(cpu, tf)) {
		cpu->last_tsc = read_tsc();
		return;
	}
	if (!from_user)
		trap_from_kernel(cpu, tf);
	else
		trap_from_user(cpu, tf);
}
