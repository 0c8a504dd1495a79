/*
 * ixstream.c: sends two connections to port 7 the same stream by the event
 * layer, in all the ways there are, mixed: copies and pieces in place, small
 * and large, several in a row, in turns with the other connection, from a
 * done function; and closes each at once after its last byte. Memory that is
 * released is overwritten. For the graded tests. Byte i of a stream is i % 251.
 */
#include "inc/assert.h"
#include "inc/error.h"
#include "inc/ixev.h"

#define LENGTH		200000u
#define PERIOD		251
#define FIRST_PIECES	10	/* of as many bytes */

static const uint32_t sizes[] = { 1, 64, 700, 3000, 512, 20000, 513, 70000 };

static struct stream {
	struct ixev *ev;
	uint32_t at;		/* bytes that ixev has taken */
	uint32_t lent;		/* of them in place and not released */
	bool closed;
} streams[2];

/* Sent in place. */
struct piece {
	struct stream *stream;
	uint8_t bytes[];
};

static uint32_t step, from_done;
static uint64_t peer;		/* of datagrams that are sent meanwhile */
static struct ixev_udp *udp;

static void
close_at_end(struct stream *s)
{
	if (s->at < LENGTH || s->closed)
		return;
	s->closed = true;
	ixev_close(s->ev);
}

static bool send_piece(struct stream *s, uint32_t n, bool copy);

static void
released(void *arg, size_t n)
{
	struct piece *piece = arg;
	struct stream *s = piece->stream;

	memset(piece->bytes, 0xff, n);
	free(piece);
	s->lent -= n;
	ixev_udp_send(udp, "done", 4, peer);
	ixev_udp_send(udp, "done", 4, peer);
	if (s->at < LENGTH / 2 || s->at == LENGTH)
		return;
	from_done += send_piece(s, 33, n % 2 == 0);
	close_at_end(s);
}

/* False: no room. */
static bool
send_piece(struct stream *s, uint32_t n, bool copy)
{
	struct piece *piece;
	ssize_t r;

	n = MIN(n, LENGTH - s->at);
	piece = malloc(sizeof(*piece) + n);
	if (n == 0 || !piece) {
		free(piece);
		return false;
	}
	piece->stream = s;
	for (uint32_t i = 0; i < n; i++)
		piece->bytes[i] = (s->at + i) % PERIOD;
	if (copy)
		r = ixev_send(s->ev, piece->bytes, n);
	else
		r = ixev_send_zc(s->ev, piece->bytes, n, released, piece);
	if (r < 0 && r != -E_AGAIN)
		panic("send: %e", (int)r);
	if (copy || r < 0)
		free(piece);
	else
		s->lent += r = n;
	s->at += MAX(r, 0l);
	return r > 0;
}

/* As much as there is room for; two in a row, then one of the other. */
static void
send_more(void)
{
	bool room = true;

	while (room) {
		room = false;
		for (uint32_t i = 0; i < 3; i++)
			room |= send_piece(&streams[(step + i / 2) % 2],
					   sizes[(step + i) %
						 ARRAY_SIZE(sizes)],
					   step % 3 == i);
		step++;
	}
	close_at_end(&streams[0]);
	close_at_end(&streams[1]);
}

static void
ready(struct ixev *c, uint32_t what, void *arg)
{
	if (what & IXEV_HUP)
		panic("a connection broke: %e", ixev_error(c));
	send_more();
}

static void
knock(struct ixev *c, uint32_t what, void *arg)
{
	uint32_t i = streams[0].ev ? 1 : 0;

	if ((what & IXEV_HUP) || streams[1].ev) {
		ixev_close(c);
		return;
	}
	streams[i].ev = c;
	ixev_accept(c);
	ixev_set_handler(c, IXEV_OUT, ready, NULL);
}

static void
begin(void)
{
	for (uint32_t i = 0; i < 2 * FIRST_PIECES; i++)
		send_piece(&streams[i / FIRST_PIECES], FIRST_PIECES, i % 2);
	ixev_run(0);
	send_more();
}

int
main(int argc, char **argv)
{
	struct ixev_listener *l;
	int r;

	r = ixev_listen(7, 2, knock, NULL, &l);
	if (r == 0)
		r = ixev_udp_bind(9, NULL, NULL, &udp);
	if (r < 0)
		panic("listen: %e", r);
	cprintf("ixstream: waiting\n");
	while (!streams[1].ev)
		ixev_run(IX_FOREVER);
	peer = IX_PEER(IX_PEER_IP(ixev_peer(streams[0].ev)), 9);
	ixev_run(0);
	begin();
	while (!streams[0].closed || !streams[1].closed ||
	       streams[0].lent > 0 || streams[1].lent > 0)
		ixev_run(IX_FOREVER);
	cprintf("ixstream: all released, %u sent from done functions\n",
		from_done);
	for (;;)
		ixev_run(IX_FOREVER);
}
