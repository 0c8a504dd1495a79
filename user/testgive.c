/*
 * testgive: what happens to environments when their CPU is given to a
 * dataplane, and to the dataplane. Started together with ixcp, it has the
 * last CPU for itself.
 *
 *	testgive	run all the time, until some CPU is a dataplane's: who
 *			ran on that CPU must go on on another one
 *	testgive -s	sleep at that moment: the CPU's timer, which was set
 *			for the end of the sleep, is nothing to the dataplane
 */
#include "inc/lib.h"
#include "inc/testing.h"

#define SLEEP_MS	2000

int
main(int argc, char **argv)
{
	bool sleeps = argc > 1 && strcmp(argv[1], "-s") == 0;

	test_begin();
	while (!uinfo_cpus(uinfo, CPU_DATAPLANE))
		if (sleeps)
			sys_sleep_until(sys_time_msec() + SLEEP_MS);
	if (sleeps)
		sys_sleep_until(sys_time_msec() + SLEEP_MS);
	check(uinfo_cpus(uinfo, CPU_DATAPLANE));
	test_done();
}
