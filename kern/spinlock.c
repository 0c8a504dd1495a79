/*
 * spinlock.c: ticket locks and the big kernel lock. Taking a ticket and
 * waiting for one's turn serves the CPUs in order of arrival.
 *
 * A CPU that waits with interrupts off still answers requests to flush its
 * translations: whoever holds the lock may be waiting for that answer
 * (tlb_shootdown in kern/pmap.c).
 */
#include "kern/spinlock.h"
#include "kern/cpu.h"
#include "kern/kernel.h"

static struct spinlock big_lock = SPINLOCK_INIT("kernel");

void
spin_lock(struct spinlock *lk)
{
	struct cpu *cpu = this_cpu();
	uint32_t ticket = __atomic_fetch_add(&lk->next, 1, __ATOMIC_RELAXED);

	if (lk->cpu == cpu->id && lk->serving != ticket)
		panic("CPU %d takes lock %s twice", cpu->id, lk->name);
	while (__atomic_load_n(&lk->serving, __ATOMIC_ACQUIRE) != ticket) {
		if (cpu->tlb_pending) {
			write_cr3(read_cr3());
			cpu->tlb_pending = false;
		}
		cpu_pause();
	}
	lk->cpu = cpu->id;
}

void
spin_unlock(struct spinlock *lk)
{
	assert(spin_holding(lk));
	lk->cpu = -1;
	__atomic_store_n(&lk->serving, lk->serving + 1, __ATOMIC_RELEASE);
}

bool
spin_holding(struct spinlock *lk)
{
	return lk->next != lk->serving && lk->cpu == cpu_id();
}

void
lock_kernel(void)
{
	struct counters *c = &cpu_counters[cpu_id()].c;
	uint64_t start;

	c->locks++;
	if (big_lock.next == big_lock.serving) {
		spin_lock(&big_lock);
		return;
	}
	start = read_tsc();
	spin_lock(&big_lock);
	c->lock_spins += read_tsc() - start;
}

void
unlock_kernel(void)
{
	spin_unlock(&big_lock);
}

bool
kernel_locked(void)
{
	return spin_holding(&big_lock);
}
