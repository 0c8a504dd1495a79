/*
 * ixcross.c: what a crossing costs: a million entries into the libOS and
 * back, and how often the kernel was entered meanwhile on this core.
 *
 *	ixcross [-m CROSSINGS]
 */
#include "inc/args.h"
#include "inc/count.h"
#include "inc/dp.h"
#include "inc/libix.h"
#include "inc/x86.h"

static uint64_t
kernel_entries(void)
{
	const struct cpu_counters *all = (const void *)UCOUNT;

	return READ_ONCE(all[ix_info()->cpu].c.traps);
}

int
main(int argc, char **argv)
{
	static _Thread_local struct dp_stats before, after;
	uint64_t n = 1000000, traps, start, ticks;
	struct args a;
	int opt;

	args_start(&a, argc, argv);
	while ((opt = args_option(&a)) != 0)
		switch (opt) {
		case 'm':
			n = args_number(&a, 1, 1l << 40);
			break;
		default:
			args_usage("[-m CROSSINGS]");
		}
	ix_stats(&before);
	traps = kernel_entries();
	start = read_tsc();
	for (uint64_t i = 0; i < n; i++)
		ix_enter(IX_OP_NULL, 0, 0, 0);
	ticks = read_tsc() - start;
	traps = kernel_entries() - traps;
	ix_stats(&after);
	cprintf("ixcross: core %u: %lu crossings, %lu kernel entries, "
		"%lu TSC ticks each\n", ix_core(),
		after.crossings - before.crossings - 1, traps, ticks / n);
	return 0;
}
