/*
 * ixlate.c: a dataplane application that takes its time, for the graded
 * tests: nothing of a connection is accepted, read or given back before the
 * test says so by a datagram to port 9, which is one letter:
 *
 *	a	accept the connection that has knocked at port 7
 *	c	connect to port 7 of host 100
 *	r	look at all bytes that have come, say how they ended, give
 *		them back, close
 *
 *	s	send 1,280 bytes of it out of 64 places
 *	f	say how many fragments were dropped
 *
 * Byte i of a stream is i % 251. One connection at a time.
 */
#include "inc/assert.h"
#include "inc/dp.h"
#include "inc/libix.h"

#define PIECES	256

static struct {
	uint64_t addr;
	uint32_t len;
} piece[PIECES];
static uint32_t npieces;
static uint64_t handle;
static char order[PIECES];	/* of events: C, r..., e or d */
static int error;
static uint64_t before;

static uint64_t
buffers_free(void)
{
	static struct dp_stats s;

	ix_stats(&s);
	return s.rx_free;
}

static void
note(char what)
{
	size_t n = strlen(order);

	if (n + 1 < sizeof(order) && (n == 0 || order[n - 1] != what))
		order[n] = what;
}

static void
look(uint64_t datagram)
{
	uint64_t at = 0, wrong = 0;
	const struct ix_call *done;

	for (uint32_t i = 0; i < npieces; i++) {
		const uint8_t *p = (const uint8_t *)piece[i].addr;

		for (uint32_t k = 0; k < piece[i].len; k++, at++)
			wrong += p[k] != at % 251;
	}
	/* A dead connection of which nothing is held is gone. */
	done = ix_call(at ? IX_RECV_DONE : IX_NOP, handle, at, 0, 0);
	ix_call(IX_CLOSE, handle, 0, 0, 0);
	ix_call(IX_UDP_RECV_DONE, datagram, 0, 0, 0);
	ix_run_io(0);
	cprintf("ixlate: %s %d: %lu bytes, %lu wrong, recv_done %ld, %ld "
		"buffers missing\n", order, error, at, wrong, (long)done->op,
		(long)(before - buffers_free()));
	memset(order, 0, sizeof(order));
	npieces = 0;
	error = 0;
}

/* Gaps between the pieces: the libOS can join none. */
static void
send_pieces(void)
{
	static uint8_t data[64][32];
	static struct ix_iovec iov[64];

	for (uint32_t i = 0; i < 64; i++) {
		for (uint32_t k = 0; k < 20; k++)
			data[i][k] = (i * 20 + k) % 251;
		iov[i].addr = (uint64_t)data[i];
		iov[i].len = 20;
	}
	ix_call(IX_SENDV, handle, (uint64_t)iov, 64, 0);
}

static void
say_fragments(void)
{
	static struct dp_stats s;

	ix_stats(&s);
	cprintf("ixlate: %lu fragments dropped\n", s.ip_fragments);
}

static void
asked(const struct ix_event *e)
{
	char letter = *(const char *)e->a;

	if (letter == 'r') {
		look(e->a);
		return;
	}
	if (letter == 'a')
		ix_call(IX_ACCEPT, handle, 1, 0, 0);
	else if (letter == 's')
		send_pieces();
	else if (letter == 'f')
		say_fragments();
	else if (letter == 'c')
		ix_call(IX_CONNECT, (ix_info()->ip & ~255u) | 100, 7, 1, 0);
	ix_call(IX_UDP_RECV_DONE, e->a, 0, 0, 0);
}

static void
take(const struct ix_event *e)
{
	switch (e->type) {
	case IX_EV_UDP_RECV:
		asked(e);
		break;
	case IX_EV_KNOCK:
		handle = e->a;
		cprintf("ixlate: a knock\n");
		break;
	case IX_EV_CONNECTED:
		handle = e->a;
		error = e->n;
		note('C');
		break;
	case IX_EV_RECV:
		note(e->n ? 'r' : 'e');
		if (e->n == 0) {
			cprintf("ixlate: it has ended\n");
			break;
		}
		if (npieces == PIECES)
			panic("too many pieces");
		piece[npieces].addr = e->a;
		piece[npieces++].len = e->n;
		break;
	case IX_EV_DEAD:
		note('d');
		error = e->n;
		cprintf("ixlate: it has ended\n");
		break;
	}
}

int
main(int argc UNUSED, char **argv UNUSED)
{
	int64_t l = ix_call_now(IX_LISTEN, 7, 8, 0, 0);
	int64_t u = ix_call_now(IX_UDP_BIND, 9, 0, 0, 0);

	if (l < 0 || u < 0)
		panic("listen, bind: %ld, %ld", (long)l, (long)u);
	before = buffers_free();
	cprintf("ixlate: serves\n");
	for (;;) {
		uint32_t n = ix_run_io(IX_FOREVER);
		static struct ix_event events[IX_EVENTS];

		memcpy(events, ix_event(0), n * sizeof(events[0]));
		for (uint32_t i = 0; i < n; i++)
			take(&events[i]);
	}
}
