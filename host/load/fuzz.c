/*
 * fuzz.c: the fuzz mode: opt.count seeded hostile frames, as fast as the link
 * takes them (or at --rate), while and after which the server must serve.
 * fuzzkind.c makes the frames.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "alive.h"
#include "clock.h"
#include "frames.h"
#include "fuzzkind.h"
#include "modes.h"
#include "stack.h"
#include "stats.h"

#define BURST		64		/* frames per turn */
#define BACKLOG_MAX	(256 * 1024)	/* bytes; above, wait */

static struct rng rng;
static uint64_t made, per_kind[FUZZ_KINDS], begun;
static unsigned chosen[FUZZ_KINDS], nchosen;

/* Frames that may have been sent by @now. */
static uint64_t
allowed(uint64_t now)
{
	double n;

	if (opt.rate <= 0)
		return opt.count;
	n = opt.rate * (double)(now - begun) / 1e9;
	return n < (double)opt.count ? (uint64_t)n : opt.count;
}

static int
step(uint64_t now)
{
	static uint8_t frame[FRAME_MAX];
	uint64_t until = allowed(now);

	if (opt.alive)
		alive_step(now);
	for (int i = 0; i < BURST && made < until &&
	    link_backlog() < BACKLOG_MAX; i++) {
		unsigned kind = chosen[rng_below(&rng, nchosen)];
		frames_send(frame, fuzz_kinds[kind].make(&rng, frame));
		per_kind[kind]++;
		made++;
	}
	if (made == opt.count && link_backlog() == 0)
		return STEP_DONE;
	if (made == until)
		loop_wake_at(now + MSEC);
	return made < until && link_backlog() < BACKLOG_MAX ? STEP_MORE :
	    STEP_IDLE;
}

/* Reads opt.kinds, a list of names; all without it.  0, or -1. */
static int
choose(void)
{
	const char *p = opt.kinds;

	for (unsigned k = 0; !p && k < FUZZ_KINDS; k++)
		chosen[nchosen++] = k;
	while (p && *p) {
		size_t n = strcspn(p, ",");
		unsigned k = 0;
		while (k < FUZZ_KINDS && (strlen(fuzz_kinds[k].name) != n ||
		    strncmp(fuzz_kinds[k].name, p, n)))
			k++;
		if (k == FUZZ_KINDS || nchosen == FUZZ_KINDS) {
			fprintf(stderr, "load: --kinds: '%.*s' is none of",
			    (int)n, p);
			for (k = 0; k < FUZZ_KINDS; k++)
				fprintf(stderr, " %s", fuzz_kinds[k].name);
			fprintf(stderr, "\n");
			return -1;
		}
		chosen[nchosen++] = k;
		p += n + (p[n] == ',');
	}
	return nchosen ? 0 : -1;
}

static void
print_kinds(double seconds)
{
	printf("fuzz: %" PRIu64 " frames in %.3f s (%.0f/s):", made, seconds,
	    seconds > 0 ? (double)made / seconds : 0);
	for (unsigned k = 0; k < FUZZ_KINDS; k++)
		if (per_kind[k])
			printf(" %s %" PRIu64, fuzz_kinds[k].name,
			    per_kind[k]);
	printf("\n");
	if (opt.alive)
		printf("fuzz: %" PRIu64 " messages echoed meanwhile\n",
		    alive_echoes());
}

int
mode_fuzz(uint64_t deadline)
{
	if (choose() < 0)
		return EXIT_USAGE;
	rng_seed(&rng, opt.seed, 7);
	fuzz_init();
	begun = clock_now();
	stats_begin(begun);
	alive_start();
	int end = loop_run(step, deadline);
	uint64_t now = clock_now();
	stats_end(now);
	stats.messages = made;
	if (end != LOOP_DONE)
		stats_cut(end, "%" PRIu64 " of %" PRIu64 " frames were sent",
		    made, opt.count);
	if (!opt.quiet && !opt.csv)
		print_kinds((double)(now - begun) / 1e9);
	if (end == LOOP_DONE && opt.alive)
		alive_check(deadline);
	alive_stop();
	return mode_verdict();
}
