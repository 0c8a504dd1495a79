/*
 * time.c: how fast the TSC runs. Measured against the ACPI PM timer, whose
 * rate is fixed (ACPI 6.5, section 4.8.3.3: 3.579545 MHz, 24 bits).
 *
 * A host that takes the CPU away between the two readings would spoil the
 * result, so each end of the interval is read several times and the reading
 * whose TSC bracket was tightest counts.
 */
#include "kern/time.h"
#include "kern/acpi.h"
#include "kern/exact.h"
#include "kern/kernel.h"
#include "inc/x86.h"

#define PM_TIMER_HZ	3579545ul
#define PM_TIMER_MASK	0xfffffful
#define CALIBRATE_TICKS	(PM_TIMER_HZ / 20)	/* 50 ms */

uint64_t tsc_hz = 1000000000;	/* until measured */

struct sample {
	uint64_t tsc;
	uint32_t pm;
};

/*
 * Under a microsecond. An emulator leaves its fast path at each pause and
 * each reading of a clock: one of them for many instructions that count.
 */
static void
wait_a_little(void)
{
	cpu_pause();
	for (int i = 0; i < 250; i++)
		__asm__ volatile("");
}

static struct sample
sample_clocks(void)
{
	struct sample best = { 0, 0 };
	uint64_t width = ~0ul;

	for (int i = 0; i < 16; i++) {
		uint64_t before = read_tsc();
		uint32_t pm = inl(acpi.pm_timer_port) & PM_TIMER_MASK;
		uint64_t after = read_tsc();

		if (after - before < width) {
			width = after - before;
			best.tsc = before + width / 2;
			best.pm = pm;
		}
	}
	return best;
}

void
time_init(void)
{
	struct sample a, b;
	uint32_t ticks;

	uinfo->tsc_hz = tsc_hz;
	if (exact_kind() != EXACT_NOT)
		return;		/* an instruction is 1 ns */
	if (!acpi.pm_timer_port)
		panic("no ACPI PM timer to measure the TSC against");
	a = sample_clocks();
	do {
		for (int i = 0; i < 100; i++)
			wait_a_little();
		b = sample_clocks();
		ticks = (b.pm - a.pm) & PM_TIMER_MASK;
	} while (ticks < CALIBRATE_TICKS);
	tsc_hz = (b.tsc - a.tsc) * PM_TIMER_HZ / ticks;
	uinfo->tsc_hz = tsc_hz;
}

void
udelay(uint64_t us)
{
	uint64_t end = read_tsc() + us * tsc_hz / 1000000;

	while ((int64_t)(end - read_tsc()) > 0)
		wait_a_little();
}

uint64_t
time_msec(void)
{
	return (read_tsc() - uinfo->boot_tsc) / (tsc_hz / 1000);
}

uint64_t
msec_to_tsc(uint64_t ms)
{
	uint64_t per_ms = tsc_hz / 1000;

	if (ms > ~0ul / 2 / per_ms)
		return ~0ul / 2;
	return uinfo->boot_tsc + ms * per_ms;
}
