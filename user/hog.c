/*
 * hog.c: computes for ever: what a server's neighbours may do to it.
 *
 *	hog [-w N]	begin when N cores serve dataplanes
 */
#include "inc/args.h"
#include "inc/lib.h"

int
main(int argc, char **argv)
{
	uint32_t wanted = 0;
	struct args a;
	int opt;

	args_start(&a, argc, argv);
	while ((opt = args_option(&a)) != 0) {
		if (opt == 'w')
			wanted = args_number(&a, 0, NCPU);
		else
			args_usage("[-w N]");
	}
	while (uinfo_cpus(uinfo, CPU_DATAPLANE) < wanted)
		sys_sleep_until(sys_time_msec() + 10);
	for (;;)
		__asm__ volatile("");
}
