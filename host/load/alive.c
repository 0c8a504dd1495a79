/* alive.c: see alive.h.  Used by fuzz.c and synflood.c. */
#include <inttypes.h>
#include <stdio.h>
#include "alive.h"
#include "clock.h"
#include "conn.h"
#include "modes.h"
#include "opts.h"
#include "pattern.h"
#include "stack.h"
#include "stats.h"

#define SIZE		64		/* bytes per message */
#define ENOUGH		10		/* messages that show life */
#define AGAIN		(100 * MSEC)	/* between attempts */
#define EVERY		(5 * MSEC)	/* between messages while attacked */

static struct conn conn;
static uint64_t sent, got, echoes, next_open, next_send, begun, goal;
static int checking;

static void
say(struct conn *c)
{
	sent += conn_write(c, pattern_bytes(sent), SIZE, 1);
	conn_push(c);
}

static void
on_up(struct conn *c)
{
	sent = got = 0;
	say(c);
}

static void
on_data(struct conn *c, const uint8_t *p, size_t n)
{
	if (got + n > sent || !pattern_match(got, p, n)) {
		stats_mismatch(c->id, got);
		conn_abort(c);
		return;
	}
	got += n;
	if (got < sent)
		return;
	echoes++;
	stats_end(clock_now());
	if (checking)
		say(c);
	else
		next_send = clock_now() + EVERY;
}

static void
on_end(struct conn *c, enum conn_end why)
{
	(void)c;
	(void)why;
	next_open = clock_now() + AGAIN;
}

static const struct conn_ops ops = {
	.up = on_up, .data = on_data, .end = on_end,
};

void
alive_start(void)
{
	begun = clock_now();
	next_open = 0;
	echoes = 0;
}

void
alive_step(uint64_t now)
{
	if (!conn.pcb && now >= next_open) {
		next_open = now + AGAIN;
		conn_open(&conn, &ops);
	}
	if (conn.state == CONN_UP && got == sent && now >= next_send)
		say(&conn);
	loop_wake_at(conn.pcb ? now + EVERY : next_open);
}

uint64_t
alive_echoes(void)
{
	return echoes;
}

static int
step(uint64_t now)
{
	alive_step(now);
	return echoes >= goal ? STEP_DONE : STEP_IDLE;
}

int
alive_check(uint64_t deadline)
{
	conn_abort(&conn);
	next_open = 0;
	checking = 1;
	goal = echoes + ENOUGH;
	begun = clock_now();
	int end = loop_run(step, deadline);
	if (end != LOOP_DONE) {
		stats_cut(end, "afterwards %" PRIu64 " of %d messages were "
		    "echoed", echoes + ENOUGH - goal, ENOUGH);
		return -1;
	}
	if (!opt.quiet && !opt.csv)
		printf("alive: %d messages echoed within %.3f s afterwards\n",
		    ENOUGH, (double)(clock_now() - begun) / 1e9);
	return 0;
}

void
alive_stop(void)
{
	conn_abort(&conn);
}
