/* stats.c: see stats.h. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include "clock.h"
#include "frames.h"
#include "opts.h"
#include "stack.h"
#include "stats.h"

#define ERRORS_SHOWN	5

struct stats stats = { .latency.min = UINT64_MAX, .lag.min = UINT64_MAX };
static unsigned shown;

void
stats_begin(uint64_t now)
{
	stats.begin = stats.end = now;
}

void
stats_end(uint64_t now)
{
	stats.end = now;
}

int
stats_warming(uint64_t now)
{
	return now < stats.begin + opt.warmup;
}

void
stats_answer(uint64_t start, uint64_t now, uint64_t bytes)
{
	if (stats_warming(now)) {
		stats.warm++;
		return;
	}
	stats.messages++;
	stats.bytes += bytes;
	hist_add(&stats.latency, now - start);
}

static void
show(const char *format, va_list args)
{
	if (shown++ == ERRORS_SHOWN)
		fprintf(stderr, "load: more errors are only counted\n");
	if (shown > ERRORS_SHOWN)
		return;
	fprintf(stderr, "load: ");
	vfprintf(stderr, format, args);
	fprintf(stderr, "\n");
}

void
stats_error(const char *format, ...)
{
	va_list args;

	stats.errors++;
	va_start(args, format);
	show(format, args);
	va_end(args);
}

void
stats_failed(const struct conn *c, enum conn_end why)
{
	switch (why) {
	case CONN_REFUSED:
		stats.refused++;
		break;
	case CONN_RESET:
		stats.resets++;
		break;
	case CONN_TIMEOUT:
		stats.timeouts++;
		break;
	case CONN_EOF:
	case CONN_EOF_EARLY:
		stats.early++;
		break;
	case CONN_UNCLOSED:
		stats.unclosed++;
		if (frames_tx.active || frames_rx.active)
			return;
		break;
	case CONN_NO_PORT:
		break;
	}
	stats_error("connection %u (%u.%u.%u.%u:%u to port %u): %s", c->id,
	    c->ip >> 24, c->ip >> 16 & 255, c->ip >> 8 & 255, c->ip & 255,
	    c->port, opt.port, conn_end_name(why));
}

void
stats_mismatch(unsigned id, uint64_t at)
{
	stats.mismatches++;
	stats_error("connection %u: wrong data near byte %" PRIu64, id, at);
}

void
stats_cut(int how, const char *format, ...)
{
	va_list args;

	stats.errors++;
	fprintf(stderr, "load: %s: ", how == LOOP_CLOSED ?
	    "the link was closed" : "time is up");
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, "\n");
}

int
stats_lagging(void)
{
	return stats.lag.count && hist_quantile(&stats.lag, 99, 100) * 10 >
	    hist_quantile(&stats.latency, 99, 100);
}

static double
us(uint64_t ns)
{
	return (double)ns / 1000;
}

/* Seconds that the counted messages took. */
static double
seconds(void)
{
	uint64_t from = stats.begin + opt.warmup;

	return stats.end > from ? (double)(stats.end - from) / 1e9 : 0;
}

static double
per_second(uint64_t n)
{
	return seconds() > 0 ? (double)n / seconds() : 0;
}

void
stats_csv_header(void)
{
	printf("mode,connections,size,seconds,offered,achieved,messages,bytes,"
	    "errors,retransmits,p50_us,p90_us,p99_us,p999_us,max_us,"
	    "lag_p99_us,lag_max_us,lag_ok,refused,resets,timeouts,mismatches,"
	    "bad_checksums,tx_dropped,unclosed\n");
}

static void
csv(void)
{
	const struct hist *l = &stats.latency, *g = &stats.lag;

	if (opt.csv_header)
		stats_csv_header();
	printf("%s,%u,%" PRIu64 ",%.6f,%.1f,%.1f,%" PRIu64 ",%" PRIu64 ",%"
	    PRIu64 ",%" PRIu64 ",%.3f,%.3f,%.3f,%.3f,%.3f,%.3f,%.3f,%d",
	    opt.mode, opt.conns, opt.size, seconds(), stats.offered,
	    per_second(stats.messages), stats.messages, stats.bytes,
	    stats.errors, stack_retransmits + stats.resent,
	    us(hist_quantile(l, 50, 100)), us(hist_quantile(l, 90, 100)),
	    us(hist_quantile(l, 99, 100)), us(hist_quantile(l, 999, 1000)),
	    us(l->max), us(hist_quantile(g, 99, 100)), us(g->max),
	    !stats_lagging());
	printf(",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64
	    ",%" PRIu64 ",%" PRIu64 "\n", stats.refused, stats.resets,
	    stats.timeouts, stats.mismatches, stack_bad_checksums(),
	    link_dropped, stats.unclosed);
}

static void
impaired(const char *way, const struct impair *im)
{
	const struct impair_count *n = &im->count;

	if (im->active)
		printf("%s: %" PRIu64 " frames, %" PRIu64 " lost, %" PRIu64
		    " duplicated, %" PRIu64 " reordered, %" PRIu64
		    " corrupted, %" PRIu64 " delayed\n", way, n->frames,
		    n->lost, n->duplicated, n->reordered, n->corrupted,
		    n->delayed);
}

static void
text(void)
{
	const struct hist *l = &stats.latency, *g = &stats.lag;

	printf("%s: %" PRIu64 " messages, %" PRIu64 " bytes in %.3f s: %.0f "
	    "messages/s, %.2f MB/s\n", opt.mode, stats.messages, stats.bytes,
	    seconds(), per_second(stats.messages),
	    per_second(stats.bytes) / 1e6);
	if (stats.offered > 0)
		printf("offered: %.0f messages/s\n", stats.offered);
	if (l->count)
		printf("latency us: p50 %.1f p90 %.1f p99 %.1f p99.9 %.1f max "
		    "%.1f\n", us(hist_quantile(l, 50, 100)),
		    us(hist_quantile(l, 90, 100)),
		    us(hist_quantile(l, 99, 100)),
		    us(hist_quantile(l, 999, 1000)), us(l->max));
	if (g->count)
		printf("send lag us: p50 %.1f p99 %.1f max %.1f%s\n",
		    us(hist_quantile(g, 50, 100)),
		    us(hist_quantile(g, 99, 100)), us(g->max),
		    stats_lagging() ?
		    " (above a tenth of p99: discard this point)" : "");
	printf("errors: %" PRIu64 " (refused %" PRIu64 ", reset %" PRIu64
	    ", timed out %" PRIu64 ", closed early %" PRIu64
	    ", wrong data %" PRIu64 ", not closed %" PRIu64
	    "), retransmits: %" PRIu64 ", bad checksums: %" PRIu64
	    ", frames not sent: %" PRIu64 "\n",
	    stats.errors, stats.refused, stats.resets, stats.timeouts,
	    stats.early, stats.mismatches, stats.unclosed,
	    stack_retransmits + stats.resent, stack_bad_checksums(),
	    link_dropped);
	impaired("sent", &frames_tx);
	impaired("received", &frames_rx);
}

void
stats_report(void)
{
	if (opt.csv)
		csv();
	else if (!opt.quiet)
		text();
}
