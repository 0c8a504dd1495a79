/*
 * spinlock.h: spin locks. Interrupts are off in the kernel, so a lock is
 * never taken twice by one CPU through an interrupt.
 */
#ifndef JIX_KERN_SPINLOCK_H
#define JIX_KERN_SPINLOCK_H

#include "inc/types.h"

struct spinlock {
	volatile uint32_t held;		/* 0 or 1 */
	int cpu;			/* holder, -1: none */
	const char *name;
};

#define SPINLOCK_INIT(n)	{ 0, -1, n }

void spin_lock(struct spinlock *lk);
void spin_unlock(struct spinlock *lk);
bool spin_holding(struct spinlock *lk);

/* The big kernel lock: everything of the time-shared side. */
void lock_kernel(void);
void unlock_kernel(void);
bool kernel_locked(void);

#endif
