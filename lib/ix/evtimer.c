/*
 * evtimer.c: the event layer's timers: a binary heap by time. The libOS is
 * told only how long to wait, so setting and cancelling cost no call.
 */
#include "inc/x86.h"
#include "lib/ix/ev.h"

/* heap[1] is due first; heap[0] is not used. */
static _Thread_local struct ixev_timer **heap;
static _Thread_local uint32_t room;

static void
put(uint32_t i, struct ixev_timer *t)
{
	heap[i] = t;
	t->place = i;
}

static void
sift_up(uint32_t i, struct ixev_timer *t)
{
	for (; i > 1 && t->when < heap[i / 2]->when; i /= 2)
		put(i, heap[i / 2]);
	put(i, t);
}

static void
sift_down(uint32_t i, struct ixev_timer *t)
{
	uint32_t n = ev.ntimers;

	for (;;) {
		uint32_t child = 2 * i;

		if (child < n && heap[child + 1]->when < heap[child]->when)
			child++;
		if (child > n || t->when <= heap[child]->when)
			break;
		put(i, heap[child]);
		i = child;
	}
	put(i, t);
}

static bool
make_room(void)
{
	struct ixev_timer **more;

	if (ev.ntimers + 1 < room)
		return true;
	more = realloc(heap, (room ? 2 * room : 64) * sizeof(*more));
	if (!more)
		return false;
	heap = more;
	room = room ? 2 * room : 64;
	return true;
}

void
ixev_timer_cancel(struct ixev_timer *t)
{
	uint32_t i = t->place;
	struct ixev_timer *last;

	if (i == 0)
		return;
	t->place = 0;
	last = heap[ev.ntimers--];
	if (last == t)
		return;
	if (i > 1 && last->when < heap[i / 2]->when)
		sift_up(i, last);
	else
		sift_down(i, last);
}

static uint64_t
ticks_per_us(void)
{
	return MAX(ix_info()->tsc_hz / 1000000, 1ul);
}

int
ixev_timer_set(struct ixev_timer *t, uint64_t usec, void (*fn)(void *),
	       void *arg)
{
	ixev_timer_cancel(t);
	if (!make_room())
		return -E_NO_MEM;
	t->when = read_tsc() + MIN(usec, 1ul << 40) * ticks_per_us();
	t->fn = fn;
	t->arg = arg;
	ev.ntimers++;
	sift_up(ev.ntimers, t);
	return 0;
}

uint64_t
ev_timer_wait(uint64_t usec)
{
	uint64_t now = read_tsc();

	if (heap[1]->when <= now)
		return 0;
	return MIN(usec, (heap[1]->when - now) / ticks_per_us() + 1);
}

/* Those that are due now; what they set anew waits for the next round. */
void
ev_timer_dispatch(void)
{
	uint64_t now = read_tsc();

	while (ev.ntimers > 0 && heap[1]->when <= now) {
		struct ixev_timer *t = heap[1];

		ixev_timer_cancel(t);
		t->fn(t->arg);
	}
}
