/*
 * http_status.h: the page /status of user/httpd.c: what both designs count,
 * side by side, for each request they have answered; their queues; where they
 * copy. No script, nothing from outside; the browser asks for it again every
 * second. The figures come from user/status_counts.h.
 */
#ifndef JIX_USER_HTTP_STATUS_H
#define JIX_USER_HTTP_STATUS_H

#include "inc/stdio.h"
#include "user/status_counts.h"

#define STATUS_MAX	24576
#define STATUS_NONE	(~0ul)		/* a figure that there is not */

struct status_text {
	char *at, *end;
	const struct status_look *now, *then;
};

static inline void __attribute__((format(printf, 2, 3)))
status_add(struct status_text *t, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(t->at, t->end - t->at, fmt, ap);
	va_end(ap);
	t->at = n < t->end - t->at ? t->at + n : t->end - 1;
}

/* --- Cells --------------------------------------------------------------- */

/* A cell: n in groups of three digits. */
static inline void
status_number(struct status_text *t, uint64_t n)
{
	uint64_t unit = 1;

	if (n == STATUS_NONE) {
		status_add(t, "<td>&ndash;");
		return;
	}
	while (n / unit >= 1000)
		unit *= 1000;
	status_add(t, "<td>%lu", n / unit);
	for (unit /= 1000; unit > 0; unit /= 1000)
		status_add(t, "&#8239;%03lu", n / unit % 1000);
}

/* A cell: n / of, with two decimals unless it is large. */
static inline void
status_ratio(struct status_text *t, uint64_t n, uint64_t of)
{
	if (n == STATUS_NONE || of == 0)
		status_add(t, "<td>&ndash;");
	else if (n / of >= 10000)
		status_number(t, n / of);
	else
		status_add(t, "<td>%lu.%02lu", n / of, n % of * 100 / of);
}

/* One side of a row: for each request lately, and since boot; in all. */
static inline void
status_cells(struct status_text *t, int side, uint64_t now, uint64_t then)
{
	uint64_t requests = t->now->side[side].c.requests;
	uint64_t before = t->then->side[side].c.requests;

	status_ratio(t, now == STATUS_NONE ? now : now - then,
		     requests - before);
	status_ratio(t, now, requests);
	status_number(t, now);
}

/* --- What a request costs ------------------------------------------------ */

#define STATUS_ROW(t, what, lab6, ix) \
	do { \
		const struct status_side *s; \
		uint64_t l[2], x[2]; \
		\
		s = &(t)->now->side[LAB6]; \
		l[0] = (lab6); \
		s = &(t)->then->side[LAB6]; \
		l[1] = (lab6); \
		s = &(t)->now->side[IX]; \
		x[0] = (ix); \
		s = &(t)->then->side[IX]; \
		x[1] = (ix); \
		(void)s; \
		status_add(t, "<tr><th>%s", what); \
		status_cells(t, LAB6, l[0], l[1]); \
		status_cells(t, IX, x[0], x[1]); \
		status_add(t, "\n"); \
	} while (0)
#define STATUS_BOTH(t, what, n)	STATUS_ROW(t, what, n, n)

/* The first row: what the others are divided by. */
static inline void
status_requests(struct status_text *t)
{
	status_add(t, "<tr class='first'><th>requests answered");
	for (int i = 0; i < NSIDES; i++) {
		uint64_t n = t->now->side[i].c.requests;

		status_number(t, n - t->then->side[i].c.requests);
		status_number(t, STATUS_NONE);
		status_number(t, n);
	}
	status_add(t, "\n");
}

static inline void
status_costs(struct status_text *t)
{
	status_requests(t);
	STATUS_ROW(t, "crossings into the libOS", STATUS_NONE, s->crossings);
	STATUS_BOTH(t, "entries into the kernel<sup>1</sup>", s->entries);
	STATUS_BOTH(t, "waits for lack of work", s->waits);
	STATUS_BOTH(t, "interrupts and clock ticks", s->interrupts);
	STATUS_BOTH(t, "IPC messages", s->c.ipc_sends);
	STATUS_BOTH(t, "environment switches", s->c.env_switches);
	STATUS_ROW(t, "thread switches in ns", s->c.thread_switches,
		   STATUS_NONE);
	STATUS_BOTH(t, "big kernel lock taken", s->c.locks);
	STATUS_BOTH(t, "copies", status_copies(s));
	STATUS_BOTH(t, "bytes copied", status_bytes_copied(s));
	STATUS_BOTH(t, "frames received", s->c.rx_frames);
	STATUS_BOTH(t, "frames sent", s->c.tx_frames);
	STATUS_BOTH(t, "doorbells", s->c.doorbells);
	STATUS_ROW(t, "ticks in the kernel<sup>2</sup>", s->c.kernel_tsc,
		   STATUS_NONE);
	STATUS_ROW(t, "ticks in the libOS", STATUS_NONE, s->c.libos_tsc);
	STATUS_BOTH(t, "ticks in ring 3", s->c.user_tsc);
}

static inline void
status_cost_table(struct status_text *t, uint64_t tsc_hz)
{
	uint64_t ms = (t->now->tsc - t->then->tsc) / MAX(tsc_hz / 1000, 1ul);
	const char *each = "<th>each, last<br>%lu.%lu&nbsp;s"
		"<th>each, since<br>boot<th>in all";

	status_add(t, "<h2>What a request costs</h2>\n<table><thead><tr><th>");
	for (int i = 0; i < NSIDES; i++) {
		uint32_t n = t->now->side[i].cpus;

		status_add(t, "<th colspan='3'>%s, %u %s%s", i == LAB6 ?
			   "lab-6" : "IX", n, i == LAB6 ? "CPU" : "core",
			   n == 1 ? "" : "s");
	}
	status_add(t, "\n<tr><th>");
	for (int i = 0; i < NSIDES; i++)
		status_add(t, each, ms / 1000, ms / 100 % 10);
	status_add(t, "</thead>\n<tbody>\n");
	status_costs(t);
	status_add(t, "</tbody></table>\n<p class='note'><sup>1</sup> But "
		   "for lack of work: those are the next row. In lab-6 they "
		   "are rounds of polling in which nothing happened, and "
		   "halts; in IX waits in the kernel, after which the clock "
		   "tick is asked for again. <sup>2</sup> Of the TSC, idle "
		   "time apart; instructions in an exact run.\n");
}

/* --- Queues -------------------------------------------------------------- */

static inline void
status_queue_cells(struct status_text *t, const struct queue_point *p,
		   bool waits, uint64_t tsc_hz)
{
	status_ratio(t, p->taken, p->looks);
	status_ratio(t, p->taken + p->left, p->looks);
	status_number(t, p->depth_max);
	/* Microseconds, without overflow for days. */
	status_ratio(t, waits ? p->waited_tsc / MAX(tsc_hz / 1000000, 1ul) :
		     STATUS_NONE, p->taken);
}

static inline void
status_queue_table(struct status_text *t, uint64_t tsc_hz)
{
	static const char *const names[NSIDES][STATUS_QUEUES] = {
		{ "lab-6: receive ring, frames",
		  "lab-6: messages to ns" },
		{ "IX: receive ring, frames", "IX: events" },
	};
	const char *head = "<th>taken<br>at once<th>depth,<br>mean"
		"<th>depth,<br>max<th>wait,<br>mean &micro;s";

	status_add(t, "<h2>Queues, and the batches taken from them</h2>\n"
		   "<table><thead><tr><th><th colspan='4'>the last second"
		   "<th colspan='4'>since boot\n<tr><th>%s%s</thead>\n"
		   "<tbody>\n", head, head);
	for (int i = 0; i < NSIDES; i++)
		for (int k = 0; k < STATUS_QUEUES; k++) {
			const struct status_side *s = &t->now->side[i];
			bool waits = i == LAB6 || k == STATUS_RX;

			status_add(t, "<tr><th>%s", names[i][k]);
			status_queue_cells(t, &s->last[k], waits, tsc_hz);
			status_queue_cells(t, &s->all[k], waits, tsc_hz);
			status_add(t, "\n");
		}
	status_add(t, "</tbody></table>\n<p class='note'>Depth is what whoever "
		   "takes something finds there. A frame's wait is reckoned "
		   "from the looks at the ring before and after it came; a "
		   "message's is measured. Events are handed over all at "
		   "once.\n");
}

/* --- Copies -------------------------------------------------------------- */

struct status_site {
	const char *text;
	size_t bytes, copies;	/* offsets in struct counters */
};

static inline uint64_t
status_at(const struct status_side *s, size_t offset)
{
	return *(const uint64_t *)((const char *)&s->c + offset);
}

static inline void
status_copy_row(struct status_text *t, const struct status_site *site)
{
	const struct status_side *now, *then;
	bool ix = strncmp(site->text, "IX: ", 4) == 0;
	uint64_t n;

	now = &t->now->side[ix ? IX : LAB6];
	then = &t->then->side[ix ? IX : LAB6];
	n = now->c.requests - then->c.requests;
	status_add(t, "<tr><th>%s%s", ix ? "" : "lab-6: ", site->text);
	status_ratio(t, status_at(now, site->copies) -
		     status_at(then, site->copies), n);
	status_ratio(t, status_at(now, site->bytes) -
		     status_at(then, site->bytes), n);
	status_number(t, status_at(now, site->copies));
	status_number(t, status_at(now, site->bytes));
	status_add(t, "\n");
}

static inline void
status_copy_table(struct status_text *t)
{
	static const struct status_site sites[] = {
#define STATUS_SITE(name, text) \
		{ text, offsetof(struct counters, copy_##name), \
		  offsetof(struct counters, copies_##name) },
		COPY_SITES(STATUS_SITE)
#undef STATUS_SITE
	};

	status_add(t, "<h2>Copies of payload, by place</h2>\n<table><thead>"
		   "<tr><th><th colspan='2'>a request, lately"
		   "<th colspan='2'>in all\n<tr><th><th>copies<th>bytes"
		   "<th>copies<th>bytes</thead>\n<tbody>\n");
	for (size_t i = 0; i < ARRAY_SIZE(sites); i++)
		status_copy_row(t, &sites[i]);
	status_add(t, "</tbody></table>\n");
}

/* --- The rest ------------------------------------------------------------ */

static inline void
status_state_row(struct status_text *t, const char *what, uint64_t lab6,
		 uint64_t ix)
{
	status_add(t, "<tr><th>%s", what);
	status_number(t, lab6);
	status_number(t, ix);
	status_add(t, "\n");
}

static inline void
status_state_table(struct status_text *t)
{
	const struct status_side *l = &t->now->side[LAB6];
	const struct status_side *x = &t->now->side[IX];

	status_add(t, "<h2>State</h2>\n<table><thead><tr><th><th>lab-6<th>IX"
		   "</thead>\n<tbody>\n");
	status_state_row(t, "frames dropped, no buffer", l->c.rx_dropped,
			 x->c.rx_dropped);
	status_state_row(t, "frames dropped, malformed", l->c.rx_malformed,
			 x->c.rx_malformed);
	status_state_row(t, "transmit ring found full", l->c.tx_full,
			 x->c.tx_full);
	status_state_row(t, "TCP connections", STATUS_NONE, x->connections);
	status_state_row(t, "receive buffers free", STATUS_NONE,
			 x->buffers_free);
	status_add(t, "</tbody></table>\n");
}

#define STATUS_HEAD \
	"<!DOCTYPE html>\n<html lang='en'><head><meta charset='utf-8'>\n" \
	"<meta http-equiv='refresh' content='1'>\n" \
	"<meta name='viewport' content='width=device-width'>\n" \
	"<title>JIX: both servers, live</title>\n<style>\n" \
	"body{font:15px/1.45 Helvetica,Arial,sans-serif;color:#222;" \
	"max-width:60em;margin:1.5em auto;padding:0 1em}\n" \
	"h2{font-size:1.15em;margin:1.6em 0 .4em}\n" \
	"table{border-collapse:collapse;width:100%%}\n" \
	"th,td{padding:.15em .6em;text-align:right;vertical-align:bottom;" \
	"border-bottom:1px solid #ddd;font-variant-numeric:tabular-nums}\n" \
	"tbody th:first-child{text-align:left;font-weight:normal}\n" \
	"thead th{font-weight:normal;font-size:.87em;color:#555}\n" \
	"thead tr:last-child th{border-bottom:2px solid #888}\n" \
	"th[colspan]{text-align:center;font-weight:bold;color:#222}\n" \
	".first td{font-weight:bold}sup{font-size:.7em}\n" \
	".note{font-size:.87em;color:#555;margin:.5em 0}\n" \
	"</style></head><body>\n<h1>JIX: both servers, live</h1>\n"

/*
 * The page as text in buf of `size` bytes (STATUS_MAX is enough); its length.
 * here: the name of the server that answers.
 */
static inline uint32_t
status_page(char *buf, uint32_t size, const char *here)
{
	static _Thread_local struct status_look now, then;
	const struct uinfo *info = (const void *)UINFO;
	struct status_text t = { buf, buf + size, &now, &then };

	status_interval(&now, &then);
	status_add(&t, STATUS_HEAD "<p>Both servers count all the time, the "
		   "kernel too, and everybody can read it. This page comes "
		   "from %s.\n", here);
	status_cost_table(&t, info->tsc_hz);
	status_queue_table(&t, info->tsc_hz);
	status_copy_table(&t);
	status_state_table(&t);
	status_add(&t, "</body></html>\n");
	return t.at - buf;
}

#endif
