/*
 * exact.c: what makes a run of the exact laboratory repeat. Four things in
 * QEMU that depend on the host are kept away from the machine:
 *
 * Its main thread looks after timers, too, whenever it is awake. The gate is
 * where the host can stop it (conf/side/gate.py).
 *
 * With all CPUs halted, that thread moves the clock on to the next timer,
 * whenever the host lets it run. So the last CPU does not halt here.
 *
 * After devices were configured, QEMU frees memory maps in a thread of its
 * own, which interrupts the turns of CPUs. While one CPU runs alone this does
 * not show, so it is given time for that before the others are started.
 *
 * The firmware halts and waits for devices. What has become different by it is
 * the clock, which so gets a new beginning, and the phase of QEMU's own timer
 * that ends turns of CPUs; it starts anew when all CPUs have been halted.
 */
#include "kern/exact.h"
#include "kern/cpu.h"
#include "kern/kernel.h"
#include "kern/lapic.h"
#include "inc/x86.h"

#define PIT_DATA0	0x40
#define PIT_MODE	0x43
#define PIT_COUNTER0	0x00
#define PIT_BOTH_BYTES	0x30
#define PIT_ONCE	0x00	/* mode 0 */
#define PIT_RATE	0x04	/* mode 2 */
#define PIT_TURN	12	/* ticks of 838 ns */

/* A byte written here waits until the host has seen it, if it listens. */
#define GATE_PORT	0xea

#define BEGIN_AT	100000000ul	/* TSC: a multiple of this */
#define SETTLE_TURNS	60000		/* about 0.1 s of the host */
#define SLED		128		/* instructions */

enum exact_kind
exact_kind(void)
{
	static char word[8];

	if (!word[0] && !args_get("exact", word, sizeof(word)))
		word[0] = '0';
	return word[0] == 'c' ? EXACT_COST :
		word[0] == 'l' ? EXACT_LOAD : EXACT_NOT;
}

static void
set_interval_timer(uint8_t mode, uint8_t ticks)
{
	outb(PIT_MODE, PIT_COUNTER0 | PIT_BOTH_BYTES | mode);
	outb(PIT_DATA0, ticks);
	outb(PIT_DATA0, 0);
}

void
exact_short_turns(void)
{
	if (exact_kind() == EXACT_LOAD)
		set_interval_timer(PIT_RATE, PIT_TURN);
}

void
exact_idle(void)
{
	__asm__ volatile(".rept 400; nop; .endr");
}

bool
exact_must_run(int cpu)
{
	if (exact_kind() == EXACT_NOT)
		return false;
	for (int i = 0; i < ncpu; i++)
		if (i != cpu && !READ_ONCE(cpus[i].halted))
			return false;
	return true;
}

/* Be at that TSC value, to the instruction: into the middle of a sled. */
static void
wait_until(uint64_t tsc)
{
	uint64_t left;

	while (read_tsc() + 1000 < tsc)
		exact_idle();
	while (read_tsc() + SLED / 2 < tsc)
		;
	left = tsc - read_tsc();
	if (left > SLED)
		left = 0;	/* too late: time is not counted instructions */
	__asm__ volatile("leaq 1f(%%rip), %%rax; subq %0, %%rax; jmp *%%rax\n"
			 "	.rept %c1; nop; .endr\n"
			 "1:"
			 : : "r"(left), "i"(SLED) : "rax");
}

void
exact_begin(void)
{
	if (exact_kind() == EXACT_NOT)
		return;
	/* Nobody listens to it, but each time it is due a turn ends. */
	set_interval_timer(PIT_ONCE, 1);
	wait_until((read_tsc() / BEGIN_AT + 1) * BEGIN_AT);
	lapic_halt_once();
	cprintf("jix: exact from here\n");
	outb(GATE_PORT, 0);
	wait_until((read_tsc() / BEGIN_AT + 1) * BEGIN_AT);
	uinfo->boot_tsc = read_tsc();
}

void
exact_settle(void)
{
	if (exact_kind() == EXACT_NOT)
		return;
	for (int i = 0; i < SETTLE_TURNS; i++)
		cpu_pause();
}
