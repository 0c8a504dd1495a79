/*
 * ixloops.h: how the phases of user/ixbench.c send their messages, a function
 * for each kind of phase. For that file alone.
 */
#ifndef JIX_USER_IXLOOPS_H
#define JIX_USER_IXLOOPS_H

#include "inc/ns.h"
#include "inc/uinfo.h"
#include "user/ixbench.h"

/* Of user/ixbench.c. */
static uint32_t turn(uint64_t usec);
static void message_send(struct load_conn *c, uint64_t when);
static void conn_start(uint32_t i);

/* Closed loop until `count` messages have been answered. */
static void
closed_loop(uint64_t count)
{
	uint64_t now = read_tsc();

	load.started = load.finished = 0;
	load.target = count;
	load.turn = load.phase.flight - 1;
	for (uint32_t i = 0; i < load.phase.flight && load.started < count; i++)
		if (load.conn[i].state == LOAD_OPEN)
			message_send(&load.conn[i], now);
	while (load.finished < count && load.errors == 0)
		turn(LOAD_PATIENCE_US);
}

/*
 * Frames that an ixreflect sends back: they leave as datagrams; then the
 * stack is put aside on this side, too.
 */
static void
frames(uint64_t count)
{
	load.started = load.finished = 0;
	load.target = count;
	load.conn[0].sent = 0;
	for (uint32_t i = 0; i < load.phase.conns && load.started < count; i++)
		message_send(&load.conn[0], read_tsc());
	ix_call(IX_FRAMES, 1, 0, 0, 0);
	while (load.finished < count && load.errors == 0)
		turn(LOAD_PATIENCE_US);
	ix_call_now(IX_FRAMES, 0, 0, 0, 0);
}

/* Connect, one message, close; conns of them at a time. */
static void
churn(uint64_t count)
{
	load.started = load.finished = 0;
	load.target = count;
	for (uint64_t i = 0; load.finished < count && load.errors == 0; ) {
		if (i < count && i - load.finished < load.phase.conns)
			conn_start(i++ % LOAD_CONNS);
		else
			turn(LOAD_PATIENCE_US);
	}
}

/* Messages at random times, whether or not earlier ones were answered. */
static void
open_loop(uint64_t count)
{
	uint64_t hz = ix_info()->tsc_hz;
	uint64_t due = read_tsc() + hz / 1000;
	uint32_t next = 0;

	load.started = load.finished = 0;
	load.target = count;
	while (load.finished < count && load.errors == 0) {
		uint64_t now = read_tsc();

		while (load.started < count && due <= now) {
			struct load_conn *c = &load.conn[next];

			if (c->sent - c->done == LOAD_UNDER_WAY) {
				load.late++;
				break;
			}
			message_send(c, due);
			next = (next + 1) % load.phase.conns;
			due += load_random_gap() * (hz / load.phase.rate) >> 16;
		}
		turn(load.started == count || due <= now ? 0 :
		     (due - now) / (hz / 1000000));
	}
}

/*
 * One after another: a message whose answer the server has to compute; when it
 * has been at that for `delay` microseconds an ICMP echo request and a second
 * message. When its stack answers the one and acknowledges the other, a
 * capture of the wire shows.
 */
static void
busy_loop(uint64_t count)
{
	uint64_t us = ix_info()->tsc_hz / 1000000;
	struct load_conn *c = &load.conn[0];

	load.started = load.finished = load.target = 0;
	while (load.finished < 2 * count && load.errors == 0) {
		uint64_t until = read_tsc() + load.phase.delay * us;

		message_send(c, read_tsc());
		while (read_tsc() < until)
			turn((until - read_tsc()) / us);
		load.slot_conn[ix.ncalls] = NULL;
		ix_call(IX_PING, load.server, 0, 0, 0);
		load.pings++;
		message_send(c, read_tsc());
		while ((c->done != c->sent || load.pings) && load.errors == 0)
			turn(LOAD_PATIENCE_US);
	}
}

/*
 * What a dataplane of this machine that is not ours publishes: the server, if
 * it is one.
 */
static const volatile struct dp_stats *
server_stats(void)
{
	const volatile struct uinfo *info = (const void *)UINFO;

	for (uint32_t i = 0; i < info->ncpu; i++)
		if (i != ix_info()->cpu && info->cpu[i].role == CPU_DATAPLANE)
			return (const void *)(UCOUNT_DP + i * PGSIZE);
	return NULL;
}

/*
 * What the server keeps now: receive buffers of a dataplane, segments of
 * lab-6's stack.
 */
static uint64_t
held_now(void)
{
	const volatile struct ns_stats *ns = (const void *)UCOUNT_NS;
	const struct load_held *h = &load.held;

	return h->stats ? h->all - MIN(h->stats->rx_free, h->all) :
		ns->tcp_segs;
}

static void
held_start(void)
{
	struct load_held *h = &load.held;

	memset(h, 0, sizeof(*h));
	h->stats = server_stats();
	if (h->stats)
		h->all = h->stats->rx_free;
}

static void
held_look(void)
{
	struct load_held *h = &load.held;
	uint64_t now = read_tsc();

	if (h->now) {
		h->sum += h->now * (now - h->at);
		h->last = now;
	}
	h->at = now;
	h->now = held_now();
	h->max = MAX(h->max, h->now);
	if (h->now && !h->first)
		h->first = now;
}

/*
 * Messages at a steady rate, on all connections in turn, by a client that
 * looks at its card only every `delay` microseconds: what came meanwhile is
 * acknowledged then, and all that is due goes out in one batch. In between it
 * lets the other cores run.
 */
static void
lazy_loop(uint64_t count)
{
	uint64_t hz = ix_info()->tsc_hz;
	uint64_t step = load.phase.delay * (hz / 1000000);
	uint64_t gap = hz / load.phase.rate;
	uint64_t look = read_tsc() + step;
	uint64_t due = look - step + gap;
	uint32_t next = 0;

	load.started = load.finished = load.target = 0;
	held_start();
	while (load.finished < count && load.errors == 0) {
		while (step && read_tsc() < look) {
			held_look();
			cpu_pause();
		}
		while (turn(0) > 0)
			;
		for (; load.started < count && due <= look; due += gap) {
			message_send(&load.conn[next], look);
			next = (next + 1) % load.phase.conns;
		}
		turn(0);
		held_look();
		cpu_pause();
		look = step ? look + step : read_tsc();
	}
}

#endif
