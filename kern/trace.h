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

/*
 * kern/export.c: between these two records can be written, and no dataplane's
 * memory is taken away. Whoever frees one holds this lock, too; nobody waits
 * for another CPU with it held.
 */
void export_lock(void);
void export_unlock(void);
/* Write a record to the debug console. Export lock held. */
void export_record(int kind, int tag, const void *p, size_t len);
/* kern/trace.c: all rings, names of environments. Export lock held. */
void trace_export(void);
/*
 * All counters of this moment: CPUs, environments, libOSes, between an
 * EXPORT_MARK and an EXPORT_END of that tag (0 .. 65535). Export lock held.
 */
void export_snapshot(int tag);
/* At the end of a run, if export=1 or trace=1: counters, clock, traces. */
void export_all(void);

#endif
