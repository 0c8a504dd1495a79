/*
 * init.c: the order in which the kernel comes up, on CPU 0. Memory first,
 * then this CPU's tables and a stack with a guard page, then the machine as
 * ACPI describes it, the other CPUs, and the first environments.
 */
#include "inc/bootinfo.h"
#include "inc/program.h"
#include "kern/acpi.h"
#include "kern/console.h"
#include "kern/cpu.h"
#include "kern/dp.h"
#include "kern/env.h"
#include "kern/exact.h"
#include "kern/irq.h"
#include "kern/kernel.h"
#include "kern/lapic.h"
#include "kern/nic.h"
#include "kern/pmap.h"
#include "kern/spinlock.h"
#include "kern/time.h"
#include "kern/trace.h"
#include "kern/trap.h"

static void
list_programs(void)
{
	uinfo->nprogram = MIN(nprograms, (uint64_t)UINFO_PROGRAMS);
	for (uint32_t i = 0; i < uinfo->nprogram; i++)
		strlcpy(uinfo->program[i], programs[i].name, UINFO_NAME);
}

static void
start_programs(void)
{
	char line[512];

	for (int i = 0; args_program(i, line, sizeof(line)); i++) {
		int r = env_start_program(line);

		if (r < 0)
			cprintf("jix: cannot start \"%s\": %s\n", line,
				error_string(r));
	}
}

static uint64_t entered;	/* TSC when the kernel was */

/* The TSC starts at 0 when the processor does: BIOS and loader come first. */
static void
print_boot_time(void)
{
	uint64_t ms = tsc_hz / 1000;
	uint64_t now = read_tsc();

	cprintf("jix: first program after %lu ms: BIOS and loader %lu, "
		"kernel %lu\n", now / ms, entered / ms, (now - entered) / ms);
}

/* The second half, on CPU 0's own stack. */
static void NORETURN
init_rest(void)
{
	lock_kernel();
	time_init();
	exact_begin();
	lapic_calibrate();
	ioapic_init();
	console_init_irq();
	nic_init();
	exact_settle();
	mp_start();
	cprintf("jix: %d CPU%s, %lu MB, TSC %lu MHz, boot %lu us\n", ncpu,
		ncpu > 1 ? "s" : "", npages / 256, tsc_hz / 1000000,
		(read_tsc() - entered) / (tsc_hz / 1000000));
	trace_init();
	dp_init();
	list_programs();
	machine_baseline();
	if (args_number("check", 0))
		mem_check();
	crash_test();
	start_programs();
	print_boot_time();
	sched_yield();
}

void
kern_init(const struct bootinfo *bi)
{
	uint64_t now = read_tsc();

	bi = pa2kva((physaddr_t)bi);	/* the identity map goes away */
	console_init();
	cprintf("\njix: kernel %p to %p\n", (void *)kern_start,
		(void *)kern_end);
	if (bi->magic != BOOTINFO_MAGIC || bi->version != BOOTINFO_VERSION)
		panic("the loader's description of the machine is not ours");
	trap_init();
	mem_init(bi);
	entered = uinfo->boot_tsc = now;
	args_init();
	acpi_init();
	mem_init_cpu(0);
	cpus[0].id = 0;
	cpu_init_features();
	cpu_init(0);
	cpus[0].apic_id = lapic_id();
	env_init();
	__asm__ volatile("movq %0, %%rsp; xorl %%ebp, %%ebp; call *%1"
			 : : "r"(KSTACK_TOP(0)), "r"(init_rest) : "memory");
	__builtin_unreachable();
}
