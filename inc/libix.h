/*
 * libix.h: the library of dataplane applications (lib/ix/), lowest layer: the
 * raw arrays and ix_run_io(). The ABI underneath is in inc/ix.h; the event
 * layer is in inc/ixev.h, sockets in inc/socket.h.
 *
 * main() runs once per core, each with its own calls, events, handles and
 * thread-local variables; ordinary variables are shared by all cores.
 */
#ifndef JIX_INC_LIBIX_H
#define JIX_INC_LIBIX_H

#include "inc/ix.h"
#include "inc/stdio.h"
#include "inc/string.h"
#include "inc/types.h"

struct dp_stats;

/* This core's view of what it shares with the libOS. */
struct ix_thread {
	struct ix_area *area;
	uint32_t ncalls;	/* filled, not yet carried out */
	uint32_t nresults;	/* of the last ix_run_io() */
};
extern _Thread_local struct ix_thread ix;

static inline const struct ix_info *
ix_info(void)
{
	return &ix.area->info;
}

static inline uint32_t
ix_core(void)
{
	return ix.area->info.core;
}

/*
 * Add a call to the batch: its slot, for the result after ix_run_io(), or
 * null when IX_CALLS are waiting: run what there is first.
 */
static inline struct ix_call *
ix_call(enum ix_call_op op, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
	struct ix_call *call;

	if (ix.ncalls == IX_CALLS)
		return NULL;
	call = &ix.area->calls[ix.ncalls++];
	call->op = op;
	call->arg[0] = a;
	call->arg[1] = b;
	call->arg[2] = c;
	call->arg[3] = d;
	return call;
}

/*
 * Enter the libOS: carry out the batch, run the stack, come back with events
 * or after usec microseconds (0: one turn; IX_FOREVER). The number of events,
 * in ix_event(0) and on. The results of the batch lie in ix_result().
 */
static inline uint32_t
ix_run_io(uint64_t usec)
{
	uint32_t n = ix.ncalls;

	ix.ncalls = 0;
	ix.nresults = n;
	return ix_enter(IX_OP_RUN, n, usec, 0);
}

static inline const struct ix_event *
ix_event(uint32_t n)
{
	return &ix.area->events[n];
}

static inline int64_t
ix_result(uint32_t n)
{
	return ix.area->calls[n].op;
}

/*
 * One call, carried out at once with all that wait, no time for events: its
 * result. For set-up; events that come with it are lost, so not later.
 */
int64_t ix_call_now(enum ix_call_op op, uint64_t a, uint64_t b, uint64_t c,
		    uint64_t d);

/* For the statistics: n requests more have been answered on this core. */
static inline void
ix_answered(uint64_t n)
{
	ix.area->count.requests += n;
}

/* ... the library has copied n bytes out of receive buffers, or to send. */
static inline void
ix_copied_recv(uint64_t n)
{
	ix.area->count.recv_bytes += n;
	ix.area->count.recv_copies++;
}

static inline void
ix_copied_send(uint64_t n)
{
	ix.area->count.send_bytes += n;
	ix.area->count.send_copies++;
}

/* This core's statistics as the libOS keeps them. */
void ix_stats(struct dp_stats *out);
/*
 * Measure from here; print what n requests have cost since: TSC ticks outside
 * the idle loop (instructions in EXACT runs), crossings, kernel entries,
 * frames, batches by size (1, 2-3, 4-7, ...), and how deep the receive ring
 * was.
 */
void ix_report_start(void);
void ix_report(const char *name, uint64_t n);
/* All counters of the machine to the debug console, under a number to 65534. */
int64_t ix_snapshot(uint16_t tag);
/* End this core; the dataplane ends when all cores have. */
void ix_exit(int code) __attribute__((noreturn));
/* n fresh pages of 2 MB, or null. */
void *ix_map(uint64_t n);

/* Each core has an arena: what one core allocates another must not free. */
void *malloc(size_t n);
void *calloc(size_t count, size_t size);
void *realloc(void *p, size_t n);
void free(void *p);
void exit(void) __attribute__((noreturn));
int main(int argc, char **argv);

#endif
