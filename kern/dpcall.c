/*
 * dpcall.c: what the libOS asks of the kernel by int 0x41 (inc/dp.h). Runs on
 * the bound core with interrupts off, without the big kernel lock; what needs
 * the lock is left to CPU 0.
 */
#include "kern/dp.h"
#include "kern/console.h"
#include "kern/kernel.h"
#include "kern/lapic.h"
#include "kern/syscall.h"
#include "kern/time.h"

#define PRINT_MAX	4096

static int64_t
call_print(struct dp_core *k, uint64_t va, uint64_t len)
{
	uint64_t done = 0;

	len = MIN(len, (uint64_t)PRINT_MAX);
	while (done < len) {
		size_t left;
		const char *p = dp_mem_kva(k, va + done, &left);

		if (!p)
			return -E_FAULT;
		left = MIN(left, len - done);
		console_write(p, left);
		done += left;
	}
	return (int64_t)done;
}

static int64_t
call_phys(struct dp_core *k, uint64_t va)
{
	size_t left;
	void *p;

	if (va % PG2SIZE)
		return -E_INVAL;
	p = dp_mem_kva(k, va, &left);
	return p ? (int64_t)kva2pa(p) : -E_FAULT;
}

/* Memory is under the big lock: CPU 0 answers, unless it wants this core. */
static int64_t
call_map(struct dp_core *k, uint64_t n)
{
	if (n == 0 || n > (IX_HEAP_END - IX_HEAP) / PG2SIZE)
		return -E_INVAL;
	k->answer = 0;
	__atomic_store_n(&k->ask_pages, (uint32_t)n, __ATOMIC_RELEASE);
	lapic_ipi(0, T_IPI_DP);
	while (!k->answer && !(k->request & DP_REQ_LEAVE))
		cpu_pause();
	return k->answer;
}

/*
 * Halt until the queue's interrupt, the time, or a request. The queue is
 * armed first: a frame that came before that raises its interrupt at once.
 * sti and hlt are one step, so none is lost between the look and the halt.
 */
static int64_t
call_wait(struct dp_core *k, uint64_t deadline)
{
	struct cpu *cpu = &cpus[k->cpu];

	k->info.waits++;
	k->in_wait = true;
	dp_queue_arm(k);
	lapic_timer_at(deadline == ~0ul ? 0 : deadline);
	while (!k->wake && !(k->request & DP_REQ_LEAVE)) {
		if (read_tsc() >= deadline)
			break;
		if (deadline != ~0ul && cpu->timer_at == 0)
			lapic_timer_at(deadline);
		cpu->count->idle_halts++;
		cpu_sti_hlt();
		cpu_cli();
	}
	k->wake = false;
	k->in_wait = false;
	k->user_ticks = 0;
	lapic_timer_at(0);
	k->stats->tick_stopped = k->dp->bound_ms != 0;
	return 0;
}

static int64_t
call_tick(struct dp_core *k)
{
	k->stats->tick_stopped = 0;
	k->user_ticks = 0;
	if (k->dp->bound_ms)
		lapic_timer_at(read_tsc() + tsc_hz / 1000);
	return 0;
}

void
dp_call(struct dp_core *k, struct trapframe *tf)
{
	struct regs *r = &tf->regs;
	int64_t result = -E_INVAL;

	cpus[k->cpu].count->dp_calls++;
	switch (r->rax) {
	case DPC_PRINT:
		result = call_print(k, r->rdi, r->rsi);
		break;
	case DPC_EXIT:
		dp_core_leave(k, DP_LEFT_EXIT, (int64_t)r->rdi);
	case DPC_WAIT:
		result = call_wait(k, r->rdi);
		break;
	case DPC_PHYS:
		result = call_phys(k, r->rdi);
		break;
	case DPC_MAP:
		result = call_map(k, r->rdi);
		break;
	case DPC_TICK:
		result = call_tick(k);
		break;
	case DPC_SNAPSHOT:
		result = call_snapshot(NULL, (uint32_t)r->rdi);
		break;
	}
	r->rax = (uint64_t)result;
}
