/*
 * ixping.c: message size against latency and goodput, in the manner of
 * NetPIPE: one connection to an echo server, one message under way, sizes
 * from 64 bytes to 64 KB.
 *
 *	ixping -h ADDRESS [-p PORT] [-m MESSAGES]
 *
 * A line for each size: the median and the worst round trip, and the payload
 * that went each way in the time of all -m messages (100).
 */
#include "inc/args.h"
#include "inc/assert.h"
#include "inc/hist.h"
#include "inc/libix.h"
#include "inc/socket.h"
#include "inc/x86.h"

#define PING_MIN	64u
#define PING_MAX	65536u
#define PIECE_MAX	0xffffu		/* bytes of an iovec */

static char message[PING_MAX];
static struct ix_iovec piece;
static uint64_t handle;
static struct hist latency;

/* What became of the connection: 0, or it is the end. */
static void
check(const struct ix_event *e)
{
	if (e->type == IX_EV_DEAD || (e->type == IX_EV_RECV && e->n == 0))
		panic("ixping: the connection ended: %e", e->n);
}

/* Offer the last `left` bytes of a message of `size`. */
static void
offer(uint32_t size, uint32_t left)
{
	piece.addr = (uint64_t)message + size - left;
	piece.len = MIN(left, PIECE_MAX);
	ix_call(IX_SENDV, handle, (uint64_t)&piece, 1, 0);
}

/* There and back. */
static void
round_trip(uint32_t size)
{
	uint32_t unsent = size, missing = size;
	bool may_send = true;

	while (missing > 0) {
		uint32_t first = ix.ncalls, n;
		bool offered = may_send && unsent > 0;

		if (offered)
			offer(size, unsent);
		n = ix_run_io(IX_FOREVER);
		if (offered) {
			int64_t taken = ix_result(first);

			if (taken < 0)
				panic("ixping: send: %e", (int)taken);
			unsent -= taken;
			may_send = false;	/* until room is told */
		}
		for (uint32_t i = 0; i < n; i++) {
			const struct ix_event *e = ix_event(i);

			check(e);
			may_send |= e->type == IX_EV_SENT;
			if (e->type != IX_EV_RECV)
				continue;
			ix_call(IX_RECV_DONE, handle, e->n, 0, 0);
			missing -= MIN((uint32_t)e->n, missing);
		}
	}
}

static void
dial(uint32_t ip, uint16_t port)
{
	int64_t r = ix_call_now(IX_CONNECT, ip, port, 1, 0);

	if (r < 0)
		panic("ixping: connect: %e", (int)r);
	handle = r;
	for (;;) {
		uint32_t n = ix_run_io(IX_FOREVER);

		for (uint32_t i = 0; i < n; i++) {
			const struct ix_event *e = ix_event(i);

			check(e);
			if (e->type != IX_EV_CONNECTED)
				continue;
			if (e->n < 0)
				panic("ixping: connect: %e", e->n);
			return;
		}
	}
}

/* n messages of one size. */
static void
measure(uint32_t size, uint64_t n)
{
	uint64_t hz = ix_info()->tsc_hz;
	uint64_t begun, whole, p50, bits;

	round_trip(size);
	hist_reset(&latency);
	begun = read_tsc();
	for (uint64_t i = 0; i < n; i++) {
		uint64_t start = read_tsc();

		round_trip(size);
		hist_add_n(&latency, read_tsc() - start, 1);
	}
	whole = MAX(read_tsc() - begun, 1ul);
	p50 = hist_quantile(&latency, 500, 1000);
	bits = n * size * 8 * (hz / 1000) / whole;	/* a millisecond */
	cprintf("ixping: %6u bytes: %lu.%lu us, worst %lu.%lu, "
		"%lu.%02lu Mbit/s\n", size, p50 * 1000 / (hz / 1000),
		p50 * 10000 / (hz / 1000) % 10,
		latency.max * 1000 / (hz / 1000),
		latency.max * 10000 / (hz / 1000) % 10, bits / 1000,
		bits % 1000 / 10);
}

int
main(int argc, char **argv)
{
	uint64_t messages = 100;
	uint32_t ip = 0;
	uint16_t port = 7;
	struct args a;
	int opt;

	args_start(&a, argc, argv);
	while ((opt = args_option(&a)) != 0) {
		if (opt == 'h')
			ip = ntohl(inet_addr(args_value(&a)));
		else if (opt == 'p')
			port = args_number(&a, 1, 65535);
		else if (opt == 'm')
			messages = args_number(&a, 1, 1000000);
		else
			args_usage("-h ADDRESS [-p PORT] [-m MESSAGES]");
	}
	for (uint32_t i = 0; i < sizeof(message); i++)
		message[i] = 'a' + i % 26;
	dial(ip, port);
	for (uint32_t size = PING_MIN; size <= PING_MAX; size *= 2)
		measure(size, messages);
	ix_call(IX_CLOSE, handle, 0, 0, 0);
	ix_run_io(0);
	cprintf("ixping: done\n");
	return 0;
}
