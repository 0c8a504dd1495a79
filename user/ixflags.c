/*
 * ixflags.c: a flag that ring 3 may set for itself is still set after
 * interrupts of its core: the kernel goes back to what it interrupted.
 */
#include "inc/count.h"
#include "inc/libix.h"
#include "inc/mmu.h"
#include "inc/x86.h"

int
main(int argc, char **argv)
{
	const struct cpu_counters *all = (const void *)UCOUNT;
	const struct counters *c = &all[ix_info()->cpu].c;
	uint64_t before = READ_ONCE(c->timer_ticks), flags;

	/* AC alone: with aligned words it changes nothing. */
	__asm__ volatile("pushfq; orq %0, (%%rsp); popfq"
			 : : "i"(FL_AC) : "memory", "cc");
	while (READ_ONCE(c->timer_ticks) < before + 5)
		cpu_pause();
	__asm__ volatile("pushfq; popq %0\n"
			 "pushfq; andq %1, (%%rsp); popfq"
			 : "=r"(flags) : "i"(~FL_AC) : "memory", "cc");
	cprintf("ixflags: %s\n", flags & FL_AC ? "OK" : "a flag is lost");
	return 0;
}
