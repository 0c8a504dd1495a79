/*
 * sched.c: who runs. Runnable environments wait in one first-come queue that
 * all time-shared CPUs draw from; an environment that used up its slice goes
 * to the end. A CPU that finds the queue empty halts, and is woken by an
 * interprocessor interrupt when there is work.
 *
 * The timer is one-shot and armed only as far as something is due: the end of
 * the running slice, or the first sleeper's time.
 */
#include "kern/cpu.h"
#include "kern/dp.h"
#include "kern/env.h"
#include "kern/exact.h"
#include "kern/kernel.h"
#include "kern/lapic.h"
#include "kern/pmap.h"
#include "kern/spinlock.h"
#include "kern/time.h"
#include "kern/trap.h"

#define SLICE_MS	10

static struct env *queue_head, *queue_tail;
static struct env *sleepers;	/* by wake_at, earliest first */

/* An idle CPU, if there is one, looks at the queue. */
static void
wake_idle_cpu(void)
{
	for (int i = 0; i < ncpu; i++) {
		if (!cpus[i].idle || cpus[i].dp || i == cpu_id())
			continue;
		cpus[i].idle = false;
		lapic_ipi(i, T_IPI_WAKE);
		return;
	}
}

void
sched_enqueue(struct env *e)
{
	e->status = ENV_RUNNABLE;
	e->link = NULL;
	if (queue_head)
		queue_tail->link = e;
	else
		queue_head = e;
	queue_tail = e;
}

void
sched_dequeue(struct env *e)
{
	struct env **p = &queue_head, *prev = NULL;

	while (*p != e) {
		assert(*p);
		prev = *p;
		p = &prev->link;
	}
	*p = e->link;
	if (queue_tail == e)
		queue_tail = prev;
	e->link = NULL;
}

static void
sleepers_remove(struct env *e)
{
	struct env **p = &sleepers;

	while (*p && *p != e)
		p = &(*p)->sleep_link;
	if (*p)
		*p = e->sleep_link;
	e->wake_at = 0;
}

void
env_wake_at(struct env *e, uint64_t when)
{
	struct env **p = &sleepers;

	e->wake_at = MAX(when, 1ul);
	while (*p && (*p)->wake_at <= e->wake_at)
		p = &(*p)->sleep_link;
	e->sleep_link = *p;
	*p = e;
}

void
env_block(struct env *e, enum env_wait why)
{
	struct cpu *cpu = this_cpu();

	if (e->status == ENV_RUNNABLE)
		sched_dequeue(e);
	e->status = ENV_NOT_RUNNABLE;
	e->wait = why;
	if (cpu->cur == e)
		env_leave(e);
}

void
env_unblock(struct env *e)
{
	if (e->wake_at)
		sleepers_remove(e);
	if (e->wait == WAIT_IPC_SEND)
		ipc_cancel_send(e);
	e->ipc_recving = false;
	e->wait = WAIT_NONE;
}

void
env_wake(struct env *e)
{
	if (e->status != ENV_NOT_RUNNABLE)
		return;
	env_unblock(e);
	sched_enqueue(e);
	wake_idle_cpu();
}

void
sched_expire(uint64_t now)
{
	while (sleepers && sleepers->wake_at <= now) {
		struct env *e = sleepers;

		if (e->wait == WAIT_IPC_RECV)
			env_set_result(e, -E_TIMEOUT);
		env_wake(e);
	}
}

/* Arm the timer for what is due first. */
static void
arm_timer(struct cpu *cpu, uint64_t slice_end)
{
	uint64_t due = slice_end;

	if (sleepers && (!due || sleepers->wake_at < due))
		due = sleepers->wake_at;
	/* An earlier expiry that is already armed will look again. */
	if (cpu->timer_at && due && cpu->timer_at <= due)
		return;
	lapic_timer_at(due);
}

void
sched_timer(void)
{
	struct cpu *cpu = this_cpu();
	uint64_t now = read_tsc();

	cpu->timer_at = 0;
	sched_expire(now);
	/* It may have been armed for an earlier environment's slice. */
	if (cpu->cur && now < cpu->slice_end)
		arm_timer(cpu, cpu->slice_end);
}

void
sched_idle(void)
{
	int self = cpu_id();

	for (;;) {
		cpu_sti();
		if (unlikely(exact_must_run(self)))
			exact_idle();
		else
			cpu_sti_hlt();
	}
}

/*
 * Nothing to run: wait for an interrupt with the stack empty. The interrupt
 * ends in trap_from_kernel, which calls sched_yield again.
 */
static void NORETURN
halt(struct cpu *cpu)
{
	uint64_t now = read_tsc();

	write_cr3(kern_pml4_pa);
	arm_timer(cpu, 0);
	cpu->idle = true;
	cpu->halted = true;
	cpu->count->idle_halts++;
	cpu->count->kernel_tsc += now - cpu->last_tsc;
	cpu->last_tsc = now;
	unlock_kernel();
	sched_halt_on(KSTACK_TOP(cpu->id));
}

/*
 * e yields and there is nobody else: it polls. If nothing has happened since
 * it did so last - no frame, no interrupt, no other environment - then the
 * round from there to here was idle, and is charged as that instead of as the
 * kernel's and e's work. The CPU breathes before the next round.
 */
static void
idle_round(struct cpu *cpu, struct env *e, uint64_t now)
{
	struct counters *c = cpu->count;
	uint64_t events = c->env_switches + c->rx_frames + c->irqs +
		c->timer_ticks + c->ipis;

	c->kernel_tsc += now - cpu->last_tsc;
	e->count.kernel_tsc += now - cpu->last_tsc;
	if (events == cpu->round.events) {
		c->idle_tsc += now - cpu->round.start;
		c->idle_rounds++;
		c->kernel_tsc = cpu->round.kernel_tsc;
		c->user_tsc = cpu->round.user_tsc;
		e->count.kernel_tsc = cpu->round.env_kernel_tsc;
		e->count.user_tsc = cpu->round.env_user_tsc;
	} else {
		cpu->round.events = events;
		cpu->round.kernel_tsc = c->kernel_tsc;
		cpu->round.user_tsc = c->user_tsc;
		cpu->round.env_kernel_tsc = e->count.kernel_tsc;
		cpu->round.env_user_tsc = e->count.user_tsc;
	}
	cpu_pause();
	cpu->round.start = cpu->last_tsc = read_tsc();
	c->idle_tsc += cpu->last_tsc - now;
}

// @exercise sched_yield 10 'Choose who runs'
void
sched_yield(void)
{
	struct cpu *cpu = this_cpu();
	struct env *e = cpu->cur;
	uint64_t now = read_tsc();

	if (sleepers)
		sched_expire(now);
	if (e && e->status == ENV_DYING) {
		cpu->cur = NULL;
		env_free(e);
	} else if (e && e->status == ENV_RUNNING) {
		if (!queue_head && !cpu->dp) {
			cpu->slice_end = now + SLICE_MS * (tsc_hz / 1000);
			arm_timer(cpu, cpu->slice_end);
			idle_round(cpu, e, now);
			env_run(e);
		}
		env_leave(e);
		sched_enqueue(e);
	}
	if (machine_is_done())
		machine_all_done();
	if (cpu->dp) {
		/* Who ran here, and who sleeps, are for another CPU now. */
		if (queue_head || sleepers)
			wake_idle_cpu();
		dp_core_run(cpu);
	}
	e = queue_head;
	if (!e)
		halt(cpu);
	queue_head = e->link;
	e->link = NULL;
	cpu->slice_end = now + SLICE_MS * (tsc_hz / 1000);
	arm_timer(cpu, cpu->slice_end);
	env_run(e);
}
// @end
