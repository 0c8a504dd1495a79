/*
 * ixbench.h: what the parts of the exact laboratory's load generator share:
 * user/ixbench.c drives, this file reads phases and reports. For it alone.
 */
#ifndef JIX_USER_IXBENCH_H
#define JIX_USER_IXBENCH_H

#include "inc/args.h"
#include "inc/assert.h"
#include "inc/dp.h"
#include "inc/libix.h"
#include "inc/x86.h"

#define LOAD_CONNS	16384		/* a power of two */
#define LOAD_UNDER_WAY	32		/* messages of one connection */
#define LOAD_SIZE_MAX	65536
#define LOAD_SAMPLES	(PG2SIZE / 4)
#define LOAD_PATIENCE_US 100000

enum phase_kind {
	PHASE_UDP, PHASE_TCP, PHASE_CONN, PHASE_OPEN, PHASE_BUSY, PHASE_LAZY,
	PHASE_FRAMES, PHASE_KINDS
};

static const char *const load_kinds[PHASE_KINDS] = {
	"udp", "tcp", "conn", "open", "busy", "lazy", "frames"
};

struct phase {
	enum phase_kind kind;
	uint64_t conns, size, count, warm, rate, flight, delay;
};

enum load_state { LOAD_CLOSED = 0, LOAD_CONNECTING, LOAD_OPEN };

struct load_conn {
	uint64_t handle;
	enum load_state state;
	bool sending;			/* a call waits to be carried out */
	uint64_t unsent;		/* bytes not yet taken by the libOS */
	uint64_t got;			/* bytes of an unfinished answer */
	uint32_t sent, done;		/* messages */
	uint64_t sent_at[LOAD_UNDER_WAY];
	struct ix_iovec iov;
};

/* What the server keeps, as it publishes: at which times how much. */
struct load_held {
	const volatile struct dp_stats *stats;	/* null: it is that of lab-6 */
	uint64_t all;			/* buffers free when all is at rest */
	uint64_t now, at;		/* kept as last seen, and when */
	uint64_t sum;			/* that times ticks */
	uint64_t max, first, last;	/* ticks: something was kept */
};

struct load {
	uint32_t server;		/* its address, host byte order */
	struct phase phase;
	struct load_conn conn[LOAD_CONNS];
	struct load_conn *slot_conn[IX_CALLS];	/* whose call is in a slot */
	uint64_t started, finished, target, under_way;
	uint32_t nopen;
	uint32_t turn;			/* who sent last, of those in turn */
	uint64_t errors, refused, late;
	uint64_t pings;			/* not yet answered */
	struct load_held held;
	bool counting;
	uint64_t rng;			/* state of load_random() */
	uint32_t *sample;		/* latencies */
	uint32_t nsamples;
};
extern struct load load;

static inline void
load_samples_init(void)
{
	load.sample = ix_map(1);
	if (!load.sample)
		panic("ixbench: no memory for samples");
}

/* "tcp,c=8,s=64,n=1000": defaults for what is not said. */
static inline void
load_parse(const char *word, struct phase *p)
{
	const char *s = word;
	uint32_t k;

	memset(p, 0, sizeof(*p));
	for (k = 0; k < PHASE_KINDS; k++) {
		size_t n = strlen(load_kinds[k]);

		if (strncmp(s, load_kinds[k], n) == 0 &&
		    (s[n] == ',' || s[n] == '\0'))
			break;
	}
	if (k == PHASE_KINDS)
		panic("ixbench: %s is no phase", word);
	p->kind = k;
	p->conns = 1;
	p->size = 64;
	p->rate = 1000;
	p->warm = ~0ul;
	for (s += strlen(load_kinds[k]); *s == ','; ) {
		char key = s[1];
		char *end;
		uint64_t v;

		if (!key || s[2] != '=')
			panic("ixbench: %s: KEY=NUMBER is wanted", word);
		v = strtoull(s + 3, &end, 10);
		s = end;
		switch (key) {
		case 'c': p->conns = v; break;
		case 's': p->size = v; break;
		case 'n': p->count = v; break;
		case 'w': p->warm = v; break;
		case 'r': p->rate = v; break;
		case 'f': p->flight = v; break;
		case 'd': p->delay = v; break;
		default: panic("ixbench: %s: no key %c", word, key);
		}
	}
	if (p->flight == 0 || p->flight > p->conns)
		p->flight = p->conns;
	if (p->count == 0)
		p->count = 100 * p->conns;
	if (p->warm == ~0ul)
		p->warm = p->kind == PHASE_CONN ? 4 : 4 * p->conns;
	if (p->conns == 0 || p->conns > LOAD_CONNS - 64 || p->size == 0 ||
	    p->size > LOAD_SIZE_MAX || p->rate == 0 || *s != '\0' ||
	    ((p->kind == PHASE_UDP || p->kind == PHASE_FRAMES) &&
	     p->size > 1472))
		panic("ixbench: %s is out of range", word);
}

static inline uint64_t
load_random(void)
{
	load.rng ^= load.rng << 13;
	load.rng ^= load.rng >> 7;
	load.rng ^= load.rng << 17;
	return load.rng;
}

/*
 * -ln(u) for a random u of (0, 1], in units of 2^-16: the gap between two
 * events that know nothing of each other, their mean gap being 1.
 */
static inline uint64_t
load_random_gap(void)
{
	uint32_t u = (uint32_t)(load_random() >> 32) | 1;
	uint32_t e = 31 - __builtin_clz(u);
	/* u = 2^e * (1 + f); log2(1 + f) is f + 0.3437 f (1 - f), nearly. */
	uint64_t f = (((uint64_t)u << (31 - e)) & 0x7fffffff) >> 15;
	uint64_t lg = f + (22525 * ((f * (65536 - f)) >> 16) >> 16);
	uint64_t log2 = (uint64_t)(32 - e) * 65536 - lg;

	return log2 * 45426 >> 16;
}

/* Shell sort: no memory, and quick enough for some hundred thousand. */
static inline void
load_sort(uint32_t *v, uint32_t n)
{
	for (uint32_t gap = n / 2; gap > 0; gap = gap == 2 ? 1 : gap * 5 / 11)
		for (uint32_t i = gap; i < n; i++) {
			uint32_t x = v[i], j = i;

			for (; j >= gap && v[j - gap] > x; j -= gap)
				v[j] = v[j - gap];
			v[j] = x;
		}
}

static inline uint32_t
load_quantile(uint32_t per_mille)
{
	uint32_t n = load.nsamples;

	return n ? load.sample[(uint64_t)(n - 1) * per_mille / 1000] : 0;
}

static inline void
load_report(uint32_t number, uint64_t elapsed, const struct dp_stats *before,
	    const struct dp_stats *after)
{
	const struct phase *p = &load.phase;
	const struct load_held *h = &load.held;
	uint64_t sum = 0;

	load_sort(load.sample, load.nsamples);
	for (uint32_t i = 0; i < load.nsamples; i++)
		sum += load.sample[i];
	cprintf("ixbench: result phase=%u kind=%s conns=%lu size=%lu rate=%lu "
		"requests=%lu errors=%lu late=%lu elapsed=%lu "
		"delay=%lu client_app=%lu client_libos=%lu client_frames=%lu ",
		number, load_kinds[p->kind], p->conns, p->size,
		p->kind == PHASE_OPEN || p->kind == PHASE_LAZY ? p->rate : 0ul,
		load.finished, load.errors, load.late, elapsed, p->delay,
		after->c.user_tsc - before->c.user_tsc,
		after->c.libos_tsc - before->c.libos_tsc,
		after->c.rx_frames - before->c.rx_frames);
	if (p->kind == PHASE_LAZY)
		cprintf("held_mean=%lu held_max=%lu ",
			1000 * h->sum / MAX(h->last - h->first, 1ul), h->max);
	cprintf("samples=%u mean=%lu min=%u p50=%u p90=%u p99=%u p999=%u "
		"max=%u\n", load.nsamples,
		load.nsamples ? sum / load.nsamples : 0, load_quantile(0),
		load_quantile(500), load_quantile(900), load_quantile(990),
		load_quantile(999), load_quantile(1000));
}

#endif
