/*
 * http_status.h: the page /status of user/httpd.c: what both designs have
 * counted since boot, side by side. It is made from the windows UINFO and
 * UCOUNT alone, which are the same in every environment and in ring 3 of a
 * dataplane, so either server shows both. No script, nothing from outside;
 * the browser asks for it again every second.
 */
#ifndef JIX_USER_HTTP_STATUS_H
#define JIX_USER_HTTP_STATUS_H

#include "inc/count.h"
#include "inc/dp.h"
#include "inc/stdio.h"
#include "inc/string.h"
#include "inc/uinfo.h"

#define STATUS_MAX	8192

/* What one design counted on its CPUs. */
struct status_side {
	struct counters c;
	uint64_t frames;		/* received: what the rest is per */
	uint64_t crossings;		/* into the libOS */
	uint64_t batch_max;		/* at least so many frames at once */
	uint64_t connections, buffers_free;
	uint32_t cpus;
};

struct status_text {
	char *at, *end;
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

static inline void
status_sum(struct counters *to, const struct counters *from)
{
	for (size_t i = 0; i < NCOUNTERS; i++)
		((uint64_t *)to)[i] += ((const uint64_t *)from)[i];
}

static inline uint64_t
status_batch(const uint64_t *batches)
{
	for (int i = BATCH_BUCKETS - 1; i >= 0; i--)
		if (batches[i])
			return 1ul << i;
	return 0;
}

/* The CPUs that environments share, or those of dataplanes. */
static inline void
status_collect(struct status_side *s, uint32_t role)
{
	const struct uinfo *info = (const void *)UINFO;
	const struct cpu_counters *cpu = (const void *)UCOUNT;

	memset(s, 0, sizeof(*s));
	for (uint32_t i = 0; i < info->ncpu; i++) {
		const struct dp_stats *dp =
			(const void *)(UCOUNT_DP + i * PGSIZE);

		if (info->cpu[i].role != role)
			continue;
		s->cpus++;
		if (role == CPU_SHARED) {
			status_sum(&s->c, &cpu[i].c);
			continue;
		}
		/* Before it was bound, that CPU worked for environments. */
		status_sum(&s->c, &dp->c);
		s->crossings += dp->crossings;
		s->connections += dp->tcp_conns;
		s->buffers_free += dp->rx_free;
		s->batch_max = MAX(s->batch_max, status_batch(dp->batches));
	}
	s->frames = s->c.rx_frames;
	if (role == CPU_SHARED && s->c.polls > s->c.polls_empty)
		s->batch_max = 1;	/* a system call takes one */
}

/* n in groups of three digits. */
static inline void
status_number(struct status_text *t, uint64_t n)
{
	uint64_t unit = 1;

	while (n / unit >= 1000)
		unit *= 1000;
	status_add(t, "%lu", n / unit);
	for (unit /= 1000; unit > 0; unit /= 1000)
		status_add(t, "&#8239;%03lu", n / unit % 1000);
}

static inline void
status_cells(struct status_text *t, uint64_t n, uint64_t frames)
{
	status_add(t, "<td>");
	status_number(t, n);
	if (frames)
		status_add(t, "<td>%lu.%02lu", n / frames,
			   n % frames * 100 / frames);
	else
		status_add(t, "<td>&ndash;");
}

static inline void
status_row(struct status_text *t, const char *what, uint64_t lab6, uint64_t ix,
	   const struct status_side *l, const struct status_side *x)
{
	status_add(t, "<tr><th>%s", what);
	status_cells(t, lab6, l->frames);
	status_cells(t, ix, x->frames);
	status_add(t, "\n");
}

/* What is not per frame. */
static inline void
status_single(struct status_text *t, const char *what, uint64_t lab6,
	      uint64_t ix)
{
	status_add(t, "<tr><th>%s<td>", what);
	status_number(t, lab6);
	status_add(t, "<td><td>");
	status_number(t, ix);
	status_add(t, "<td>\n");
}

static inline uint64_t
status_copied(const struct counters *c)
{
	uint64_t sum = 0;

#define STATUS_COPY(name, text) sum += c->copy_##name;
	COPY_SITES(STATUS_COPY)
#undef STATUS_COPY
	return sum;
}

static inline void
status_rows(struct status_text *t, const struct status_side *l,
	    const struct status_side *x)
{
	status_row(t, "frames received", l->frames, x->frames, l, x);
	status_row(t, "frames sent", l->c.tx_frames, x->c.tx_frames, l, x);
	/* A round of polling in which nothing happened is two of them. */
	status_row(t, "entries into the kernel, idle polling apart",
		   l->c.traps - MIN(l->c.traps, 2 * l->c.idle_rounds),
		   x->c.dp_calls, l, x);
	status_row(t, "crossings into the libOS", 0, x->crossings, l, x);
	status_row(t, "IPC messages", l->c.ipc_sends, x->c.ipc_sends, l, x);
	status_row(t, "environment switches", l->c.env_switches,
		   x->c.env_switches, l, x);
	status_row(t, "bytes copied (lab-6: by the kernel)",
		   status_copied(&l->c), status_copied(&x->c), l, x);
	status_row(t, "doorbells", l->c.doorbells, x->c.doorbells, l, x);
	status_row(t, "TSC ticks in the kernel", l->c.kernel_tsc,
		   x->c.kernel_tsc, l, x);
	status_row(t, "TSC ticks in the libOS", 0, x->c.libos_tsc, l, x);
	status_row(t, "TSC ticks in ring 3", l->c.user_tsc, x->c.user_tsc,
		   l, x);
	status_row(t, "polls that found frames",
		   l->c.polls - l->c.polls_empty,
		   x->c.polls - x->c.polls_empty, l, x);
	status_single(t, "largest batch, at least", l->batch_max,
		      x->batch_max);
	status_single(t, "frames dropped, no buffer", l->c.rx_dropped,
		      x->c.rx_dropped);
	status_single(t, "transmit ring found full", l->c.tx_full,
		      x->c.tx_full);
}

#define STATUS_HEAD \
	"<!DOCTYPE html>\n<html lang='en'><head><meta charset='utf-8'>\n" \
	"<meta http-equiv='refresh' content='1'>\n" \
	"<title>JIX: both servers, live</title>\n<style>\n" \
	"body{font:16px/1.5 Helvetica,Arial,sans-serif;color:#222;" \
	"max-width:52em;margin:2em auto;padding:0 1em}\n" \
	"table{border-collapse:collapse;width:100%%}\n" \
	"th,td{padding:.25em .7em;text-align:right;" \
	"border-bottom:1px solid #ddd;font-variant-numeric:tabular-nums}\n" \
	"th:first-child{text-align:left;font-weight:normal}\n" \
	"thead th{font-weight:bold;border-bottom:2px solid #888}\n" \
	"</style></head><body>\n<h1>JIX: both servers, live</h1>\n"

/*
 * The page as text in buf of `size` bytes (STATUS_MAX is enough); its length.
 * here: the name of the server that answers.
 */
static inline uint32_t
status_page(char *buf, uint32_t size, const char *here)
{
	struct status_text t = { buf, buf + size };
	struct status_side l, x;

	status_collect(&l, CPU_SHARED);
	status_collect(&x, CPU_DATAPLANE);
	status_add(&t, STATUS_HEAD);
	status_add(&t, "<p>Counted since boot; this page comes from %s. "
		   "Ticks are instructions in exact runs.</p>\n<table><thead>"
		   "<tr><th><th colspan='2'>lab-6, %u CPU%s<th colspan='2'>"
		   "IX, %u core%s\n<tr><th><th>in all<th>per frame received"
		   "<th>in all<th>per frame received</thead>\n<tbody>\n",
		   here, l.cpus, l.cpus == 1 ? "" : "s", x.cpus,
		   x.cpus == 1 ? "" : "s");
	status_rows(&t, &l, &x);
	status_add(&t, "<tr><th>TCP connections<td>&ndash;<td><td>%lu<td>\n"
		   "<tr><th>receive buffers free<td>&ndash;<td><td>%lu<td>\n",
		   x.connections, x.buffers_free);
	status_add(&t, "</tbody></table>\n</body></html>\n");
	return t.at - buf;
}

#endif
