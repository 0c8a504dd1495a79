/*
 * ixload.c: a client as a dataplane application: closed-loop echo requests
 * over TCP or UDP, latencies in a histogram.
 *
 *	ixload [-u | -l] [-o] -h ADDRESS [-p PORT] [-k CONNECTIONS] [-s SIZE]
 *	       [-m MESSAGES]
 *
 * -k connections have one request outstanding each; with -o a connection
 * serves one request and is replaced. -u: datagrams instead. -l: -k frames
 * travel to and fro between two reflectors (this and an ixreflect), which
 * needs no stack once they are on their way.
 */
#include "inc/args.h"
#include "inc/assert.h"
#include "inc/error.h"
#include "inc/hist.h"
#include "inc/libix.h"
#include "inc/socket.h"
#include "inc/x86.h"

struct conn {
	uint64_t handle;
	uint64_t started;	/* TSC of the request */
	uint32_t unsent;	/* bytes of it not yet taken */
	uint32_t missing;	/* bytes of the reply still to come */
	bool sending;
};

static _Thread_local struct {
	bool udp, frames, once;
	uint32_t ip, size;
	uint16_t port;
	uint64_t nconns, messages;
} opt;

static _Thread_local struct conn *conns;
static _Thread_local struct conn *sent_by[IX_CALLS];
static _Thread_local char *message;
static _Thread_local struct ix_iovec *iov;	/* one per connection */
static _Thread_local struct hist latency;
static _Thread_local uint64_t started, done, errors;

static struct ix_call *
add_call(enum ix_call_op op, uint64_t a, uint64_t b, uint64_t c, uint64_t d,
	 struct conn *who)
{
	struct ix_call *call = ix_call(op, a, b, c, d);

	if (!call)
		panic("call array full");
	sent_by[ix.ncalls - 1] = who;
	return call;
}

static void
dial(struct conn *c)
{
	add_call(IX_CONNECT, opt.ip, opt.port, (uint64_t)c, 0, NULL);
}

/* Hand over what is left of c's request. */
static void
push(struct conn *c)
{
	struct ix_iovec *v = &iov[c - conns];

	if (c->sending || c->unsent == 0)
		return;
	v->addr = (uint64_t)message + opt.size - c->unsent;
	v->len = MIN(c->unsent, 0xffffu);
	add_call(IX_SENDV, c->handle, (uint64_t)v, 1, 0, c);
	c->sending = true;
}

static void
request(struct conn *c)
{
	if (started == opt.messages)
		return;
	started++;
	c->started = read_tsc();
	c->unsent = c->missing = opt.size;
	push(c);
}

static void
answered(struct conn *c)
{
	hist_add_n(&latency, read_tsc() - c->started, 1);
	done++;
	if (!opt.once) {
		request(c);
		return;
	}
	add_call(IX_CLOSE, c->handle, 0, 0, 0, NULL);
	if (started < opt.messages)
		dial(c);
}

static void
tcp_results(void)
{
	for (uint32_t i = 0; i < ix.nresults; i++) {
		struct conn *c = sent_by[i];
		int64_t r = ix_result(i);

		if (!c)
			continue;
		c->sending = false;
		if (r < 0) {
			errors++;
			continue;
		}
		c->unsent -= r;
		if (r > 0)
			push(c);
	}
}

static void
tcp_event(const struct ix_event *e)
{
	struct conn *c = (struct conn *)e->cookie;

	switch (e->type) {
	case IX_EV_CONNECTED:
		if (e->n < 0)
			panic("connect: %e", e->n);
		c->handle = e->a;
		c->sending = false;
		request(c);
		break;
	case IX_EV_RECV:
		if (e->n == 0) {
			errors++;
			break;
		}
		add_call(IX_RECV_DONE, c->handle, e->n, 0, 0, NULL);
		c->missing -= MIN((uint32_t)e->n, c->missing);
		if (c->missing == 0)
			answered(c);
		break;
	case IX_EV_SENT:
		push(c);
		break;
	case IX_EV_DEAD:
		errors++;
		break;
	}
}

static void
run_tcp(void)
{
	uint64_t dialled = 0;

	while (done + errors < opt.messages) {
		uint32_t n;

		for (int i = 0; i < 64 && dialled < opt.nconns; i++)
			dial(&conns[dialled++]);
		n = ix_run_io(dialled < opt.nconns ? 0 : IX_FOREVER);
		tcp_results();
		for (uint32_t i = 0; i < n; i++)
			tcp_event(ix_event(i));
	}
}

/* Datagrams carry the connection's number. */
static void
udp_request(int64_t sock, uint64_t i)
{
	struct conn *c = &conns[i];

	if (started == opt.messages)
		return;
	started++;
	c->started = read_tsc();
	*(uint64_t *)(message + i * opt.size) = i;
	add_call(IX_UDP_SEND, sock, (uint64_t)message + i * opt.size,
		 opt.size, IX_PEER(opt.ip, opt.port), NULL);
}

#define UDP_LOST_USEC	200000

static void
run_udp(void)
{
	int64_t sock = ix_call_now(IX_UDP_BIND, 0, 1, 0, 0);

	if (sock < 0)
		panic("bind: %e", (int)sock);
	/* The first alone: it waits for the address to be resolved. */
	udp_request(sock, 0);
	for (uint64_t sent = 1; done + errors < opt.messages;) {
		uint32_t n = ix_run_io(UDP_LOST_USEC);

		errors += n == 0;
		for (uint32_t i = 0; i < n; i++) {
			const struct ix_event *e = ix_event(i);
			uint64_t k;

			if (e->type != IX_EV_UDP_RECV)
				continue;
			k = *(const uint64_t *)e->a;
			add_call(IX_UDP_RECV_DONE, e->a, 0, 0, 0, NULL);
			if (k >= opt.nconns)
				continue;
			hist_add_n(&latency, read_tsc() - conns[k].started, 1);
			done++;
			udp_request(sock, k);
		}
		for (; sent < opt.nconns; sent++)
			udp_request(sock, sent);
	}
}

/* Datagrams leave through the stack once, then their frames are bounced. */
static void
run_frames(void)
{
	int64_t sock = ix_call_now(IX_UDP_BIND, 0, 1, 0, 0);

	udp_request(sock, 0);
	if (ix_run_io(UDP_LOST_USEC) == 0)
		panic("no answer");
	for (uint64_t i = 0; i < opt.nconns; i++)
		udp_request(sock, i);
	add_call(IX_FRAMES, 1, 0, 0, 0, NULL);
	while (done < opt.messages) {
		uint32_t n = ix_run_io(IX_FOREVER);

		for (uint32_t i = 0; i < n; i++)
			if (ix_event(i)->type == IX_EV_FRAME)
				ix_call(IX_FRAME_BOUNCE, ix_event(i)->a, 0, 0,
					0);
		done += n;
	}
}

static void
parse(int argc, char **argv)
{
	struct args a;
	int o;

	opt.port = 7;
	opt.size = 64;
	opt.nconns = 1;
	opt.messages = 1000;
	args_start(&a, argc, argv);
	while ((o = args_option(&a)) != 0)
		switch (o) {
		case 'u':
			opt.udp = true;
			break;
		case 'l':
			opt.frames = true;
			break;
		case 'o':
			opt.once = true;
			break;
		case 'h':
			opt.ip = ntohl(inet_addr(args_value(&a)));
			break;
		case 'p':
			opt.port = args_number(&a, 1, 65535);
			break;
		case 'k':
			opt.nconns = args_number(&a, 1, 16000);
			break;
		case 's':
			opt.size = args_number(&a, 8, 1 << 24);
			break;
		case 'm':
			opt.messages = args_number(&a, 1, 1l << 40);
			break;
		default:
			args_usage("[-u | -l] [-o] -h ADDRESS [-p PORT] "
				   "[-k CONNECTIONS] [-s SIZE] [-m MESSAGES]");
		}
	if ((opt.udp || opt.frames) && opt.size > 1472)
		opt.size = 1472;
}

int
main(int argc, char **argv)
{
	uint64_t mhz;

	parse(argc, argv);
	mhz = MAX(ix_info()->tsc_hz / 1000000, 1ul);
	hist_reset(&latency);
	conns = calloc(opt.nconns, sizeof(*conns));
	iov = calloc(opt.nconns, sizeof(*iov));
	message = calloc(opt.udp || opt.frames ? opt.nconns : 1, opt.size);
	if (!conns || !iov || !message)
		panic("out of memory");
	ix_report_start();
	if (opt.frames)
		run_frames();
	else if (opt.udp)
		run_udp();
	else
		run_tcp();
	ix_report("ixload", done);
	for (uint64_t i = 0; i < opt.nconns && !opt.udp && !opt.frames; i++)
		add_call(IX_CLOSE, conns[i].handle, 0, 0, 0, NULL);
	ix_run_io(100000);
	cprintf("ixload: core %u: %lu answers, %lu errors", ix_core(), done,
		errors);
	if (latency.count)
		cprintf(", us: p50 %lu p99 %lu max %lu",
			hist_quantile(&latency, 500, 1000) / mhz,
			hist_quantile(&latency, 990, 1000) / mhz,
			latency.max / mhz);
	cprintf("\n");
	return errors != 0;
}
