/*
 * spinlock.c: spin locks and the big kernel lock.
 *
 * Whoever comes first after the release takes the lock. Ticket locks, which
 * serve in order of arrival, are fairer on real processors, but a virtual CPU
 * whose turn it is may not be running: the host has fewer cores than there
 * are CPUs, and then every hand-over lasts as long as the host's time slice.
 *
 * A CPU that waits with interrupts off still answers requests to flush its
 * translations: whoever holds the lock may be waiting for that answer
 * (tlb_shootdown in kern/pmap.c).
 */
#include "kern/spinlock.h"
#include "kern/cpu.h"
#include "kern/kernel.h"

static struct spinlock big_lock = SPINLOCK_INIT("kernel");

// @exercise spin_lock 5 'Take a lock'
void
spin_lock(struct spinlock *lk)
{
	struct cpu *cpu = this_cpu();

	if (spin_holding(lk))
		panic("CPU %d takes lock %s twice", cpu->id, lk->name);
	while (xchg32(&lk->held, 1) != 0) {
		do {
			if (cpu->tlb_pending) {
				write_cr3(read_cr3());
				cpu->tlb_pending = false;
			}
			cpu_pause();
		} while (lk->held);
	}
	lk->cpu = cpu->id;
}
// @end

void
spin_unlock(struct spinlock *lk)
{
	assert(spin_holding(lk));
	lk->cpu = -1;
	__atomic_store_n(&lk->held, 0, __ATOMIC_RELEASE);
}

bool
spin_holding(struct spinlock *lk)
{
	return lk->held && lk->cpu == cpu_id();
}

void
lock_kernel(void)
{
	struct counters *c = &cpu_counters[cpu_id()].c;
	uint64_t start;

	c->locks++;
	if (!big_lock.held) {
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
