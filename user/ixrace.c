/*
 * ixrace.c: a hostile application on two cores. Core 0 sends to whoever
 * connects to port 7, from gather lists that core 1 rewrites all the time:
 * what goes out must be letters v, and nothing else.
 */
#include "inc/assert.h"
#include "inc/dp.h"
#include "inc/libix.h"

#define IOVS	4
#define BYTES	0x10000

/* What may go out, and the list. */
static uint8_t good[BYTES];
static volatile struct ix_iovec iov[IOVS];
static volatile bool over;

static void
rewrite(void)
{
	const uint64_t addrs[] = {
		(uint64_t)good, DP_DATA, (uint64_t)good, DP_RXPOOL,
		(uint64_t)good, DP_COMMON, DP_BOOT, KERNBASE,
	};
	const uint64_t lens[] = { 100, 600, 1000, 0xffff, ~0ul, 8, 600, 0 };
	const uint64_t lists[] = {
		(uint64_t)iov, DP_DATA, (uint64_t)iov, ~0ul - 15,
	};
	volatile struct ix_call *call = IX_AREA(0)->calls;

	for (uint32_t x = 1; !over; x = x * 1664525 + 1013904223) {
		iov[x >> 8 & 3].addr = addrs[x >> 12 & 7];
		iov[x >> 16 & 3].len = lens[x >> 20 & 7];
		if (x >> 28 == 0)
			call->arg[1] = lists[x >> 24 & 3];
		if (x >> 28 == 1)
			call->arg[2] = x >> 10;
	}
}

int
main(int argc UNUSED, char **argv UNUSED)
{
	uint64_t h = 0, taken = 0, wrong = 0;

	if (ix_core() == 1) {
		rewrite();
		return 0;
	}
	memset(good, 'v', sizeof(good));
	if (ix_call_now(IX_LISTEN, 7, 1, 0, 0) < 0)
		panic("listen");
	cprintf("ixrace: serves\n");
	while (!over) {
		uint32_t n;
		int64_t r;

		if (h)
			ix_call(IX_SENDV, h, (uint64_t)iov, IOVS, 0);
		n = ix_run_io(0);
		r = h ? ix_result(0) : 0;
		taken += r > 0;
		wrong += r < 0;
		for (uint32_t i = 0; i < n; i++) {
			const struct ix_event *e = ix_event(i);

			if (e->type == IX_EV_KNOCK)
				h = ix_call_now(IX_ACCEPT, e->a, 0, 0, 0) ?
					0 : e->a;
			over |= e->type == IX_EV_DEAD;
		}
	}
	cprintf("ixrace: %lu sends taken, %lu refused\n", taken, wrong);
	return 0;
}
