/*
 * raw.c: the raw mode: sends the frames given in hexadecimal (--frame, or
 * lines of standard input for --frame -), each --count times, and prints
 * every received frame as a line of hexadecimal.  Ends when --recv frames
 * have come (a timeout before that is an error) or after --time.  The stack
 * sees nothing unless --answer.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "clock.h"
#include "frames.h"
#include "modes.h"
#include "stack.h"
#include "stats.h"

#define BACKLOG_MAX	(256 * 1024)

struct given {
	struct given *next;
	size_t len;
	uint8_t bytes[];
};

static struct given *first, **last = &first;
static struct given *at;
static uint64_t round_no, received, stop, begun, sent;

static int
digit(int c)
{
	const char *hex = "0123456789abcdef", *p;

	if (c >= 'A' && c <= 'F')
		c += 'a' - 'A';
	p = c ? strchr(hex, c) : NULL;
	return p ? (int)(p - hex) : -1;
}

/* Appends a frame; blanks and colons between bytes are ignored.  0 or -1. */
static int
add_frame(const char *text)
{
	struct given *g = malloc(sizeof(*g) + strlen(text) / 2 + 1);

	if (!g)
		abort();
	g->next = NULL;
	g->len = 0;
	for (const char *p = text; *p; p++) {
		if (strchr(" \t\r\n:", *p))
			continue;
		int hi = digit(p[0]), lo = hi < 0 ? -1 : digit(p[1]);
		if (lo < 0) {
			fprintf(stderr, "load: not hexadecimal: %s\n", p);
			free(g);
			return -1;
		}
		g->bytes[g->len++] = (uint8_t)(hi << 4 | lo);
		p++;
	}
	if (g->len == 0 || g->len > FRAME_MAX) {
		fprintf(stderr, "load: a frame of %zu bytes\n", g->len);
		free(g);
		return -1;
	}
	*last = g;
	last = &g->next;
	return 0;
}

static int
add_stdin(void)
{
	static char line[2 * FRAME_MAX + 3];

	while (fgets(line, sizeof(line), stdin))
		if (line[0] != '#' && line[0] != '\n' && add_frame(line) < 0)
			return -1;
	return 0;
}

static int
tap(const uint8_t *f, size_t len)
{
	static char line[2 * FRAME_MAX + 2];

	if (opt.recv && received >= opt.recv)
		return !opt.answer;
	received++;
	stats_end(clock_now());
	if (!opt.quiet) {
		for (size_t i = 0; i < len; i++) {
			line[2 * i] = "0123456789abcdef"[f[i] >> 4];
			line[2 * i + 1] = "0123456789abcdef"[f[i] & 15];
		}
		line[2 * len] = '\n';
		fwrite(line, 1, 2 * len + 1, stdout);
	}
	return !opt.answer;
}

static int
step(uint64_t now)
{
	uint64_t may = UINT64_MAX;

	if (opt.rate > 0)
		may = (uint64_t)(opt.rate * (double)(now - begun) / 1e9) + 1;
	while (at && sent < may && link_backlog() < BACKLOG_MAX) {
		frames_send(at->bytes, at->len);
		sent++;
		at = at->next;
		if (!at && ++round_no < opt.count)
			at = first;
	}
	loop_wake_at(at ? now + MSEC : stop);
	if (at || link_backlog())
		return STEP_IDLE;
	if (opt.recv)
		return received >= opt.recv ? STEP_DONE : STEP_IDLE;
	return now >= stop ? STEP_DONE : STEP_IDLE;
}

int
mode_raw(uint64_t deadline)
{
	for (unsigned i = 0; i < opt.frames; i++)
		if (!strcmp(opt.frame[i], "-") ? add_stdin() < 0 :
		    add_frame(opt.frame[i]) < 0)
			return EXIT_USAGE;
	begun = clock_now();
	stop = begun + opt.time;
	at = opt.count ? first : NULL;
	frames_tap = tap;
	stats_begin(begun);
	int end = loop_run(step, deadline);
	stats.messages = received;
	if (end != LOOP_DONE)
		stats_cut(end, "%" PRIu64 " frames were sent, %" PRIu64
		    " of %" PRIu64 " had come", sent, received, opt.recv);
	while (first) {
		struct given *g = first;
		first = g->next;
		free(g);
	}
	opt.quiet = 1;			/* the frames are the output */
	return mode_verdict();
}
