/*
 * timer.c: the application's timers, a binary heap by time. One-shot; each
 * posts one event.
 */
#include "dp/libos.h"

#define TIMERS	4096

static struct {
	uint64_t when;		/* TSC */
	uint64_t cookie;
} heap[TIMERS + 1];		/* heap[1] is the first due */
static uint32_t count;
uint64_t timer_next = ~0ul;

static void
swap(uint32_t i, uint32_t j)
{
	__typeof__(heap[0]) t = heap[i];

	heap[i] = heap[j];
	heap[j] = t;
}

int64_t
call_timer(uint64_t usec, uint64_t cookie)
{
	uint32_t i;

	if (usec > 1ul << 40)
		return -E_INVAL;
	if (count == TIMERS)
		return -E_AGAIN;
	i = ++count;
	heap[i].when = read_tsc() + usec * tsc_per_us;
	heap[i].cookie = cookie;
	for (; i > 1 && heap[i].when < heap[i / 2].when; i /= 2)
		swap(i, i / 2);
	timer_next = heap[1].when;
	return 0;
}

static void
remove_first(void)
{
	uint32_t i = 1;

	heap[1] = heap[count--];
	for (;;) {
		uint32_t child = 2 * i;

		if (child > count)
			break;
		if (child < count && heap[child + 1].when < heap[child].when)
			child++;
		if (heap[i].when <= heap[child].when)
			break;
		swap(i, child);
		i = child;
	}
	timer_next = count ? heap[1].when : ~0ul;
}

void
timer_expire(uint64_t now)
{
	while (count && heap[1].when <= now && event_room()) {
		event_post(IX_EV_TIMER, 0, heap[1].cookie, 0, 0);
		remove_first();
	}
}
