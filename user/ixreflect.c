/*
 * ixreflect.c: layer-2 reflector: every frame that arrives goes back to its
 * sender from the buffer it arrived in. No stack; what rings and crossings
 * cost by themselves.
 *
 *	ixreflect [-m FRAMES]	end after that many on one core
 */
#include "inc/args.h"
#include "inc/assert.h"
#include "inc/libix.h"

int
main(int argc, char **argv)
{
	uint64_t limit = ~0ul, done = 0;
	struct args a;
	int opt;

	args_start(&a, argc, argv);
	while ((opt = args_option(&a)) != 0)
		switch (opt) {
		case 'm':
			limit = args_number(&a, 1, 1l << 40);
			break;
		default:
			args_usage("[-m FRAMES]");
		}
	ix_call_now(IX_FRAMES, 1, 0, 0, 0);
	cprintf("ixreflect: core %u of %u\n", ix_core(), ix_info()->ncores);
	while (done < limit) {
		uint32_t n = ix_run_io(IX_FOREVER);

		if (done == 0)
			ix_report_start();
		for (uint32_t i = 0; i < n; i++) {
			const struct ix_event *e = ix_event(i);

			if (e->type == IX_EV_FRAME)
				ix_call(IX_FRAME_BOUNCE, e->a, 0, 0, 0);
		}
		done += n;
	}
	ix_run_io(0);
	ix_report("ixreflect", done);
	return 0;
}
