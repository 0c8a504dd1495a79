/*
 * testtime.c: time passes as the clock says: a count down by seconds, each
 * checked against the processor's own counter.
 */
#include "inc/lib.h"

#define FROM	5

int
main(int argc, char **argv)
{
	uint64_t start = sys_time_msec(), now, before = start;
	uint64_t tsc = read_tsc(), ms;
	int i;

	cprintf("starting count down: ");
	for (i = FROM; i >= 0; i--) {
		cprintf("%d ", i);
		if (i == 0)
			break;
		sys_sleep_until(start + (FROM - i + 1) * 1000ul);
		now = sys_time_msec();
		if (now < before || now < start + (FROM - i + 1) * 1000ul)
			panic("the clock went from %lu to %lu ms", before, now);
		before = now;
	}
	ms = (read_tsc() - tsc) / (uinfo->tsc_hz / 1000);
	cprintf("\n");
	if (ms < FROM * 1000 - 1 || ms > before - start + 1000)
		panic("%lu ms by the TSC, %lu by the clock", ms,
		      before - start);
	cprintf("testtime: %d seconds counted down\n", FROM);
	return 0;
}
