/*
 * status_counts.h: what both designs have counted, for the page /status. It is
 * read from the windows UINFO and UCOUNT alone, which are the same in every
 * environment and in ring 3 of a dataplane, so either server shows both.
 */
#ifndef JIX_USER_STATUS_COUNTS_H
#define JIX_USER_STATUS_COUNTS_H

#include "inc/count.h"
#include "inc/dp.h"
#include "inc/string.h"
#include "inc/uinfo.h"
#include "inc/x86.h"

/* An interval is no shorter, however many look at the page. */
#define STATUS_INTERVAL_MS	900

enum { LAB6, IX, NSIDES };

/* The queue in which frames come, and the one behind it. */
enum { STATUS_RX, STATUS_BEHIND, STATUS_QUEUES };

/* What one design counted on its CPUs. */
struct status_side {
	struct counters c;
	uint64_t entries;	/* into the kernel, but for lack of work */
	uint64_t waits;		/* for lack of work, or rounds of polling */
	uint64_t interrupts;
	uint64_t crossings;	/* into the libOS */
	uint64_t connections, buffers_free;
	struct queue_point last[STATUS_QUEUES];	/* of the last second */
	struct queue_point all[STATUS_QUEUES];
	uint32_t cpus;
};

/* Both at one moment. */
struct status_look {
	uint64_t tsc;
	struct status_side side[NSIDES];
};

static inline void
status_sum(struct counters *to, const struct counters *from, int sign)
{
	for (size_t i = 0; i < NCOUNTERS; i++)
		((uint64_t *)to)[i] += sign * ((const uint64_t *)from)[i];
}

/* A queue's last full second before TSC now, and all there was. */
static inline void
status_queue(struct status_side *s, int which, const struct queue *q,
	     uint64_t now, uint64_t tsc_hz)
{
	struct queue_point none = { 0 };
	const struct queue_point *last = &none;

	if (now < q->second_ends)
		last = &q->last;
	else if (now - q->second_ends < tsc_hz)
		last = &q->now;		/* nobody has looked since */
	queue_point_add(&s->last[which], last);
	queue_point_add(&s->all[which], &q->before);
	queue_point_add(&s->all[which], &q->now);
}

/* The CPUs that environments share, the network server, the driver's ring. */
static inline void
status_lab6(struct status_side *s, uint64_t now)
{
	const struct uinfo *info = (const void *)UINFO;
	const struct cpu_counters *cpu = (const void *)UCOUNT;
	const struct counters *ns = (const void *)UCOUNT_NS;
	const struct queue *queues = (const void *)UCOUNT_QUEUES;

	for (uint32_t i = 0; i < info->ncpu; i++) {
		if (info->cpu[i].role != CPU_SHARED)
			continue;
		s->cpus++;
		status_sum(&s->c, &cpu[i].c, 1);
	}
	/* Frames and bytes of it the driver has counted already. */
	s->c.requests = ns->requests;
	s->c.thread_switches = ns->thread_switches;
#define STATUS_COPY(name, text) \
	s->c.copy_##name += ns->copy_##name; \
	s->c.copies_##name += ns->copies_##name;
	COPY_SITES(STATUS_COPY)
#undef STATUS_COPY
	/* A round of polling in which nothing happened has two of each. */
	s->entries = s->c.traps - MIN(s->c.traps, 2 * s->c.idle_rounds);
	s->c.locks -= MIN(s->c.locks, 2 * s->c.idle_rounds);
	s->waits = s->c.idle_rounds + s->c.idle_halts;
	status_queue(s, STATUS_RX, &queues[QUEUE_RX_RING], now, info->tsc_hz);
	status_queue(s, STATUS_BEHIND, &queues[QUEUE_NS_SENDERS], now,
		     info->tsc_hz);
}

/* The dataplanes' cores: what the libOS and, since then, the kernel counts. */
static inline void
status_ix(struct status_side *s, uint64_t now)
{
	const struct uinfo *info = (const void *)UINFO;
	const struct cpu_counters *cpu = (const void *)UCOUNT;
	uint64_t ticks = 0;

	for (uint32_t i = 0; i < info->ncpu; i++) {
		const struct dp_stats *dp =
			(const void *)(UCOUNT_DP + i * PGSIZE);

		if (info->cpu[i].role != CPU_DATAPLANE)
			continue;
		s->cpus++;
		status_sum(&s->c, &dp->c, 1);
		status_sum(&s->c, &cpu[i].c, 1);
		status_sum(&s->c, &dp->before, -1);
		s->waits += dp->waits;
		ticks += dp->tick_calls;
		s->crossings += dp->crossings;
		s->connections += dp->tcp_conns;
		s->buffers_free += dp->rx_free;
		status_queue(s, STATUS_RX, &dp->rx_queue, now, info->tsc_hz);
		status_queue(s, STATUS_BEHIND, &dp->event_queue, now,
			     info->tsc_hz);
	}
	/* After a wait the application's clock tick is asked for again. */
	s->entries = s->c.dp_calls - MIN(s->c.dp_calls, s->waits + ticks);
}

static inline void
status_take(struct status_look *look)
{
	memset(look, 0, sizeof(*look));
	look->tsc = read_tsc();
	status_lab6(&look->side[LAB6], look->tsc);
	status_ix(&look->side[IX], look->tsc);
	for (int i = 0; i < NSIDES; i++) {
		const struct counters *c = &look->side[i].c;

		look->side[i].interrupts = c->irqs + c->timer_ticks + c->ipis;
	}
}

/*
 * Take a look, and find the one with which an interval began: before the last
 * look that is old enough, at first boot.
 */
static inline void
status_interval(struct status_look *now, struct status_look *then)
{
	static _Thread_local struct status_look recent, older;
	const struct uinfo *info = (const void *)UINFO;

	if (recent.tsc == 0)
		recent.tsc = older.tsc = info->boot_tsc;
	status_take(now);
	if (now->tsc - recent.tsc > info->tsc_hz / 1000 * STATUS_INTERVAL_MS) {
		older = recent;
		recent = *now;
	}
	*then = older;
}

static inline uint64_t
status_bytes_copied(const struct status_side *s)
{
	uint64_t sum = 0;

#define STATUS_COPY(name, text) sum += s->c.copy_##name;
	COPY_SITES(STATUS_COPY)
#undef STATUS_COPY
	return sum;
}

static inline uint64_t
status_copies(const struct status_side *s)
{
	uint64_t sum = 0;

#define STATUS_COPY(name, text) sum += s->c.copies_##name;
	COPY_SITES(STATUS_COPY)
#undef STATUS_COPY
	return sum;
}

#endif
