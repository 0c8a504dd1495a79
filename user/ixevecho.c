/*
 * ixevecho.c: TCP echo (RFC 862) on the event layer (inc/ixev.h): what
 * arrives goes back from the receive buffer it lies in.
 *
 *	ixevecho [-p PORT]
 *
 * Received bytes are given back when the libOS has taken them for sending;
 * the connection is closed when the peer has closed and all are given back.
 */
#include "inc/args.h"
#include "inc/assert.h"
#include "inc/error.h"
#include "inc/ixev.h"

struct conn {
	struct ixev *ev;
	const void *next;	/* received, no room to send it yet */
	size_t next_len;
	size_t lent;		/* received, not given back */
	bool eof;
};

static void
finish(struct conn *c)
{
	ixev_close(c->ev);
	free(c);
}

/* n bytes are on their way, their buffers are held by the libOS. */
static void
taken(void *arg, size_t n)
{
	struct conn *c = arg;

	c->lent -= n;
	ixev_recv_done(c->ev, n);
	if (c->eof && c->lent == 0)
		finish(c);
}

/* n bytes, received last, go back; false: there is no room yet. */
static bool
send_back(struct conn *c, size_t n)
{
	bool sent = ixev_send_zc(c->ev, c->next, n, taken, c) == 0;

	c->next_len = sent ? 0 : n;
	return sent;
}

/* Send back what has arrived, as far as there is room. */
static void
echo(struct conn *c)
{
	ssize_t n;

	if (c->next_len > 0 && !send_back(c, c->next_len))
		return;
	while ((n = ixev_recv_zc(c->ev, &c->next)) > 0) {
		c->lent += n;
		if (!send_back(c, n))
			return;
		ix_answered(1);
	}
	if (n < 0)
		return;
	c->eof = true;
	if (c->lent == 0)
		finish(c);
}

static void
ready(struct ixev *ev, uint32_t what, void *arg)
{
	struct conn *c = arg;

	if (what & IXEV_HUP)
		finish(c);
	else
		echo(c);
}

static void
knock(struct ixev *ev, uint32_t what, void *arg)
{
	struct conn *c;

	if (what & IXEV_HUP) {
		ixev_close(ev);
		return;
	}
	c = calloc(1, sizeof(*c));
	if (!c) {
		ixev_close(ev);
		return;
	}
	c->ev = ev;
	ixev_accept(ev);
	ixev_set_handler(ev, IXEV_IN | IXEV_OUT | IXEV_HUP, ready, c);
}

int
main(int argc, char **argv)
{
	struct ixev_listener *listener;
	uint16_t port = 7;
	struct args a;
	int opt, r;

	args_start(&a, argc, argv);
	while ((opt = args_option(&a)) != 0) {
		if (opt == 'p')
			port = args_number(&a, 1, 65535);
		else
			args_usage("[-p PORT]");
	}
	r = ixev_listen(port, 255, knock, NULL, &listener);
	if (r < 0)
		panic("listen: %e", r);
	cprintf("ixevecho: core %u of %u serves TCP port %u\n", ix_core(),
		ix_info()->ncores, port);
	for (;;)
		ixev_run(IX_FOREVER);
}
