/*
 * breakdp: wait until a CPU is a dataplane's, give it a moment, then stop in
 * the monitor: to look at a dataplane at work, or to end one.
 */
#include "inc/lib.h"

#define LOAD_MS	100

int
main(int argc, char **argv)
{
	while (!uinfo_cpus(uinfo, CPU_DATAPLANE))
		sys_yield();
	sys_sleep_until(sys_time_msec() + LOAD_MS);
	__asm__ volatile("int3");
	return 0;
}
