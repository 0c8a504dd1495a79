/*
 * report.c: what a stretch of work cost on this core, from the libOS's
 * statistics and the kernel's counters.
 */
#include "inc/dp.h"
#include "inc/libix.h"
#include "inc/x86.h"

static _Thread_local struct dp_stats start_stats, now_stats;
static _Thread_local struct counters start_kernel;
static _Thread_local uint64_t start_tsc;

static const struct counters *
kernel_counters(void)
{
	const struct cpu_counters *all = (const void *)UCOUNT;

	return &all[ix_info()->cpu].c;
}

void
ix_report_start(void)
{
	ix_stats(&start_stats);
	start_kernel = *kernel_counters();
	start_tsc = read_tsc();
}

/* All that was seen of a queue since boot. */
static struct queue_point
queue_all(const struct queue *q)
{
	struct queue_point p = q->before;

	queue_point_add(&p, &q->now);
	return p;
}

/* The receive ring; its greatest depth is that since boot. */
static void
report_ring(const char *name)
{
	struct queue_point s = queue_all(&start_stats.rx_queue);
	struct queue_point t = queue_all(&now_stats.rx_queue);

	cprintf("%s: core %u: receive ring: %lu looks found %lu frames and "
		"left %lu, %lu at most; they waited %lu TSC ticks\n", name,
		ix_core(), t.looks - s.looks, t.taken - s.taken,
		t.left - s.left, t.depth_max, t.waited_tsc - s.waited_tsc);
}

void
ix_report(const char *name, uint64_t n)
{
	uint64_t total = read_tsc() - start_tsc, busy;
	struct counters kernel = *kernel_counters();
	const struct dp_stats *s = &start_stats, *t = &now_stats;

	ix_stats(&now_stats);
	busy = total - (t->c.idle_tsc - s->c.idle_tsc);
	if (n == 0)
		n = 1;
	cprintf("%s: core %u: %lu requests, %lu TSC ticks busy each, "
		"%lu crossings, %lu kernel entries, %lu locks, "
		"%lu env switches, %lu IPCs\n", name, ix_core(), n, busy / n,
		t->crossings - s->crossings,
		kernel.traps - start_kernel.traps,
		kernel.locks - start_kernel.locks,
		kernel.env_switches - start_kernel.env_switches,
		kernel.ipc_sends - start_kernel.ipc_sends);
	cprintf("%s: core %u: %lu frames in, %lu out, %lu doorbells, "
		"%lu dropped, copied %lu, zero-copy sends %lu, batches",
		name, ix_core(), t->c.rx_frames - s->c.rx_frames,
		t->c.tx_frames - s->c.tx_frames,
		t->c.doorbells - s->c.doorbells,
		t->c.rx_dropped - s->c.rx_dropped,
		t->c.copy_dp_small_send - s->c.copy_dp_small_send,
		t->sends_zero_copy - s->sends_zero_copy);
	for (int i = 0; i < BATCH_BUCKETS; i++)
		cprintf(" %lu", t->batches[i] - s->batches[i]);
	cprintf("\n");
	report_ring(name);
}
