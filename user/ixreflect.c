/*
 * ixreflect.c: layer-2 reflector: every frame that arrives goes back to its
 * sender from the buffer it arrived in. No stack; what rings and crossings
 * cost by themselves.
 *
 *	ixreflect [-m FRAMES] [-u]	end after that many on one core
 *
 * -u: first answer for the address by the stack (ARP) until a datagram comes
 * to port 7, and send that back; an `ixload -l` starts so.
 */
#include "inc/args.h"
#include "inc/assert.h"
#include "inc/libix.h"

/* Serve UDP echo until one datagram has been answered. */
static void
wait_for_datagram(void)
{
	int64_t sock = ix_call_now(IX_UDP_BIND, 7, 1, 0, 0);

	for (;;) {
		uint32_t n = ix_run_io(IX_FOREVER);

		for (uint32_t i = 0; i < n; i++) {
			const struct ix_event *e = ix_event(i);

			if (e->type != IX_EV_UDP_RECV)
				continue;
			ix_call(IX_UDP_SEND, sock, e->a, e->n, e->b);
			ix_call(IX_UDP_RECV_DONE, e->a, 0, 0, 0);
			return;
		}
	}
}

int
main(int argc, char **argv)
{
	uint64_t limit = ~0ul, done = 0;
	bool by_stack = false;
	struct args a;
	int opt;

	args_start(&a, argc, argv);
	while ((opt = args_option(&a)) != 0)
		switch (opt) {
		case 'm':
			limit = args_number(&a, 1, 1l << 40);
			break;
		case 'u':
			by_stack = true;
			break;
		default:
			args_usage("[-m FRAMES] [-u]");
		}
	cprintf("ixreflect: core %u of %u\n", ix_core(), ix_info()->ncores);
	if (by_stack)
		wait_for_datagram();
	ix_call(IX_FRAMES, 1, 0, 0, 0);
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
