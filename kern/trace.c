/*
 * trace.c: the kernel's trace rings. Each CPU writes its own ring only.
 */
#include "kern/trace.h"
#include "inc/export.h"
#include "kern/cpu.h"
#include "kern/dp.h"
#include "kern/env.h"
#include "kern/kernel.h"
#include "kern/pmap.h"
#include "kern/syscall.h"

bool trace_on;

static struct trace_ring *rings[NCPU];

/* Environments seen, for their names; later ones go unnamed. */
#define NAMES_MAX	128
static struct export_env names[NAMES_MAX];
static unsigned nnames;

/* One 2 MB page each: contiguous memory. */
_Static_assert(sizeof(struct trace_ring) <= PG2SIZE, "one page per ring");

void
trace_init(void)
{
	if (!args_number("trace", 0))
		return;
	for (int i = 0; i < ncpu; i++) {
		struct page_info *pp = page_alloc_2m(ALLOC_ZERO);

		if (!pp) {
			cprintf("jix: no memory to trace in\n");
			return;
		}
		rings[i] = page2kva(pp);
	}
	trace_on = true;
	uinfo->tracing = 1;
}

void
trace_record(enum station s, int ring, uint64_t a, uint64_t b)
{
	struct cpu *cpu = this_cpu();

	trace_put(rings[cpu->id], (struct trace_event) {
		.tsc = read_tsc(), .station = s, .cpu = cpu->id, .ring = ring,
		.env = cpu->cur ? cpu->cur->id : 0, .a = a, .b = b,
	});
}

void
trace_env(const struct env *e)
{
	for (unsigned i = 0; i < nnames; i++)
		if (names[i].id == e->id)
			return;
	if (nnames == NAMES_MAX)
		return;
	names[nnames].id = e->id;
	strlcpy(names[nnames++].name, e->name, sizeof(names[0].name));
}

int64_t
call_trace(struct env *e, uint32_t station, uint64_t a, uint64_t b)
{
	if (station == TRACE_NONE || station >= NSTATIONS)
		return -E_INVAL;
	if (trace_on) {
		trace_env(e);
		trace_record(station, 3, a, b);
	}
	return 0;
}

/* The ring's events, oldest first, in two pieces if it has wrapped. */
static void
export_ring(int cpu, const struct trace_ring *r)
{
	uint64_t next = READ_ONCE(r->next), at = next % TRACE_RING_EVENTS;

	if (next > TRACE_RING_EVENTS)
		export_record(EXPORT_TRACE, cpu, &r->event[at],
			      (TRACE_RING_EVENTS - at) * sizeof(*r->event));
	export_record(EXPORT_TRACE, cpu, r->event, at * sizeof(*r->event));
}

/* A libOS keeps its ring in memory of its own. */
static void
export_dp_ring(struct dp_core *k)
{
	uint64_t va = k->stats ? k->stats->trace_ring : 0;
	size_t left;
	void *p;

	if (va == 0 || va % CACHELINE)
		return;
	p = dp_mem_kva(k, va, &left);
	if (p && left >= sizeof(struct trace_ring))
		export_ring(k->cpu, p);
}

void
trace_export(void)
{
	if (!trace_on)
		return;
	for (int i = 0; i < ncpu; i++)
		export_ring(i, rings[i]);
	for (int i = 0; i < DP_MAX; i++)
		if (dps[i].state == DP_RUNNING)
			for (int c = 0; c < dps[i].ncores; c++)
				export_dp_ring(&dps[i].core[c]);
	export_record(EXPORT_ENV, 0, names, nnames * sizeof(*names));
}
