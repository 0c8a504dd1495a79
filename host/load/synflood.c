/*
 * synflood.c: the synflood mode: SYNs from 32 invented neighbours, at --rate
 * or as fast as the link takes them.  ARP is answered for each of them, so the
 * server's SYN-ACKs come and are counted; nobody answers those, unless
 * --complete sends the ACK and then never another word (clients that vanish).
 * The server must serve others meanwhile or at least afterwards.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "alive.h"
#include "clock.h"
#include "craft.h"
#include "frames.h"
#include "modes.h"
#include "stack.h"
#include "stats.h"

#define BURST		64
#define BACKLOG_MAX	(256 * 1024)
#define FIRST_HOST	128		/* of the invented ones */
#define HOSTS		32

static struct craft to_peer;
static struct rng rng;
static uint64_t sent, syn_acks, resets, begun, quiet_from;

static int
ours(uint32_t ip)
{
	return ip - opt.ip < opt.ips;
}

/* Answers for the invented neighbours; keeps their packets from the stack. */
static int
tap(const uint8_t *f, size_t len)
{
	static uint8_t reply[128];
	struct craft c = to_peer;

	if (len >= ARP_LEN && craft_get16(f + 12) == 0x0806 &&
	    craft_get16(f + 20) == ARP_ASK && !ours(craft_get32(f + 38)) &&
	    craft_get32(f + 38) != opt.peer) {
		c.from = craft_get32(f + 38);
		memcpy(c.to_mac, f + 22, 6);
		frames_send(reply, craft_arp(reply, &c, ARP_REPLY));
		return 1;
	}
	if (len < L4_OFF + 20 || craft_get16(f + 12) != 0x0800 ||
	    f[IP_OFF + 9] != PROTO_TCP || ours(craft_get32(f + IP_OFF + 16)))
		return 0;
	if (f[L4_OFF + 13] & FLAG_RST)
		resets++;
	if ((f[L4_OFF + 13] & (FLAG_SYN | FLAG_ACK)) != (FLAG_SYN | FLAG_ACK))
		return 1;
	syn_acks++;
	if (opt.complete) {
		c.from = craft_get32(f + IP_OFF + 16);
		c.from_port = (uint16_t)craft_get16(f + L4_OFF + 2);
		frames_send(reply, craft_tcp(reply, &c, FLAG_ACK,
		    craft_get32(f + L4_OFF + 8),
		    craft_get32(f + L4_OFF + 4) + 1, NULL, 0));
	}
	return 1;
}

static void
send_syn(void)
{
	static uint8_t frame[128];
	struct craft c = to_peer;

	do
		c.from = (opt.peer & opt.mask) |
		    (FIRST_HOST + rng_below(&rng, HOSTS));
	while (c.from == opt.peer || ours(c.from));
	c.from_port = (uint16_t)(1024 + rng_below(&rng, 64512));
	frames_send(frame, craft_tcp(frame, &c, FLAG_SYN,
	    (uint32_t)rng_next(&rng), 0, NULL, 0));
	sent++;
}

static int
step(uint64_t now)
{
	uint64_t until = opt.count;

	if (opt.rate > 0 && opt.rate * (double)(now - begun) / 1e9 <
	    (double)opt.count)
		until = (uint64_t)(opt.rate * (double)(now - begun) / 1e9);
	if (opt.alive)
		alive_step(now);
	for (int i = 0; i < BURST && sent < until &&
	    link_backlog() < BACKLOG_MAX; i++)
		send_syn();
	if (sent == opt.count && link_backlog() == 0) {
		if (!quiet_from)
			quiet_from = now + 50 * MSEC;
		if (now >= quiet_from)
			return STEP_DONE;
	}
	loop_wake_at(now + MSEC);
	return sent < until && link_backlog() < BACKLOG_MAX ? STEP_MORE :
	    STEP_IDLE;
}

int
mode_synflood(uint64_t deadline)
{
	to_peer = craft_to_peer();
	rng_seed(&rng, opt.seed, 8);
	frames_tap = tap;
	begun = clock_now();
	stats_begin(begun);
	alive_start();
	int end = loop_run(step, deadline);
	uint64_t now = clock_now();
	stats_end(now);
	stats.messages = sent;
	if (end != LOOP_DONE)
		stats_cut(end, "%" PRIu64 " of %" PRIu64 " SYNs were sent",
		    sent, opt.count);
	if (!opt.quiet && !opt.csv)
		printf("synflood: %" PRIu64 " SYNs in %.3f s, %" PRIu64
		    " SYN-ACKs, %" PRIu64 " resets, %" PRIu64 " messages "
		    "echoed meanwhile\n", sent, (double)(now - begun) / 1e9,
		    syn_acks, resets, alive_echoes());
	if (end == LOOP_DONE && opt.alive)
		alive_check(deadline);
	alive_stop();
	return mode_verdict();
}
