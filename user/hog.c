/*
 * hog.c: computes for ever: what a server's neighbours may do to it.
 *
 *	hog [-w N]	begin when N cores serve dataplanes
 */
#include "inc/args.h"
#include "inc/lib.h"

static uint32_t
dataplane_cores(void)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < uinfo->ncpu; i++)
		n += uinfo->cpu[i].role == CPU_DATAPLANE;
	return n;
}

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
	while (dataplane_cores() < wanted)
		sys_sleep_until(sys_time_msec() + 10);
	for (;;)
		__asm__ volatile("");
}
