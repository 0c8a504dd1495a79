/*
 * dgram.c: the udp and ping modes: N requests in flight, each answered by
 * its echo.  A request that is not answered within opt.rto is sent again, at
 * most opt.retries times.  Each UDP slot has a port of its own.
 */
#include <stdlib.h>
#include <string.h>
#include "lwip/icmp.h"
#include "lwip/inet_chksum.h"
#include "lwip/ip4.h"
#include "lwip/raw.h"
#include "lwip/udp.h"
#include "bucket.h"
#include "clock.h"
#include "modes.h"
#include "opts.h"
#include "pattern.h"
#include "stack.h"
#include "stats.h"

#define HEAD	8			/* slot and sequence number */
#define SCAN	(2 * MSEC)

struct slot {
	struct udp_pcb *udp;		/* udp mode */
	uint32_t id, seq;
	uint64_t first, again;		/* sent first; to be sent again */
	uint64_t next;			/* when the next may go */
	uint64_t sent;			/* requests */
	unsigned tries;
	int waiting, done;
};

static struct slot *slots;
static unsigned finished;
static uint64_t stop, next_scan;
static struct raw_pcb *icmp;
static void (*transmit)(struct slot *s);

/* The message of a slot's current request. */
static struct pbuf *
message(const struct slot *s, pbuf_layer layer, u16_t skip)
{
	struct pbuf *p = pbuf_alloc(layer, (u16_t)(opt.size + skip),
	    PBUF_RAM);
	uint32_t head[2] = { lwip_htonl(s->id), lwip_htonl(s->seq) };

	if (!p)
		abort();
	pbuf_take_at(p, head, HEAD, skip);
	for (uint64_t at = HEAD; at < opt.size; ) {
		uint64_t n = opt.size - at;
		if (n > PATTERN_CHUNK)
			n = PATTERN_CHUNK;
		pbuf_take_at(p, pattern_bytes(s->id + s->seq + at), (u16_t)n,
		    (u16_t)(skip + at));
		at += n;
	}
	return p;
}

static void
transmit_udp(struct slot *s)
{
	struct pbuf *p = message(s, PBUF_TRANSPORT, 0);

	udp_send(s->udp, p);
	pbuf_free(p);
}

static void
transmit_ping(struct slot *s)
{
	ip_addr_t peer = { lwip_htonl(opt.peer) };
	struct icmp_echo_hdr hdr = { .type = ICMP_ECHO,
	    .id = lwip_htons((u16_t)s->id), .seqno = lwip_htons((u16_t)s->seq),
	};

	struct pbuf *p = message(s, PBUF_IP, sizeof(hdr));

	pbuf_take(p, &hdr, sizeof(hdr));
	hdr.chksum = inet_chksum_pbuf(p);
	pbuf_take(p, &hdr, sizeof(hdr));
	raw_sendto(icmp, p, &peer);
	pbuf_free(p);
}

static void
request(struct slot *s, uint64_t now)
{
	s->seq++;
	s->sent++;
	s->tries = 0;
	s->waiting = 1;
	s->first = now;
	s->next = now + opt.interval;
	s->again = now + opt.rto;
	transmit(s);
}

/* Sends the next request if there is one and it may go now. */
static void
proceed(struct slot *s, uint64_t now)
{
	if (s->waiting || s->done)
		return;
	if ((opt.messages && s->sent >= opt.messages) ||
	    (opt.time && now >= stop)) {
		s->done = 1;
		finished++;
	} else if (now >= s->next) {
		request(s, now);
	} else {
		loop_wake_at(s->next);
	}
}

/* An echo, with @skip bytes before the message. */
static void
reply(struct pbuf *p, u16_t skip)
{
	uint32_t head[2];
	static uint8_t copy[65536];

	if (pbuf_copy_partial(p, head, HEAD, skip) != HEAD)
		return;
	uint32_t id = lwip_ntohl(head[0]), seq = lwip_ntohl(head[1]);
	struct slot *s = id < opt.conns ? &slots[id] : NULL;
	if (!s || !s->waiting || seq != s->seq) {
		stats.stray++;		/* late, or duplicated on the way */
		return;
	}
	u16_t n = pbuf_copy_partial(p, copy, (u16_t)opt.size, skip);
	if ((uint64_t)p->tot_len != opt.size + skip || n != opt.size ||
	    !pattern_match(id + seq + HEAD, copy + HEAD, opt.size - HEAD)) {
		stats_mismatch(id, 0);
		s->done = 1;
		finished++;
		s->waiting = 0;
		return;
	}
	uint64_t now = clock_now();
	stats_answer(s->first, now, opt.size);
	stats_end(now);
	s->waiting = 0;
	proceed(s, now);
}

static void
on_udp(void *arg, struct udp_pcb *pcb, struct pbuf *p, const ip_addr_t *from,
    u16_t port)
{
	(void)arg;
	(void)pcb;
	(void)from;
	(void)port;
	reply(p, 0);
	pbuf_free(p);
}

static u8_t
on_icmp(void *arg, struct raw_pcb *pcb, struct pbuf *p, const ip_addr_t *from)
{
	u16_t skip = ip_current_header_tot_len();
	struct icmp_echo_hdr hdr;

	(void)arg;
	(void)pcb;
	if (ip4_addr_get_u32(from) != lwip_htonl(opt.peer) ||
	    pbuf_copy_partial(p, &hdr, sizeof(hdr), skip) != sizeof(hdr) ||
	    hdr.type != ICMP_ER)
		return 0;
	pbuf_remove_header(p, skip);
	if (inet_chksum_pbuf(p) != 0)
		stats_error("an echo reply with a wrong checksum");
	reply(p, sizeof(hdr));
	pbuf_free(p);
	return 1;
}

/* A request that has not been answered in time. */
static void
late(struct slot *s, uint64_t now)
{
	if (s->tries++ >= opt.retries) {
		stats.timeouts++;
		stats_error("slot %u, request %u: no answer to %u tries",
		    s->id, s->seq, s->tries);
		s->waiting = 0;
		proceed(s, now);
		return;
	}
	stats.resent++;
	s->again = now + opt.rto;
	transmit(s);
}

static int
step(uint64_t now)
{
	if (now >= next_scan) {
		next_scan = now + SCAN;
		for (unsigned i = 0; i < opt.conns; i++) {
			struct slot *s = &slots[i];
			if (s->waiting && now >= s->again)
				late(s, now);
			else
				proceed(s, now);
		}
	}
	loop_wake_at(next_scan);
	return finished == opt.conns ? STEP_DONE : STEP_IDLE;
}

static void
open_udp(struct slot *s)
{
	ip_addr_t peer = { lwip_htonl(opt.peer) };
	uint32_t ip;
	uint16_t port = stack_new_port(&ip);
	ip_addr_t local = { lwip_htonl(ip) };

	s->udp = udp_new();
	bucket_udp_enter(port);
	if (!s->udp || udp_bind(s->udp, &local, port) != ERR_OK ||
	    udp_connect(s->udp, &peer, (u16_t)opt.port) != ERR_OK)
		abort();
	bucket_udp_leave(port);
	udp_recv(s->udp, on_udp, s);
}

static int
run(uint64_t deadline)
{
	uint64_t now = clock_now();

	stop = now + opt.warmup + opt.time;
	stats_begin(now);
	int end = loop_run(step, deadline);
	if (end != LOOP_DONE) {
		stats_cut(end, "%llu requests were answered, %u of %u slots "
		    "were finished", (unsigned long long)stats.messages,
		    finished, opt.conns);
		stats_end(clock_now());
	}
	free(slots);
	return mode_verdict();
}

int
mode_udp(uint64_t deadline)
{
	slots = calloc(opt.conns, sizeof(*slots));
	if (!slots)
		abort();
	transmit = transmit_udp;
	for (unsigned i = 0; i < opt.conns; i++) {
		slots[i].id = i;
		open_udp(&slots[i]);
	}
	return run(deadline);
}

int
mode_ping(uint64_t deadline)
{
	slots = calloc(opt.conns, sizeof(*slots));
	icmp = raw_new(IP_PROTO_ICMP);
	if (!slots || !icmp)
		abort();
	raw_recv(icmp, on_icmp, NULL);
	transmit = transmit_ping;
	for (unsigned i = 0; i < opt.conns; i++)
		slots[i].id = i;
	run(deadline);
	raw_remove(icmp);
	return mode_verdict();
}
