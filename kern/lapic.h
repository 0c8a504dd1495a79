/*
 * lapic.h: the local interrupt controller (Intel SDM volume 3A, chapter 11).
 */
#ifndef JIX_KERN_LAPIC_H
#define JIX_KERN_LAPIC_H

#include "inc/types.h"

void lapic_init(void);		/* this CPU's; maps the registers first */
uint32_t lapic_id(void);
void lapic_eoi(void);
void lapic_ipi(int cpu, int vector);	/* to a CPU by its number */
void lapic_ipi_others(int vector);	/* to all started CPUs but this */
void lapic_start_ap(uint32_t apic_id, physaddr_t entry);
/* One-shot timer: T_TIMER when the TSC reaches `when`; 0 stops it. */
void lapic_timer_at(uint64_t when);
/* Measure the timer's rate against the TSC; once, after time_init. */
void lapic_calibrate(void);

/*
 * Halt this CPU once for about a millisecond: a fixed number of the timer's
 * ticks, so calibrated or not. Interrupts are off before and after.
 */
void lapic_halt_once(void);

void ioapic_init(void);

#endif
