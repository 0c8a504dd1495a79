/*
 * calls.c: the application's batched calls: reading them, checking what they
 * point to, and handles.
 *
 * The array belongs to the application and another of its threads may change
 * it meanwhile: each word is read once into a register and nothing is read
 * again after it was checked.
 */
#include "dp/libos.h"

/* Handles of different runs and slots start far apart. */
uint32_t
handle_first_gen(uint32_t kind, uint32_t index)
{
	uint64_t x = boot->seed + ((uint64_t)kind << 32) + index;

	x = (x ^ x >> 31) * 0x7fb5d329728ea185ul;
	x = (x ^ x >> 27) * 0x81dadef4bc2dd44dul;
	return ((x >> 33) & 0x7fffffff) | 1;
}

// @exercise handle_generation 5 'Make a new generation'
/* Odd, positive, never 0: a zeroed word is no handle. */
uint32_t
handle_next_gen(uint32_t gen)
{
	return ((gen + 2) & 0x7fffffff) | 1;
}
// @end

// @exercise sendv_check 10 'Check what an application wants sent'
/*
 * [addr, addr + len) as the libOS sees it: the application's own memory, or
 * bytes of a receive buffer that it was shown and still holds.
 */
int
span_check(uint64_t addr, uint64_t len, struct span *out)
{
	if (len > 0xffff)
		return -E_TOO_BIG;
	out->len = len;
	out->rx = rxbuf_shown(addr, len);
	if (out->rx) {
		out->addr = addr - rxbuf_view;
		return 0;
	}
	if (!dp_user_ok(addr, len))
		return -E_FAULT;
	out->addr = addr;
	return 0;
}

int
spans_read(uint64_t iov, uint64_t n, struct span *out, uint32_t max,
	   uint32_t *total)
{
	uint32_t sum = 0;

	if (n == 0 || n > IX_IOV_MAX)
		return -E_INVAL;
	if (iov % 8 || !dp_user_ok(iov, n * sizeof(struct ix_iovec)))
		return -E_FAULT;
	for (uint64_t i = 0; i < n; i++) {
		const struct ix_iovec *v = (const struct ix_iovec *)iov + i;
		uint64_t addr = READ_ONCE(v->addr);
		uint64_t len = READ_ONCE(v->len);
		int r = span_check(addr, len, &out[i]);

		if (r < 0)
			return r;
		sum += len;
	}
	if (sum > max)
		return -E_TOO_BIG;
	*total = sum;
	return (int)n;
}
// @end

static int64_t
call_frame(uint64_t addr, bool bounce)
{
	struct rxbuf *b = rxbuf_at(addr);

	if (!b || b->state != RXBUF_FRAME || b->shown != addr)
		return -E_INVAL;
	if (bounce)
		return tx_bounce(b);
	b->state = RXBUF_HIDDEN;
	rxbuf_put(b);
	return 0;
}

static int64_t
call_frames(uint64_t cookie)
{
	frames_on = cookie != 0;
	frames_cookie = cookie;
	return 0;
}

/* arg: where the application can change it, so each word is read once. */
static ALWAYS_INLINE int64_t
carry_out(int64_t op, const volatile uint64_t *arg)
{
	switch (op) {
	case IX_NOP:
		return 0;
	case IX_LISTEN:
		return call_listen(arg[0], arg[1], arg[2]);
	case IX_UNLISTEN:
		return call_unlisten(arg[0]);
	case IX_CONNECT:
		return call_connect(arg[0], arg[1], arg[2]);
	case IX_ACCEPT:
		return call_accept(arg[0], arg[1]);
	case IX_REJECT:
		return call_reject(arg[0]);
	case IX_SENDV:
		return call_sendv(arg[0], arg[1], arg[2]);
	case IX_RECV_DONE:
		return call_recv_done(arg[0], arg[1]);
	case IX_CLOSE:
		return call_close(arg[0]);
	case IX_ABORT:
		return call_abort(arg[0]);
	case IX_SHUTDOWN:
		return call_shutdown(arg[0]);
	case IX_UDP_BIND:
		return call_udp_bind(arg[0], arg[1]);
	case IX_UDP_CLOSE:
		return call_udp_close(arg[0]);
	case IX_UDP_SEND:
		return call_udp_send(arg[0], arg[1], arg[2], arg[3]);
	case IX_UDP_SENDV:
		return call_udp_sendv(arg[0], arg[1], arg[2], arg[3]);
	case IX_UDP_RECV_DONE:
		return call_udp_recv_done(arg[0]);
	case IX_TIMER:
		return call_timer(arg[0], arg[1]);
	case IX_FRAMES:
		return call_frames(arg[0]);
	case IX_FRAME_BOUNCE:
		return call_frame(arg[0], true);
	case IX_FRAME_DONE:
		return call_frame(arg[0], false);
	case IX_PING:
		return call_ping(arg[0], arg[1]);
	}
	return -E_INVAL;
}

void
calls_run(uint32_t n)
{
	volatile struct ix_call *first = area->calls, *call;

	for (call = first; call < first + n; call++) {
		int64_t op = call->op;
		int64_t r;

		trace(TRACE_DP_CALL, op, call - first);
		r = carry_out(op, call->arg);
		call->op = r;
		if (unlikely(r < 0))
			stats->calls_failed++;
	}
	stats->calls += n;
}
