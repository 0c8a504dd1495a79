/*
 * trace.h: recording the stations of inc/trace.h in the kernel.
 */
#ifndef JIX_KERN_TRACE_H
#define JIX_KERN_TRACE_H

#include "inc/trace.h"
#include "inc/types.h"

extern bool trace_on;

/* Allocate the rings if the boot arguments ask for tracing; after mp_start. */
void trace_init(void);
void trace_record(enum station s, int ring, uint64_t a, uint64_t b);
/* Names for the trace: e gets this CPU's attention for the first time. */
struct env;
void trace_env(const struct env *e);

/* Record that a packet passes station s, if tracing is on. */
static inline void
trace(enum station s, uint64_t a, uint64_t b)
{
	if (unlikely(trace_on))
		trace_record(s, 0, a, b);
}

/* Write a record to the debug console. */
void export_record(int kind, int tag, const void *p, size_t len);
struct dp;

/*
 * kern/trace.c: all rings, and the names of environments; with `only`, of
 * dataplanes only that one's. Big lock, or on a core of that dataplane.
 */
void trace_export(const struct dp *only);
/*
 * All counters of this moment: CPUs, environments, libOSes, between an
 * EXPORT_MARK and an EXPORT_END of that tag (0 .. 65535). Any CPU, any lock.
 */
void export_snapshot(int tag);
/* At the end of a run, if export=1 or trace=1: counters, clock, traces. */
void export_all(void);

#endif
