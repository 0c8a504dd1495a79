/*
 * ixudp.c: UDP echo (RFC 862) by the raw API: one pass over the events makes
 * the next batch of calls.
 *
 *	ixudp [-p PORT] [-m MESSAGES]	end after that many on one core
 */
#include "inc/args.h"
#include "inc/assert.h"
#include "inc/dp.h"
#include "inc/error.h"
#include "inc/libix.h"

int
main(int argc, char **argv)
{
	uint64_t port = 7, limit = ~0ul, done = 0;
	struct args a;
	int64_t sock;
	int opt;

	args_start(&a, argc, argv);
	while ((opt = args_option(&a)) != 0)
		switch (opt) {
		case 'p':
			port = args_number(&a, 1, 65535);
			break;
		case 'm':
			limit = args_number(&a, 1, 1l << 40);
			break;
		default:
			args_usage("[-p PORT] [-m MESSAGES]");
		}
	sock = ix_call_now(IX_UDP_BIND, port, 1, 0, 0);
	if (sock < 0)
		panic("bind: %e", (int)sock);
	cprintf("ixudp: core %u of %u serves UDP port %lu\n", ix_core(),
		ix_info()->ncores, port);
	while (done < limit) {
		uint32_t n = ix_run_io(IX_FOREVER);

		if (done == 0)
			ix_report_start();
		for (uint32_t i = 0; i < n; i++) {
			const struct ix_event *e = ix_event(i);

			if (e->type != IX_EV_UDP_RECV)
				continue;
			/* Two calls per datagram; half the array is enough. */
			if (!ix_call(IX_UDP_SEND, sock, e->a, e->n, e->b) ||
			    !ix_call(IX_UDP_RECV_DONE, e->a, 0, 0, 0))
				panic("call array full");
			done++;
		}
		ix.area->count.requests = done;
	}
	ix_run_io(0);
	ix_report("ixudp", done);
	return 0;
}
