/*
 * dpprint.c: the record of who owns what, for the monitor: each dataplane
 * with its owner, memory, cores and queues. Reads only.
 */
#include "kern/dp.h"
#include "kern/kernel.h"
#include "kern/nic.h"

static const char *const state_names[] = {
	[DP_FREE] = "free", [DP_NEW] = "being set up",
	[DP_RUNNING] = "running", [DP_EXITED] = "exited",
	[DP_KILLED] = "killed",
};

static const char *const core_names[] = {
	[DP_CORE_NONE] = "none", [DP_CORE_BOUND] = "promised",
	[DP_CORE_RUNNING] = "bound", [DP_CORE_OUT] = "given back",
};

static void
print_core(const struct dp *dp, const struct dp_core *k)
{
	const struct nic *nic = dp->nic < 0 ? NULL : nic_get(dp->nic);

	cprintf("  core %d: CPU %d %s, root %lx", k->index, k->cpu,
		core_names[k->state], k->root_pa);
	if (nic && k->queue >= 0)
		cprintf(", %s queue %d, %u flow groups", nic->name, k->queue,
			dp_queue_groups(k));
	cprintf(", %lu waits, %lu ticks\n", k->info.waits, k->info.ticks);
}

void
dp_print(void)
{
	int found = 0;

	for (int i = 0; i < DP_MAX; i++) {
		const struct dp *dp = &dps[i];

		if (dp->state == DP_FREE)
			continue;
		found++;
		cprintf("dataplane %u: %s, owner %08x, %u pages of 2 MB, "
			"%u of tables, heap %lu MB, bound %u ms\n", dp->id,
			state_names[dp->state], dp->owner, dp->npages,
			dp->ntables, (dp->heap_end - IX_HEAP) >> 20,
			dp->bound_ms);
		for (int c = 0; c < dp->ncores; c++)
			print_core(dp, &dp->core[c]);
	}
	if (!found)
		cprintf("no dataplane\n");
}
