/*
 * ixtest.c: what the graded tests ask of a dataplane from inside it.
 *
 *	ixtest hold	 send from its own memory, say when that is free
 *	ixtest calls	 bad calls on a connection, which then still echoes
 *	ixtest cores N	 TCP echo on every core, each trying the others'
 *			 handles, until N connections have ended
 *	ixtest dial N	 every core connects to port 7 of host 100, N times
 *	ixtest who	 answer a datagram by the core that it came to
 *	ixtest crash [N] UDP echo that faults at the Nth datagram (300)
 */
#include "inc/assert.h"
#include "inc/dp.h"
#include "inc/error.h"
#include "inc/libix.h"
#include "inc/ring.h"
#include "inc/x86.h"

#define PORT	7

/* A call, carried out now; for moments when no event is expected. */
static int64_t
now(enum ix_call_op op, uint64_t a, uint64_t b, uint64_t c)
{
	return ix_call_now(op, a, b, c, 0);
}

static void
must(const char *what, int64_t result)
{
	if (result < 0)
		panic("%s: %e", what, (int)result);
}

/* The receive buffers that this core has free. */
static uint64_t
buffers_free(void)
{
	static _Thread_local struct dp_stats s;

	ix_stats(&s);
	return s.rx_free;
}

/* --- hold --------------------------------------------------------------- */

#define HOLD_BYTES	8192

static char hold_data[HOLD_BYTES];

/* Answer n received bytes, in the next turn. */
static void
hold_send(uint64_t handle, uint32_t n)
{
	static struct ix_iovec iov = { (uint64_t)hold_data, HOLD_BYTES };

	ix_call(IX_SENDV, handle, (uint64_t)&iov, 1, 0);
	ix_call(IX_RECV_DONE, handle, n, 0, 0);
}

static int
test_hold(void)
{
	uint64_t released = 0, handle = 0, before;
	bool sending = false;

	for (uint32_t i = 0; i < HOLD_BYTES; i++)
		hold_data[i] = "0123456789abcdef"[i / 16 % 16];
	must("listen", now(IX_LISTEN, PORT, 8, 0));
	before = buffers_free();
	cprintf("ixtest: serves TCP port %d\n", PORT);
	for (;;) {
		uint32_t n = ix_run_io(sending ? 0 : IX_FOREVER);
		struct ix_event events[4];

		if (sending)
			cprintf("ixtest: %ld bytes taken\n",
				(long)ix_result(0));
		sending = false;
		/* The calls made on the way overwrite the array. */
		n = MIN(n, ARRAY_SIZE(events));
		memcpy(events, ix_event(0), n * sizeof(events[0]));
		for (uint32_t i = 0; i < n; i++) {
			const struct ix_event *e = &events[i];

			if (e->type == IX_EV_KNOCK) {
				handle = e->a;
				released = 0;
				ix_call(IX_ACCEPT, handle, 1, 0, 0);
			} else if (e->type == IX_EV_RECV && e->n > 0) {
				hold_send(handle, e->n);
				sending = true;
			} else if (e->type == IX_EV_RECV) {
				now(IX_CLOSE, handle, 0, 0);
				return 0;
			} else if (e->type == IX_EV_SENT) {
				released += e->n;
				cprintf("ixtest: %lu bytes released\n",
					released);
			} else if (e->type == IX_EV_DEAD) {
				ix_run_io(0);
				cprintf("ixtest: dead, %ld buffers missing\n",
					(long)(before - buffers_free()));
			}
		}
	}
}

/* --- calls -------------------------------------------------------------- */

static uint64_t tried, failed;

static void
refused(const char *what, int64_t result)
{
	tried++;
	if (result < 0)
		return;
	failed++;
	cprintf("ixtest: %s gave %ld\n", what, (long)result);
}

static const uint64_t bad_ranges[][2] = {
	{ 0, 64 }, { 1, 8 }, { KERNBASE, 64 }, { PHYSMAP, 8 }, { KENTRY, 8 },
	{ DP_DATA, 64 }, { DP_BOOT, 64 }, { DP_COMMON, 64 }, { DP_TEXT, 64 },
	{ DP_REGS, 8 }, { DP_RXPOOL, 64 }, { IX_CORES + IX_RXPOOL_OFF - 8, 64 },
	{ IX_CORE(1) + IX_RXPOOL_OFF, 64 }, { IX_HEAP_END - 8, 64 },
	{ IX_END - 32, 64 }, { UINFO, 64 }, { UVPT, 8 },
	{ 0x00007ffffffffff8, 64 }, { 0x0000800000000000, 8 },
	{ ~0ul - 7, 64 }, { IX_TEXT, ~0ul }, { IX_TEXT, 1ul << 63 },
	{ ~0ul - 63, 128 }, { IX_TEXT, 0x10000 }, { IX_TEXT - 8, 64 },
};

/* Memory that must not be sent; shown: bytes of h's that may be. */
static void
bad_sends(uint64_t h, uint64_t shown, uint32_t len)
{
	static struct ix_iovec iov[2];
	static const uint64_t counts[] = {
		0, IX_IOV_MAX + 1, 1ul << 32, 1ul << 63, ~0ul,
	};
	uint64_t at = (uint64_t)iov;

	for (uint32_t i = 0; i < ARRAY_SIZE(bad_ranges); i++) {
		/* A good piece first: nothing of it may go out. */
		iov[0] = (struct ix_iovec){ (uint64_t)hold_data, 16 };
		iov[1].addr = bad_ranges[i][0];
		iov[1].len = bad_ranges[i][1];
		refused("sendv", now(IX_SENDV, h, at, 2));
		refused("sendv at", now(IX_SENDV, h,
					bad_ranges[i][0] & ~7ul, 4));
	}
	for (uint32_t i = 0; i < ARRAY_SIZE(counts); i++)
		refused("sendv count", now(IX_SENDV, h, at, counts[i]));
	refused("sendv unaligned", now(IX_SENDV, h, at + 4, 1));
	/* Around what was shown of a receive buffer. */
	iov[0] = (struct ix_iovec){ shown - 1, len };
	refused("sendv before", now(IX_SENDV, h, at, 1));
	iov[0] = (struct ix_iovec){ shown, len + 1 };
	refused("sendv behind", now(IX_SENDV, h, at, 1));
	iov[0] = (struct ix_iovec){ shown + RING_RX_BUFFER, len };
	refused("sendv next", now(IX_SENDV, h, at, 1));
}

static void
bad_handles(const char *what, uint64_t h)
{
	static struct ix_iovec iov;

	iov = (struct ix_iovec){ (uint64_t)hold_data, 16 };
	refused(what, now(IX_ACCEPT, h, 0, 0));
	refused(what, now(IX_REJECT, h, 0, 0));
	refused(what, now(IX_SENDV, h, (uint64_t)&iov, 1));
	refused(what, now(IX_RECV_DONE, h, 0, 0));
	refused(what, now(IX_SHUTDOWN, h, 0, 0));
	refused(what, now(IX_CLOSE, h, 0, 0));
	refused(what, now(IX_ABORT, h, 0, 0));
	refused(what, now(IX_UNLISTEN, h, 0, 0));
	refused(what, now(IX_UDP_CLOSE, h, 0, 0));
}

static void
forged_handles(uint64_t h)
{
	for (int bit = 0; bit < 64; bit++)
		bad_handles("a forged handle", h ^ 1ul << bit);
	bad_handles("handle 0", 0);
	bad_handles("handle -1", ~0ul);
}

/* Calls that are wrong for a connection that is open. */
static void
bad_connection(uint64_t h, const struct ix_event *e)
{
	refused("accept twice", now(IX_ACCEPT, h, 1, 0));
	refused("reject", now(IX_REJECT, h, 0, 0));
	refused("unlisten", now(IX_UNLISTEN, h, 0, 0));
	refused("recv_done", now(IX_RECV_DONE, h, e->n + 1ul, 0));
	refused("recv_done", now(IX_RECV_DONE, h, 1ul << 32, 0));
	refused("recv_done", now(IX_RECV_DONE, h, ~0ul, 0));
	refused("udp_recv_done", now(IX_UDP_RECV_DONE, e->a, 0, 0));
	refused("frame_done", now(IX_FRAME_DONE, e->a, 0, 0));
	refused("frame_bounce", now(IX_FRAME_BOUNCE, e->a, 0, 0));
	bad_sends(h, e->a, e->n);
	forged_handles(h);
}

/*
 * The echo, and what is wrong after it, in one turn: the client's answer
 * comes later.
 */
static void
echo_and_again(uint64_t h, const struct ix_iovec *iov)
{
	ix_call(IX_SENDV, h, (uint64_t)iov, 1, 0);
	ix_call(IX_RECV_DONE, h, iov->len, 0, 0);
	ix_call(IX_SENDV, h, (uint64_t)iov, 1, 0);
	ix_call(IX_RECV_DONE, h, 1, 0, 0);
	ix_run_io(0);
	must("echo", ix_result(0));
	must("recv_done", ix_result(1));
	refused("sendv of what is given back", ix_result(2));
	refused("recv_done twice", ix_result(3));
}

static int
test_calls(void)
{
	static struct ix_iovec iov;
	struct ix_event e;
	uint64_t h = 0;

	must("listen", now(IX_LISTEN, PORT, 8, 0));
	cprintf("ixtest: serves TCP port %d\n", PORT);
	for (;;) {
		/* One thing at a time: the client waits for its echo. */
		if (ix_run_io(IX_FOREVER) == 0)
			continue;
		e = *ix_event(0);
		if (e.type == IX_EV_KNOCK) {
			h = e.a;
			refused("sendv to a knock", now(IX_SENDV, h,
							(uint64_t)&iov, 1));
			/* Not now: bytes may come with it. */
			ix_call(IX_ACCEPT, h, 1, 0, 0);
		} else if (e.type == IX_EV_RECV && e.n > 0) {
			bad_connection(h, &e);
			iov = (struct ix_iovec){ e.a, e.n };
			echo_and_again(h, &iov);
		} else if (e.type == IX_EV_RECV) {
			must("close", now(IX_CLOSE, h, 0, 0));
			bad_handles("a closed handle", h);
			cprintf("ixtest: calls: %lu tried, %lu not refused\n",
				tried, failed);
			/* The last words are on their way. */
			ix_run_io(100000);
			return failed != 0;
		}
	}
}

/* --- cores and dial ----------------------------------------------------- */

/* A live handle of each core, and what all cores have served. */
static volatile uint64_t handle_of[NCPU];
static uint64_t all_closed;

static void
try_others(void)
{
	for (uint32_t i = 0; i < ix_info()->ncores; i++) {
		uint64_t h = handle_of[i];
		static _Thread_local struct ix_iovec iov;

		if (i == ix_core() || !h)
			continue;
		iov = (struct ix_iovec){ (uint64_t)hold_data, 16 };
		ix_call(IX_SENDV, h, (uint64_t)&iov, 1, 0)->arg[3] = 1;
		ix_call(IX_RECV_DONE, h, 0, 0, 1);
		ix_call(IX_CLOSE, h, 0, 0, 1);
		ix_call(IX_ABORT, h, 0, 0, 1);
		ix_call(IX_UNLISTEN, h, 0, 0, 1);
	}
}

/* Calls with a last argument of 1 must have been refused. */
static void
count_refused(void)
{
	for (uint32_t i = 0; i < ix.nresults; i++) {
		if (ix.area->calls[i].arg[3] != 1)
			continue;
		__atomic_fetch_add(&tried, 1, __ATOMIC_RELAXED);
		if (ix_result(i) != -E_BAD_HANDLE)
			__atomic_fetch_add(&failed, 1, __ATOMIC_RELAXED);
	}
}

/*
 * An event of a connection that echoes single small messages. The cookie is
 * the handle: it is known when a knock is accepted.
 */
static void
echo_event(const struct ix_event *e)
{
	static _Thread_local struct ix_iovec iov[IX_EVENTS];
	uint64_t i = e - ix_event(0), h = e->cookie;

	if (e->type == IX_EV_KNOCK) {
		ix_call(IX_ACCEPT, e->a, e->a, 0, 0);
		handle_of[ix_core()] = e->a;
	} else if (e->type == IX_EV_RECV && e->n > 0) {
		iov[i] = (struct ix_iovec){ e->a, e->n };
		ix_call(IX_SENDV, h, (uint64_t)&iov[i], 1, 0);
		ix_call(IX_RECV_DONE, h, e->n, 0, 0);
	} else if (e->type == IX_EV_RECV) {
		ix_call(IX_CLOSE, h, 0, 0, 0);
		__atomic_fetch_add(&all_closed, 1, __ATOMIC_RELAXED);
	}
}

static int
test_cores(uint64_t conns)
{
	must("listen", now(IX_LISTEN, PORT, 255, 0));
	cprintf("ixtest: core %u serves TCP port %d\n", ix_core(), PORT);
	while (__atomic_load_n(&all_closed, __ATOMIC_RELAXED) < conns) {
		uint32_t n = ix_run_io(1000);

		count_refused();
		for (uint32_t i = 0; i < n; i++)
			echo_event(ix_event(i));
		if (n > 0)
			try_others();
	}
	ix_run_io(100000);
	if (ix_core() == 0)
		cprintf("ixtest: cores: %lu tried, %lu not refused\n", tried,
			failed);
	return 0;
}

static int
test_dial(uint64_t count)
{
	static const char text[] = "from a dataplane core, and back again";
	static struct ix_iovec iov = { (uint64_t)text, sizeof(text) };
	uint32_t host = (ix_info()->ip & ~255u) | 100;
	uint64_t done = 0, got = 0, h = 0;

	must("connect", now(IX_CONNECT, host, PORT, 0));
	while (done < count) {
		uint32_t n = ix_run_io(IX_FOREVER);

		for (uint32_t i = 0; i < n; i++) {
			const struct ix_event *e = ix_event(i);

			if (e->type == IX_EV_CONNECTED) {
				must("connected", e->n);
				h = e->a;
				ix_call(IX_SENDV, h, (uint64_t)&iov, 1, 0);
			} else if (e->type == IX_EV_RECV) {
				got += e->n;
				ix_call(IX_RECV_DONE, h, e->n, 0, 0);
			} else if (e->type == IX_EV_DEAD) {
				must("connection", e->n ? e->n : -E_EOF);
			}
		}
		if (got < sizeof(text))
			continue;
		got = 0;
		done++;
		ix_call(IX_CLOSE, h, 0, 0, 0);
		if (done < count)
			ix_call(IX_CONNECT, host, PORT, 0, 0);
	}
	ix_run_io(100000);
	cprintf("ixtest: core %u: %lu connections came back\n", ix_core(),
		done);
	return 0;
}

/* --- who and crash ------------------------------------------------------ */

/* Answer n datagrams: by the core's number, or by themselves. */
static void NORETURN
serve_datagrams(uint64_t count, bool who)
{
	static _Thread_local char name[2];
	int64_t sock = now(IX_UDP_BIND, PORT, 0, 0);

	must("bind", sock);
	name[0] = '0' + ix_core();
	cprintf("ixtest: core %u serves UDP port %d\n", ix_core(), PORT);
	for (;;) {
		uint32_t n = ix_run_io(IX_FOREVER);

		for (uint32_t i = 0; i < n; i++) {
			const struct ix_event *e = ix_event(i);

			if (e->type != IX_EV_UDP_RECV)
				continue;
			ix_call(IX_UDP_SEND, sock, who ? (uint64_t)name : e->a,
				who ? 1 : e->n, e->b);
			ix_call(IX_UDP_RECV_DONE, e->a, 0, 0, 0);
			if (--count == 0)
				__builtin_trap();
		}
	}
}

int
main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";
	uint64_t number = argc > 2 ? strtoull(argv[2], NULL, 10) : 0;

	if (strcmp(name, "hold") == 0)
		return test_hold();
	if (strcmp(name, "calls") == 0)
		return test_calls();
	if (strcmp(name, "cores") == 0 && number > 0)
		return test_cores(number);
	if (strcmp(name, "dial") == 0 && number > 0)
		return test_dial(number);
	if (strcmp(name, "who") == 0)
		serve_datagrams(0, true);
	if (strcmp(name, "crash") == 0)
		serve_datagrams(number ? number : 300, false);
	cprintf("usage: ixtest hold | calls | cores N | dial N | who | "
		"crash N\n");
	return 2;
}
