/*
 * shutdown.c: the end of the machine, and the account before it: every page
 * and every environment must have come back.
 */
#include "kern/cpu.h"
#include "kern/env.h"
#include "kern/kernel.h"
#include "kern/pmap.h"
#include "kern/spinlock.h"
#include "kern/trace.h"
#include "inc/x86.h"

#define DEBUG_EXIT_PORT	0xf4	/* isa-debug-exit on the QEMU command line */
#define PM1A_PORT	0x604	/* q35: ACPI PM1a control */
#define PM1A_S5		0x2000	/* sleep enable, type 0: soft off */

static size_t pages_at_start;
static bool ending;		/* until= has been met */
static bool reported;

void
machine_shutdown(int code)
{
	export_all();
	machine_off(code);
}

void
machine_off(int code)
{
	outb(DEBUG_EXIT_PORT, code);
	outw(PM1A_PORT, PM1A_S5);
	for (;;) {
		cpu_cli();
		__asm__ volatile("hlt");
	}
}

void
machine_baseline(void)
{
	pages_at_start = page_count_free();
}

void
machine_env_ended(const struct env *e)
{
	char name[ENV_NAME_LEN];

	if (e->parent_id == 0 && args_get("until", name, sizeof(name)) &&
	    strcmp(name, e->name) == 0)
		ending = true;
}

/* until= was met: end what is left, those on other CPUs included. */
static bool
end_the_rest(void)
{
	bool all = true;

	for (int i = 0; i < NENV; i++) {
		struct env *e = &envs[i];

		if (e->status == ENV_FREE)
			continue;
		if (e->status == ENV_DYING || e->status == ENV_RUNNING)
			all = false;
		if (e->status != ENV_DYING)
			env_destroy(e);
	}
	return all && env_count() == 0;
}

bool
machine_is_done(void)
{
	if (reported)
		return false;
	if (ending)
		return end_the_rest();
	return env_count() == 0;
}

void
machine_resume(void)
{
	reported = false;
}

bool
machine_unattended(void)
{
	char then[16];

	return args_get("then", then, sizeof(then)) &&
		strcmp(then, "exit") == 0;
}

void
machine_all_done(void)
{
	long lost = (long)(pages_at_start - page_count_free());
	int envs_lost = env_count();

	reported = true;
	cprintf("jix: all environments done: pages lost %ld, envs lost %d\n",
		lost, envs_lost);
	if (machine_unattended())
		machine_shutdown(lost || envs_lost ? 1 : 0);
	for (;;)
		monitor(NULL);
}
