/*
 * lapic.c: the local APIC of each CPU (Intel SDM volume 3A, chapter 11), as
 * memory-mapped registers: end of interrupt, interprocessor interrupts, the
 * start of other CPUs, and the one-shot timer.
 */
#include "kern/lapic.h"
#include "kern/acpi.h"
#include "kern/cpu.h"
#include "kern/kernel.h"
#include "kern/pmap.h"
#include "kern/time.h"
#include "inc/trap.h"

/* Register offsets in bytes, by the manual's names. */
#define LAPIC_ID	0x020
#define LAPIC_TPR	0x080
#define LAPIC_EOI	0x0b0
#define LAPIC_SVR	0x0f0
#define LAPIC_SVR_ENABLE 0x100
#define LAPIC_ESR	0x280
#define LAPIC_ICR_LOW	0x300
#define LAPIC_ICR_HIGH	0x310
#define ICR_FIXED	0x00000
#define ICR_INIT	0x00500
#define ICR_STARTUP	0x00600
#define ICR_PENDING	0x01000
#define ICR_ASSERT	0x04000
#define ICR_OTHERS	0xc0000
#define LAPIC_LVT_TIMER	0x320
#define LAPIC_LVT_LINT0	0x350
#define LAPIC_LVT_LINT1	0x360
#define LAPIC_LVT_ERROR	0x370
#define LVT_NMI		0x00400
#define LVT_MASKED	0x10000
#define LAPIC_TIMER_INIT 0x380
#define LAPIC_TIMER_NOW	0x390
#define LAPIC_TIMER_DIV	0x3e0
#define TIMER_DIV_16	0x3

#define CALIBRATE_US	20000
#define HALT_TICKS	62500

static volatile uint8_t *lapic;
static uint64_t timer_hz;		/* after division by 16 */

static uint32_t
lapic_read(uint32_t reg)
{
	return *(volatile uint32_t *)(lapic + reg);
}

static void
lapic_write(uint32_t reg, uint32_t v)
{
	*(volatile uint32_t *)(lapic + reg) = v;
}

void
lapic_init(void)
{
	if (!lapic)
		lapic = mmio_map(acpi.lapic_pa, PGSIZE);
	if (!lapic)
		panic("cannot map the local APIC");
	lapic_write(LAPIC_SVR, LAPIC_SVR_ENABLE | T_SPURIOUS);
	lapic_write(LAPIC_LVT_LINT0, LVT_MASKED);
	lapic_write(LAPIC_LVT_LINT1, LVT_NMI);
	lapic_write(LAPIC_LVT_ERROR, T_LAPIC_ERROR);
	lapic_write(LAPIC_TIMER_DIV, TIMER_DIV_16);
	lapic_write(LAPIC_LVT_TIMER, T_TIMER);
	lapic_write(LAPIC_TIMER_INIT, 0);
	lapic_write(LAPIC_ESR, 0);
	lapic_write(LAPIC_EOI, 0);
	lapic_write(LAPIC_TPR, 0);
}

uint32_t
lapic_id(void)
{
	return lapic_read(LAPIC_ID) >> 24;
}

void
lapic_eoi(void)
{
	lapic_write(LAPIC_EOI, 0);
}

static void
icr_send(uint32_t apic_id, uint32_t low)
{
	lapic_write(LAPIC_ICR_HIGH, apic_id << 24);
	lapic_write(LAPIC_ICR_LOW, low);
	while (lapic_read(LAPIC_ICR_LOW) & ICR_PENDING)
		cpu_pause();
}

void
lapic_ipi(int cpu, int vector)
{
	icr_send(cpus[cpu].apic_id, ICR_FIXED | ICR_ASSERT | vector);
}

void
lapic_ipi_others(int vector)
{
	icr_send(0, ICR_OTHERS | ICR_FIXED | ICR_ASSERT | vector);
}

/* INIT, then STARTUP twice (Intel SDM volume 3A, section 9.4.4.1). */
void
lapic_start_ap(uint32_t apic_id, physaddr_t entry)
{
	icr_send(apic_id, ICR_INIT | ICR_ASSERT);
	udelay(10000);
	for (int i = 0; i < 2; i++) {
		icr_send(apic_id, ICR_STARTUP | ICR_ASSERT | entry >> 12);
		udelay(200);
	}
}

void
lapic_calibrate(void)
{
	uint64_t start, ticks;

	lapic_write(LAPIC_LVT_TIMER, LVT_MASKED);
	start = read_tsc();
	lapic_write(LAPIC_TIMER_INIT, 0xffffffff);
	udelay(CALIBRATE_US);
	ticks = 0xffffffff - lapic_read(LAPIC_TIMER_NOW);
	timer_hz = ticks * tsc_hz / (read_tsc() - start);
	lapic_write(LAPIC_TIMER_INIT, 0);
	lapic_write(LAPIC_LVT_TIMER, T_TIMER);
	if (timer_hz == 0)
		panic("the local APIC's timer does not count");
}

void
lapic_halt_once(void)
{
	this_cpu()->timer_at = 1;
	lapic_write(LAPIC_TIMER_INIT, HALT_TICKS);
	while (this_cpu()->timer_at != 0)
		cpu_sti_hlt();
	cpu_cli();
}

void
lapic_timer_at(uint64_t when)
{
	struct cpu *cpu = this_cpu();
	uint64_t now, us, count;

	if (when == cpu->timer_at)
		return;
	cpu->timer_at = when;
	if (when == 0) {
		lapic_write(LAPIC_TIMER_INIT, 0);
		return;
	}
	now = read_tsc();
	us = when > now ? (when - now) / (tsc_hz / 1000000) : 0;
	count = MIN(us, 10000000ul) * timer_hz / 1000000;
	lapic_write(LAPIC_TIMER_INIT, MAX(count, 1ul));
}
