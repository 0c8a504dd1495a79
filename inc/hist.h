/*
 * hist.h: a log-linear histogram of 64-bit values, such as latencies in
 * nanoseconds or instructions.
 *
 * Values below 64 have a bucket each; every further power of two is cut into
 * 64 buckets, so a reported quantile is at most 1/64 (1.6 %) above the value
 * that was recorded.  No libc, no floating point, no allocation: the kernel,
 * guest programs and host programs all include it.  A histogram has one
 * writer; whoever wants the sum of several merges them.
 */
#ifndef JIX_INC_HIST_H
#define JIX_INC_HIST_H

#include <stdint.h>

#define HIST_SUB_BITS	6
#define HIST_SUB	(1u << HIST_SUB_BITS)
#define HIST_BUCKETS	((64 - HIST_SUB_BITS + 1) * HIST_SUB)

struct hist {
	uint64_t count;			/* values recorded */
	uint64_t sum;			/* of the values, modulo 2^64 */
	uint64_t min;			/* UINT64_MAX while empty */
	uint64_t max;			/* 0 while empty */
	uint64_t bucket[HIST_BUCKETS];
};

/* Empties @h.  Must be called before anything else. */
static inline void
hist_reset(struct hist *h)
{
	h->count = 0;
	h->sum = 0;
	h->min = UINT64_MAX;
	h->max = 0;
	for (unsigned i = 0; i < HIST_BUCKETS; i++)
		h->bucket[i] = 0;
}

/* The bucket that value @v falls into: 0 to HIST_BUCKETS - 1. */
static inline unsigned
hist_index(uint64_t v)
{
	if (v < HIST_SUB)
		return (unsigned)v;
	unsigned shift = 63 - (unsigned)__builtin_clzll(v) - HIST_SUB_BITS;
	return (shift + 1) * HIST_SUB + (unsigned)((v >> shift) - HIST_SUB);
}

/* The smallest value of bucket @i (0 to HIST_BUCKETS - 1). */
static inline uint64_t
hist_floor(unsigned i)
{
	if (i < 2 * HIST_SUB)
		return i;
	unsigned shift = i / HIST_SUB - 1;
	return (uint64_t)(HIST_SUB + i % HIST_SUB) << shift;
}

/* The largest value of bucket @i (0 to HIST_BUCKETS - 1). */
static inline uint64_t
hist_ceil(unsigned i)
{
	return i + 1 < HIST_BUCKETS ? hist_floor(i + 1) - 1 : UINT64_MAX;
}

/* Records @n times the value @v. */
static inline void
hist_add_n(struct hist *h, uint64_t v, uint64_t n)
{
	if (n == 0)
		return;
	h->bucket[hist_index(v)] += n;
	h->count += n;
	h->sum += v * n;
	if (v < h->min)
		h->min = v;
	if (v > h->max)
		h->max = v;
}

/* Records the value @v. */
static inline void
hist_add(struct hist *h, uint64_t v)
{
	hist_add_n(h, v, 1);
}

/* Adds everything recorded in @from to @to; @from is unchanged. */
static inline void
hist_merge(struct hist *to, const struct hist *from)
{
	for (unsigned i = 0; i < HIST_BUCKETS; i++)
		to->bucket[i] += from->bucket[i];
	to->count += from->count;
	to->sum += from->sum;
	if (from->min < to->min)
		to->min = from->min;
	if (from->max > to->max)
		to->max = from->max;
}

/*
 * The @num/@den quantile (0 < @den, @num <= @den; p99.9 is 999, 1000): the
 * upper edge of the bucket that holds the value of that rank, never above the
 * largest value recorded.  0 while empty.  count * num must fit in 64 bits.
 */
static inline uint64_t
hist_quantile(const struct hist *h, uint64_t num, uint64_t den)
{
	uint64_t rank = (h->count * num + den - 1) / den, seen = 0;

	if (rank == 0)
		rank = 1;
	for (unsigned i = 0; i < HIST_BUCKETS; i++) {
		seen += h->bucket[i];
		if (seen >= rank)
			return hist_ceil(i) < h->max ? hist_ceil(i) : h->max;
	}
	return h->max;
}

/* The mean of the recorded values, rounded down; 0 while empty. */
static inline uint64_t
hist_mean(const struct hist *h)
{
	return h->count ? h->sum / h->count : 0;
}

#endif
