/*
 * xfer.c: the xfer mode: one connection carries a seeded stream of opt.size
 * bytes to the server and its echo back.  Every byte is compared, and the
 * SHA-256 sums of both directions are printed.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "clock.h"
#include "conn.h"
#include "modes.h"
#include "opts.h"
#include "rng.h"
#include "sha256.h"
#include "stack.h"
#include "stats.h"

#define CHUNK	16384			/* a multiple of 8 */

/* One end of the stream: what comes next, and the sum of what has passed. */
struct stream {
	struct rng rng;
	uint8_t bytes[CHUNK];
	size_t at;			/* in bytes; CHUNK: make more */
	uint64_t done;
	struct sha256 sum;
};

static struct stream out, in;
static struct conn conn;
static int ended;
static uint64_t begun;

static void
stream_init(struct stream *s)
{
	rng_seed(&s->rng, opt.seed, 6);
	s->at = CHUNK;
	sha256_init(&s->sum);
}

/* The next bytes of the stream, *@n of them. */
static const uint8_t *
stream_next(struct stream *s, size_t *n)
{
	if (s->at == CHUNK) {
		rng_fill(&s->rng, s->bytes, CHUNK);
		s->at = 0;
	}
	*n = CHUNK - s->at;
	if (*n > opt.size - s->done)
		*n = opt.size - s->done;
	return s->bytes + s->at;
}

static void
stream_pass(struct stream *s, const void *p, size_t n)
{
	sha256_add(&s->sum, p, n);
	s->at += n;
	s->done += n;
}

static void
on_room(struct conn *c)
{
	while (out.done < opt.size) {
		size_t n;
		const uint8_t *p = stream_next(&out, &n);
		n = conn_write(c, p, n, 1);
		if (n == 0)
			break;
		stream_pass(&out, p, n);
	}
	conn_push(c);
}

static void
on_data(struct conn *c, const uint8_t *p, size_t n)
{
	while (n) {
		size_t part;
		const uint8_t *want = stream_next(&in, &part);
		if (part > n)
			part = n;
		if (part == 0 || memcmp(want, p, part)) {
			stats_mismatch(0, in.done);
			conn_abort(c);
			ended = 1;
			return;
		}
		stream_pass(&in, p, part);
		p += part;
		n -= part;
	}
	if (in.done == opt.size) {
		uint64_t now = clock_now();
		stats_answer(begun, now, in.done);
		stats_end(now);
		conn_shutdown(c);
	}
}

static void
on_end(struct conn *c, enum conn_end why)
{
	ended = 1;
	if (why != CONN_EOF)
		stats_failed(c, why);
}

static const struct conn_ops ops = {
	.up = on_room, .data = on_data, .room = on_room, .end = on_end,
};

static int
step(uint64_t now)
{
	(void)now;
	return ended ? STEP_DONE : STEP_IDLE;
}

static void
print_sums(void)
{
	char sent[65], received[65];

	sha256_hex(&out.sum, sent);
	sha256_hex(&in.sum, received);
	if (opt.quiet || opt.csv)
		return;
	printf("sent     %" PRIu64 " bytes, sha256 %s\n", out.done, sent);
	printf("received %" PRIu64 " bytes, sha256 %s: %s\n", in.done,
	    received, in.done == opt.size && !strcmp(sent, received) ?
	    "they match" : "THEY DIFFER");
}

int
mode_xfer(uint64_t deadline)
{
	stream_init(&out);
	stream_init(&in);
	begun = clock_now();
	stats_begin(begun);
	if (conn_open(&conn, &ops) < 0) {
		stats_failed(&conn, CONN_NO_PORT);
		return mode_verdict();
	}
	int end = loop_run(step, deadline);
	if (end != LOOP_DONE) {
		stats_cut(end, "%" PRIu64 " of %" PRIu64 " bytes were sent, %"
		    PRIu64 " came back", out.done, opt.size, in.done);
		stats_end(clock_now());
	}
	conn_abort(&conn);
	print_sums();
	if (in.done != opt.size && !stats.errors)
		stats_error("%" PRIu64 " of %" PRIu64 " bytes came back",
		    in.done, opt.size);
	return mode_verdict();
}
