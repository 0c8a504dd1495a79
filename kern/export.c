/*
 * export.c: what was counted and traced leaves the machine as records of
 * inc/export.h over the debug console.
 *
 * A snapshot is taken without the big kernel lock and while other CPUs count
 * on: each figure is right, but they are of slightly different moments. Who
 * wants a consistent one takes it while nothing is under way. The export lock
 * keeps records whole, and dataplanes where they are.
 */
#include "inc/export.h"
#include "kern/console.h"
#include "kern/cpu.h"
#include "kern/dp.h"
#include "kern/env.h"
#include "kern/kernel.h"
#include "kern/pmap.h"
#include "kern/spinlock.h"
#include "kern/syscall.h"
#include "kern/time.h"
#include "kern/trace.h"

static struct spinlock lock = SPINLOCK_INIT("export");

/* Programs may fill no more than this of the host's disk. */
#define EXPORT_MAX	(256ul << 20)
static uint64_t exported;	/* bytes */

void
export_lock(void)
{
	spin_lock(&lock);
}

void
export_unlock(void)
{
	spin_unlock(&lock);
}

void
export_record(int kind, int tag, const void *p, size_t len)
{
	struct export_header h = { EXPORT_MAGIC, kind, tag, len };

	assert(spin_holding(&lock));
	exported += sizeof(h) + len;
	debugcon_write(&h, sizeof(h));
	debugcon_write(p, len);
}

static void
put_env(const struct env *e)
{
	struct {
		struct export_env name;
		struct counters count;
	} r;

	r.name.id = e->id;
	strlcpy(r.name.name, e->name, sizeof(r.name.name));
	r.count = e->count;
	export_record(EXPORT_ENV_COUNTERS, 0, &r, sizeof(r));
}

/* What the network server has counted, if there is one. */
static void
put_published(void)
{
	struct {
		struct export_env name;
		struct counters count;
	} r = { .name = { .name = "ns" } };

	if (pa2page(kva2pa(ns_count_page))->refs < 2)
		return;
	r.count = *ns_count_page;
	export_record(EXPORT_ENV_PUBLISHED, 0, &r, sizeof(r));
}

static void
put_dp(const struct dp *dp)
{
	if (dp->state != DP_RUNNING)
		return;
	for (int i = 0; i < dp->ncores; i++)
		export_record(EXPORT_DP_COUNTERS, dp->core[i].cpu,
			   (const void *)dp->core[i].stats,
			   sizeof(*dp->core[i].stats));
}

void
export_snapshot(int tag)
{
	uint64_t now = read_tsc();

	export_record(EXPORT_MARK, tag, &now, sizeof(now));
	for (int i = 0; i < ncpu; i++)
		export_record(EXPORT_COUNTERS, i, &cpu_counters[i],
			   sizeof(cpu_counters[i]));
	for (int i = 0; i < NENV; i++)
		if (envs[i].status != ENV_FREE)
			put_env(&envs[i]);
	put_published();
	for (int i = 0; i < DP_MAX; i++)
		put_dp(&dps[i]);
	export_record(EXPORT_END, tag, NULL, 0);
}

int64_t
call_snapshot(struct env *e UNUSED, uint32_t tag)
{
	if (tag > 0xffff)
		return -E_INVAL;
	if (exported >= EXPORT_MAX)
		return -E_NO_MEM;
	export_lock();
	export_snapshot(tag);
	trace_export();
	export_unlock();
	return 0;
}

void
export_all(void)
{
	uint64_t clock[2] = { tsc_hz, uinfo->boot_tsc };

	if (!trace_on && !args_number("export", 0))
		return;
	export_lock();
	export_record(EXPORT_CLOCK, 0, clock, sizeof(clock));
	export_snapshot(0xffff);
	trace_export();
	export_unlock();
}
