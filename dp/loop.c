/*
 * loop.c: what happens when the application enters: the run loop, and the
 * plain calls.
 *
 * One turn: give back what was sent; carry out the application's batch of
 * calls; timers; poll the receive ring and process up to B frames; post
 * events; one doorbell. If there are events the application gets them, else
 * the turn is repeated until there are, or its time is up. A batch is what is
 * there, never waited for.
 */
#include "dp/libos.h"
#include "lib/lwip/neighbour.h"
#include "lib/lwip/tcp_buckets.h"

struct ix_event *event_next;

static uint64_t tcp_tmr_next, arp_tmr_next;
static uint64_t idle_since;	/* TSC of the first of a run of empty polls */
static uint64_t charged;	/* TSC up to which time has been charged */
static uint64_t mailbox_seen;
static uint32_t poll_us_now;

int64_t dp_enter(uint64_t op, uint64_t a, uint64_t b, uint64_t c);

/* The control plane's requests; looked at every 10 ms. */
static void
mailbox_look(void)
{
	uint64_t seq = common->mailbox[core].seq;

	if (seq == mailbox_seen)
		return;
	mailbox_seen = seq;
	if (common->mailbox[core].command == DP_CMD_STOP)
		kcall(DPC_EXIT, 0, 0);
	else if (common->mailbox[core].command == DP_CMD_POLL_US)
		poll_us_now = common->mailbox[core].arg;
}

static void
stack_timers(uint64_t now)
{
	uint64_t spent;

	if (now >= tcp_tmr_next) {
		tcp_tmr_next += 10000 * tsc_per_us;
		if (tcp_tmr_next <= now)
			tcp_tmr_next = now + 10000 * tsc_per_us;
		if (tcp_buckets_busy())
			tcp_buckets_tmr();
		mailbox_look();
		count_publish();
	}
	if (now >= arp_tmr_next) {
		arp_tmr_next = now + 1000000 * tsc_per_us;
		neighbour_tick();
		arp_forget();
		count_second(now);
	}
	/* Charged apart: it is neither idle time nor that of a request. */
	spent = read_tsc() - now;
	stats->timer_tsc += spent;
	*(idle_since ? &idle_since : &charged) += spent;
}

/* When the kernel must wake this core at the latest. */
static uint64_t
next_deadline(uint64_t until)
{
	uint64_t t = MIN(until, timer_next);

	if (tcp_buckets_busy())
		t = MIN(t, tcp_tmr_next);
	return MIN(t, arp_tmr_next);
}

void
loop_init(void)
{
	poll_us_now = boot->poll_us;
	seen.batch = boot->batch;
	charged = read_tsc();
	mailbox_seen = common->mailbox[core].seq;
}

/* Nothing came: breathe, and after a while wait in the kernel. */
static void
idle(uint64_t now, uint64_t until)
{
	if (!idle_since) {
		idle_since = now;
		stats->in_loop = 1;
		stats->c.libos_tsc += now - charged;
		count_publish();
	}
	cpu_pause();
	if (poll_us_now == ~0u ||
	    now - idle_since < poll_us_now * tsc_per_us || !tx_idle())
		return;
	stats->waits++;
	kcall(DPC_WAIT, next_deadline(until), 0);
	seen.looked = read_tsc();	/* until now it was empty */
}

/*
 * Buffers back to the NIC. In exact runs QEMU lets the other cores take their
 * turns here, on the same clock: that is not this core's work.
 */
static void
return_buffers(void)
{
	uint64_t before = boot->exact ? read_tsc() : 0;

	rx_doorbell();
	if (before)
		charged += read_tsc() - before;
}

/* There is work again: the time since the first empty poll was idle. */
static void
idle_over(uint64_t now)
{
	if (idle_since) {
		stats->c.idle_tsc += now - idle_since;
		idle_since = 0;
		stats->in_loop = 0;
		charged = now;
	}
}

static int64_t
run(uint64_t ncalls, uint64_t usec)
{
	uint64_t now, until = ~0ul;
	uint32_t n;

	event_next = area->events;
	if (ncalls)
		calls_run(MIN(ncalls, (uint64_t)IX_CALLS));
	for (;;) {
		stats->turns++;
		now = read_tsc();
		/* Giving back is work, not idle time. */
		if (tx_reclaim()) {
			idle_over(now);
			now = read_tsc();
		}
		if (until == ~0ul && usec != IX_FOREVER)
			until = now + MIN(usec, 1ul << 40) * tsc_per_us;
		if (unlikely(now >= timer_next))
			timer_expire(now);
		if (unlikely(now >= tcp_tmr_next || now >= arp_tmr_next)) {
			stack_timers(now);
			now = read_tsc();
		}
		if (unlikely(common->arp.head != arp_seen))
			arp_import();
		n = rx_poll(boot->batch);
		if (n) {
			idle_over(now);
			count_frames(n, now - seen.looked);
		}
		seen.looked = now;
		tcp_emit();
		udp_emit();
		tx_doorbell();
		if (rx_doorbell_due())
			return_buffers();
		if (event_count() || now >= until)
			break;
		if (n == 0)
			idle(now, until);
	}
	idle_over(now);
	count_events(event_count());
	stats->rx_free = rxbuf_nfree;
	return event_count();
}

/* --- Plain calls ------------------------------------------------------- */

static char print_buf[1024];

static int64_t
op_print(uint64_t addr, uint64_t len)
{
	len = MIN(len, (uint64_t)sizeof(print_buf));
	if (!dp_user_ok(addr, len))
		return -E_FAULT;
	memcpy(print_buf, (const void *)addr, len);
	return kcall(DPC_PRINT, (uint64_t)print_buf, len);
}

static int64_t
op_stats(uint64_t addr, uint64_t len)
{
	len = MIN(len, sizeof(struct dp_stats));
	if (addr % 8 || !dp_user_ok(addr, len))
		return -E_FAULT;
	count_publish();
	memcpy((void *)addr, stats, len);
	return (int64_t)len;
}

static int64_t
plain_call(uint64_t op, uint64_t a, uint64_t b)
{
	switch (op) {
	case IX_OP_PRINT:
		return op_print(a, b);
	case IX_OP_EXIT:
		tx_doorbell();
		return kcall(DPC_EXIT, a, 0);
	case IX_OP_MAP:
		return kcall(DPC_MAP, a, 0);
	case IX_OP_NULL:
		return 0;
	case IX_OP_STATS:
		return op_stats(a, b);
	case IX_OP_SNAPSHOT:
		return kcall(DPC_SNAPSHOT, a, 0);
	}
	return -E_INVAL;
}

/* From dp_gate (head.S): ring 3 has entered. */
int64_t
dp_enter(uint64_t op, uint64_t a, uint64_t b, uint64_t c)
{
	uint64_t now = read_tsc();
	int64_t result;

	stats->c.user_tsc += now - charged;
	charged = now;
	trace(TRACE_DP_ENTER, op, a);
	stats->crossings++;
	if (likely(op == IX_OP_RUN))
		result = run(a, b);
	else
		result = plain_call(op, a, b);
	if (unlikely(stats->tick_stopped)) {
		stats->tick_calls++;
		kcall(DPC_TICK, 0, 0);
	}
	trace(TRACE_DP_RETURN, result, 0);
	now = read_tsc();
	stats->c.libos_tsc += now - charged;
	charged = now;
	return result;
}
