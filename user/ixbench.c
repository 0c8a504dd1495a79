/*
 * ixbench.c: the load generator of the exact laboratory: an echo client as a
 * dataplane application on a core of its own, by the raw API. One boot runs
 * any number of phases against one server; around each a snapshot of all
 * counters leaves the machine, so that what a request costs is a difference
 * divided by a number of requests.
 *
 *	ixbench -s SERVER [-p PORT] [-g USEC] PHASE...
 *
 * A phase is KIND[,KEY=NUMBER]...; kinds: udp, tcp (closed loop, one message
 * under way on each connection), conn (connect, one message, close), open
 * (TCP, messages at random times of a given mean rate), busy (TCP, one
 * connection: d microseconds after each message a ping and another message),
 * lazy (TCP, messages at a steady rate; answers are taken and acknowledged
 * only every d microseconds), frames (c frames go to and fro between this and
 * an `ixreflect -u`; no other kind may follow).
 * Keys: c connections, s bytes of a message, n messages, w messages before the
 * count begins, r messages per second, d microseconds, f messages under way if
 * fewer than c: then the connections take turns.
 *
 * Each phase prints one line "ixbench: result key=value ..."; times are TSC
 * ticks. Snapshot 2k is taken before and 2k + 1 after the messages of phase k,
 * both after -g microseconds in which nothing was sent.
 */
#include "inc/args.h"
#include "inc/assert.h"
#include "inc/dp.h"
#include "inc/error.h"
#include "inc/socket.h"
#include "user/ixbench.h"
#include "user/ixloops.h"

struct load load;

static char pattern[LOAD_SIZE_MAX];
static uint16_t port = 7;
static uint64_t gap_us = 1000;

/* --- Messages ------------------------------------------------------------ */

/* Ask for what is left of the messages that c has to send. */
static void
conn_push(struct load_conn *c)
{
	struct ix_call *call;

	if (c->unsent == 0 || c->sending)
		return;
	c->iov.addr = (uint64_t)pattern;
	c->iov.len = MIN(c->unsent, 0xfffful);
	load.slot_conn[ix.ncalls] = c;
	call = ix_call(IX_SENDV, c->handle, (uint64_t)&c->iov, 1, 0);
	if (!call)
		panic("ixbench: more calls than slots");
	c->sending = true;
}

static void
message_send(struct load_conn *c, uint64_t when)
{
	c->sent_at[c->sent++ % LOAD_UNDER_WAY] = when;
	c->unsent += load.phase.size;
	load.under_way++;
	load.started++;
	if (load.phase.kind == PHASE_UDP || load.phase.kind == PHASE_FRAMES) {
		load.slot_conn[ix.ncalls] = NULL;
		c->unsent = 0;
		ix_call(IX_UDP_SEND, c->handle, (uint64_t)pattern,
			load.phase.size, IX_PEER(load.server, port));
		return;
	}
	conn_push(c);
}

static void
answered(uint64_t took)
{
	load.finished++;
	if (load.counting && load.nsamples < LOAD_SAMPLES)
		load.sample[load.nsamples++] = MIN(took, 0xffffffffu);
}

static void
message_done(struct load_conn *c, uint64_t now)
{
	uint32_t n = c->done++;

	load.under_way--;
	if (load.phase.kind == PHASE_BUSY && n % 2)
		load.finished++;	/* sent while the server was busy */
	else
		answered(now - c->sent_at[n % LOAD_UNDER_WAY]);
}

/*
 * Who sends after c has been answered: c itself, or, if fewer messages than
 * connections are under way, the next one in turn.
 */
static struct load_conn *
next_sender(struct load_conn *c)
{
	if (load.phase.flight >= load.phase.conns)
		return c;
	do {
		load.turn = (load.turn + 1) % load.phase.conns;
		c = &load.conn[load.turn];
	} while (c->done != c->sent);
	return c;
}

/* Bytes of an answer: may the next message go? */
static void
conn_received(struct load_conn *c, uint32_t len, uint64_t now)
{
	c->got += len;
	while (c->got >= load.phase.size && c->done != c->sent) {
		c->got -= load.phase.size;
		message_done(c, now);
	}
	if (load.phase.kind == PHASE_CONN && c->done == c->sent) {
		ix_call(IX_CLOSE, c->handle, 0, 0, 0);
		c->state = LOAD_CLOSED;
		load.nopen--;
		return;
	}
	if (load.phase.kind != PHASE_OPEN && c->done == c->sent &&
	    load.started < load.target)
		message_send(next_sender(c), now);
}

/* A frame came back: once more round, or its way ends here. */
static void
frame_received(uint64_t addr, uint64_t now)
{
	bool again = load.started < load.target;

	answered(now - load.conn[0].sent_at[0]);
	load.conn[0].sent_at[0] = now;
	load.started += again;
	ix_call(again ? IX_FRAME_BOUNCE : IX_FRAME_DONE, addr, 0, 0, 0);
}

/* --- Events -------------------------------------------------------------- */

static void
conn_lost(struct load_conn *c, int error)
{
	load.errors++;
	if (c->state == LOAD_OPEN) {
		load.under_way -= c->sent - c->done;
		load.nopen--;
	}
	c->state = LOAD_CLOSED;
	if (load.errors == 1)
		cprintf("ixbench: connection lost: error %d\n", error);
}

static void
connected(struct load_conn *c, int error, uint64_t now)
{
	if (error) {
		c->state = LOAD_CLOSED;
		load.refused++;
		return;
	}
	c->state = LOAD_OPEN;
	load.nopen++;
	if (load.phase.kind == PHASE_CONN)
		message_send(c, now);
}

static void
event(const struct ix_event *e, uint64_t now)
{
	struct load_conn *c = &load.conn[e->cookie & (LOAD_CONNS - 1)];

	switch (e->type) {
	case IX_EV_UDP_RECV:
		ix_call(IX_UDP_RECV_DONE, e->a, 0, 0, 0);
		if (c->done != c->sent)
			conn_received(c, load.phase.size, now);
		break;
	case IX_EV_FRAME:
		frame_received(e->a, now);
		break;
	case IX_EV_PONG:
		load.pings--;
		break;
	case IX_EV_CONNECTED:
		connected(c, e->n, now);
		break;
	case IX_EV_RECV:
		if (c->state != LOAD_OPEN || e->n == 0)
			break;
		ix_call(IX_RECV_DONE, c->handle, e->n, 0, 0);
		conn_received(c, e->n, now);
		break;
	case IX_EV_SENT:
		if (c->state == LOAD_OPEN)
			conn_push(c);
		break;
	case IX_EV_DEAD:
		conn_lost(c, e->n);
		break;
	}
}

/* What became of the calls: a send may have been taken in part. */
static void
results(uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		struct load_conn *c = load.slot_conn[i];
		int64_t r = ix_result(i);

		load.slot_conn[i] = NULL;
		if (!c)
			continue;
		c->sending = false;
		if (r > 0)
			c->unsent -= r;
		else if (r < 0 && c->state == LOAD_OPEN)
			load.errors++;
	}
}

/* One turn: calls out, events in. The number of events. */
static uint32_t
turn(uint64_t usec)
{
	uint32_t calls = ix.ncalls;
	uint32_t n = ix_run_io(usec);
	uint64_t now = read_tsc();

	results(calls);
	for (uint32_t i = 0; i < n; i++)
		event(ix_event(i), now);
	return n;
}

/* Let everything that is still under way come to rest. */
static void
rest(uint64_t usec)
{
	uint64_t until = read_tsc() + usec * (ix_info()->tsc_hz / 1000000);

	while (read_tsc() < until)
		turn(usec);
}

/* --- Connections --------------------------------------------------------- */

static void
conn_start(uint32_t i)
{
	struct load_conn *c = &load.conn[i];
	struct ix_call *call;

	memset(c, 0, sizeof(*c));
	load.slot_conn[ix.ncalls] = NULL;
	call = ix_call(IX_CONNECT, load.server, port, i, 0);
	c->state = LOAD_CONNECTING;
	turn(0);
	c->handle = call->op;
	if (call->op < 0)
		panic("ixbench: connect: %e", (int)call->op);
}

/* Open connections until there are n; the server may still be starting. */
static void
conns_open(uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		do {
			conn_start(i);
			while (load.conn[i].state == LOAD_CONNECTING)
				turn(IX_FOREVER);
			if (load.conn[i].state != LOAD_OPEN)
				rest(10000);
		} while (load.conn[i].state != LOAD_OPEN);
	}
	load.refused = 0;
}

static void
conns_close(uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		if (load.conn[i].state == LOAD_OPEN)
			ix_call(IX_CLOSE, load.conn[i].handle, 0, 0, 0);
		load.conn[i].state = LOAD_CLOSED;
		if (ix.ncalls == IX_EVENTS)
			turn(0);
	}
	load.nopen = 0;
	rest(gap_us);
}

static void
socks_open(uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		struct load_conn *c = &load.conn[i];

		memset(c, 0, sizeof(*c));
		c->handle = ix_call_now(IX_UDP_BIND, 0, i, 0, 0);
		if ((int64_t)c->handle < 0)
			panic("ixbench: bind: %e", (int)c->handle);
		c->state = LOAD_OPEN;
	}
	/* The server may still be starting: ask until it answers. */
	load.target = 0;
	while (load.conn[0].done == 0) {
		load.conn[0].sent = 0;
		message_send(&load.conn[0], read_tsc());
		rest(10000);
	}
	load.under_way = 0;
}

/* A reflector answers by its stack once, to the first datagram. */
static void
frames_open(void)
{
	static uint64_t sock;

	if (!sock) {
		socks_open(1);
		sock = load.conn[0].handle;
	}
	load.conn[0].handle = sock;
}

static void
socks_close(uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		ix_call_now(IX_UDP_CLOSE, load.conn[i].handle, 0, 0, 0);
}

/* --- Phases -------------------------------------------------------------- */

static void
run_messages(uint64_t count)
{
	if (load.phase.kind == PHASE_CONN)
		churn(count);
	else if (load.phase.kind == PHASE_OPEN)
		open_loop(count);
	else if (load.phase.kind == PHASE_FRAMES)
		frames(count);
	else if (load.phase.kind == PHASE_BUSY)
		busy_loop(count);
	else if (load.phase.kind == PHASE_LAZY)
		lazy_loop(count);
	else
		closed_loop(count);
}

static void
run_phase(uint32_t number)
{
	const struct phase *p = &load.phase;
	static struct dp_stats before, after;
	uint64_t start, end;
	bool conns = p->kind == PHASE_TCP || p->kind == PHASE_OPEN ||
		p->kind == PHASE_BUSY || p->kind == PHASE_LAZY;

	load.errors = load.late = load.nsamples = load.under_way = 0;
	load.pings = 0;
	load.counting = false;
	if (conns)
		conns_open(p->conns);
	else if (p->kind == PHASE_UDP)
		socks_open(p->conns);
	else if (p->kind == PHASE_FRAMES)
		frames_open();
	if (p->warm)
		run_messages(p->warm);
	rest(gap_us);
	ix_snapshot(2 * number);
	ix_stats(&before);
	load.counting = true;
	start = read_tsc();
	run_messages(p->count);
	end = read_tsc();
	load.counting = false;
	ix_stats(&after);
	rest(gap_us);
	ix_snapshot(2 * number + 1);
	load_report(number, end - start, &before, &after);
	if (conns)
		conns_close(p->conns);
	else if (p->kind == PHASE_UDP)
		socks_close(p->conns);
}

int
main(int argc, char **argv)
{
	struct args a;
	char *word;
	uint32_t n = 0;
	int opt;

	args_start(&a, argc, argv);
	while ((opt = args_option(&a)) != 0) {
		if (opt == 's')
			load.server = ntohl(inet_addr(args_value(&a)));
		else if (opt == 'p')
			port = args_number(&a, 1, 65535);
		else if (opt == 'g')
			gap_us = args_number(&a, 1, 1000000);
		else
			args_usage("-s SERVER [-p PORT] [-g USEC] PHASE...");
	}
	load.rng = ix_info()->seed * 0x9e3779b97f4a7c15ul + 1;
	for (uint32_t i = 0; i < sizeof(pattern); i++)
		pattern[i] = "0123456789abcdef"[i & 15];
	load_samples_init();
	cprintf("ixbench: cpu %u, TSC %lu Hz, batch %u\n", ix_info()->cpu,
		ix_info()->tsc_hz, ix_info()->batch);
	while ((word = args_next(&a)) != NULL) {
		load_parse(word, &load.phase);
		run_phase(n++);
	}
	cprintf("ixbench: %u phases done\n", n);
	return 0;
}
