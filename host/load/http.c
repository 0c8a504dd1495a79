/*
 * http.c: the http mode: N connections GET opt.path over and over, with
 * keep-alive, or with --no-keepalive one connection per request.  Status,
 * length and body of each response are checked: against --expect FILE, or
 * else all against the first.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "clock.h"
#include "conn.h"
#include "modes.h"
#include "opts.h"
#include "stack.h"
#include "stats.h"

#define HEAD_MAX	8192
#define FNV_START	0xcbf29ce484222325ull
#define FNV_PRIME	0x100000001b3ull
#define UNTIL_EOF	UINT64_MAX

struct client {
	struct conn conn;		/* first: a client is found from it */
	uint64_t requests, responses;
	uint64_t start;			/* of the request in flight */
	int asked, up, in_body, last;	/* last: the server will close */
	char head[HEAD_MAX + 1];
	size_t head_len;
	uint64_t length, got, sum;	/* of the body: size, bytes, FNV-1a */
};

static struct client *clients;
static struct client **idle;		/* stack of those to be connected */
static unsigned nidle, opening, finished;
static uint64_t stop;
static uint64_t expect_len, expect_sum; /* the body there should be */
static int expect_set;
static FILE *out;			/* takes the first body */
static struct client *out_from;
static char request[1024];
static int request_len;

static int
wants_more(const struct client *h, uint64_t now)
{
	if (opt.messages && h->requests >= opt.messages)
		return 0;
	return !opt.time || now < stop;
}

static void
ask(struct client *h, uint64_t now)
{
	h->requests++;
	h->asked = 1;
	h->start = now;
	h->head_len = 0;
	h->in_body = 0;
	conn_write(&h->conn, request, (size_t)request_len, 0);
	conn_push(&h->conn);
}

static void
broken(struct client *h, const char *why)
{
	stats_error("connection %u, response %" PRIu64 ": %s", h->conn.id,
	    h->responses + 1, why);
	conn_abort(&h->conn);
	h->asked = 0;
	finished++;
}

/* The value of header @name, or NULL. */
static const char *
header(const char *head, const char *name)
{
	size_t n = strlen(name);

	while ((head = strstr(head, "\r\n"))) {
		head += 2;
		if (!strncasecmp(head, name, n) && head[n] == ':') {
			head += n + 1;
			return head + strspn(head, " \t");
		}
	}
	return NULL;
}

/* Reads a complete head; 0 when it is not acceptable. */
static int
read_head(struct client *h)
{
	unsigned major, minor, status;

	if (sscanf(h->head, "HTTP/%u.%u %u ", &major, &minor, &status) != 3) {
		broken(h, "no status line");
		return 0;
	}
	if (status != opt.status) {
		char why[64];
		snprintf(why, sizeof(why), "status %u", status);
		broken(h, why);
		return 0;
	}
	const char *v = header(h->head, "Content-Length");
	h->length = v ? strtoull(v, NULL, 10) : UNTIL_EOF;
	v = header(h->head, "Connection");
	h->last = !v ? major * 10 + minor < 11 : !strncasecmp(v, "close", 5);
	h->last |= h->length == UNTIL_EOF;
	h->in_body = 1;
	h->got = 0;
	h->sum = FNV_START;
	if (out && !out_from)
		out_from = h;
	return 1;
}

/* A whole response is there. */
static void
complete(struct client *h)
{
	uint64_t now = clock_now();

	if (!expect_set) {
		expect_set = 1;
		expect_len = h->got;
		expect_sum = h->sum;
	}
	if (h->got != expect_len || h->sum != expect_sum) {
		stats.mismatches++;
		broken(h, "wrong body");
		return;
	}
	if (out_from == h) {
		fclose(out);
		out = NULL;
		out_from = NULL;
	}
	h->asked = 0;
	h->responses++;
	stats_answer(h->start, now, h->got);
	stats_end(now);
	if (!h->conn.pcb)
		return;			/* the body ended with the FIN */
	if (!h->last && wants_more(h, now))
		ask(h, now);
	else if (!h->last)
		conn_shutdown(&h->conn);
}

static void
body(struct client *h, const uint8_t *p, size_t n)
{
	if (h->length != UNTIL_EOF && n > h->length - h->got) {
		broken(h, "more than one response to one request");
		return;
	}
	if (out_from == h)
		fwrite(p, 1, n, out);
	for (size_t i = 0; i < n; i++)
		h->sum = (h->sum ^ p[i]) * FNV_PRIME;
	h->got += n;
	if (h->got == h->length)
		complete(h);
}

static void
on_data(struct conn *c, const uint8_t *p, size_t n)
{
	struct client *h = (struct client *)c;

	if (!h->asked) {
		broken(h, "data without a request");
		return;
	}
	if (h->in_body) {
		body(h, p, n);
		return;
	}
	size_t had = h->head_len, part = HEAD_MAX - had;
	if (part > n)
		part = n;
	memcpy(h->head + had, p, part);
	h->head_len += part;
	h->head[h->head_len] = 0;
	char *end = strstr(h->head, "\r\n\r\n");
	if (!end) {
		if (h->head_len == HEAD_MAX)
			broken(h, "no end of the headers");
		return;
	}
	size_t used = (size_t)(end + 4 - h->head) - had;
	end[2] = 0;
	if (read_head(h))
		body(h, p + used, n - used);
}

static void
on_up(struct conn *c)
{
	struct client *h = (struct client *)c;

	h->up = 1;
	opening--;
	ask(h, clock_now());
}

static void
on_end(struct conn *c, enum conn_end why)
{
	struct client *h = (struct client *)c;
	int fin = why == CONN_EOF || why == CONN_EOF_EARLY;

	if (!h->up)
		opening--;
	if (h->asked && fin && h->in_body && h->length == UNTIL_EOF)
		complete(h);
	if (h->asked || !fin || (why == CONN_EOF_EARLY && !h->last))
		stats_failed(c, why);
	else if (wants_more(h, clock_now())) {
		idle[nidle++] = h;
		return;
	}
	h->asked = 0;
	finished++;
}

static const struct conn_ops ops = {
	.up = on_up, .data = on_data, .end = on_end,
};

static int
step(uint64_t now)
{
	(void)now;
	while (nidle && opening < opt.burst) {
		struct client *h = idle[--nidle];
		opening++;
		h->up = h->asked = h->last = 0;
		if (conn_open(&h->conn, &ops) < 0)
			on_end(&h->conn, CONN_NO_PORT);
	}
	return finished == opt.conns ? STEP_DONE : STEP_IDLE;
}

/* Reads the file that bodies must equal.  0, or -1 after saying why. */
static int
read_expected(void)
{
	FILE *f = fopen(opt.expect, "rb");
	int c;

	if (!f) {
		perror(opt.expect);
		return -1;
	}
	expect_set = 1;
	expect_sum = FNV_START;
	while ((c = getc(f)) != EOF) {
		expect_sum = (expect_sum ^ (uint8_t)c) * FNV_PRIME;
		expect_len++;
	}
	fclose(f);
	return 0;
}

static void
run(uint64_t deadline)
{
	uint64_t now = clock_now();

	for (unsigned i = 0; i < opt.conns; i++) {
		clients[i].conn.id = i;
		idle[nidle++] = &clients[i];
	}
	stats_begin(now);
	stop = now + opt.warmup + opt.time;
	int end = loop_run(step, deadline);
	if (end != LOOP_DONE) {
		stats_cut(end, "%" PRIu64 " responses had come, %u of %u "
		    "connections were finished, %u connecting",
		    stats.messages, finished, opt.conns, opening);
		stats_end(clock_now());
	}
	for (unsigned i = 0; i < opt.conns; i++)
		conn_abort(&clients[i].conn);
}

int
mode_http(uint64_t deadline)
{
	request_len = snprintf(request, sizeof(request), "GET %s HTTP/%s\r\n"
	    "Host: %u.%u.%u.%u\r\n%s\r\n", opt.path,
	    opt.keepalive ? "1.1" : "1.0", opt.peer >> 24,
	    opt.peer >> 16 & 255, opt.peer >> 8 & 255, opt.peer & 255,
	    opt.keepalive ? "" : "Connection: close\r\n");
	if (request_len >= (int)sizeof(request)) {
		fprintf(stderr, "load: --path: too long\n");
		return EXIT_USAGE;
	}
	if (opt.expect && read_expected() < 0)
		return EXIT_USAGE;
	if (opt.out && !(out = fopen(opt.out, "wb"))) {
		perror(opt.out);
		return EXIT_USAGE;
	}
	clients = calloc(opt.conns, sizeof(*clients));
	idle = calloc(opt.conns, sizeof(*idle));
	if (!clients || !idle)
		abort();
	run(deadline);
	if (out)
		fclose(out);
	free(clients);
	free(idle);
	return mode_verdict();
}
