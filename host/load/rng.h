/*
 * rng.h: the seeded random numbers of the load generator (xorshift64*).
 *
 * Every consumer owns its generator, so that one stage's draws never depend
 * on how often another stage drew.
 */
#ifndef LOAD_RNG_H
#define LOAD_RNG_H

#include <stdint.h>

struct rng {
	uint64_t s;			/* never 0 */
};

/* Starts generator @r from @seed; @stream keeps equal seeds apart. */
static inline void
rng_seed(struct rng *r, uint64_t seed, uint64_t stream)
{
	uint64_t z = seed + (stream + 1) * 0x9e3779b97f4a7c15ull;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	z ^= z >> 31;
	r->s = z ? z : 1;
}

/* 64 random bits. */
static inline uint64_t
rng_next(struct rng *r)
{
	r->s ^= r->s >> 12;
	r->s ^= r->s << 25;
	r->s ^= r->s >> 27;
	return r->s * 0x2545f4914f6cdd1dull;
}

/* A number from 0 to @n - 1; @n is 1 to 2^32. */
static inline uint32_t
rng_below(struct rng *r, uint64_t n)
{
	return (uint32_t)(((rng_next(r) >> 32) * n) >> 32);
}

/* A number in [0, 1). */
static inline double
rng_unit(struct rng *r)
{
	return (double)(rng_next(r) >> 11) * 0x1p-53;
}

/* True with a probability of @percent / 100. */
static inline int
rng_percent(struct rng *r, double percent)
{
	return percent > 0 && rng_unit(r) * 100 < percent;
}

/* Fills @n bytes at @p. */
static inline void
rng_fill(struct rng *r, void *p, uint64_t n)
{
	uint8_t *b = p;

	for (uint64_t i = 0, v = 0; i < n; i++, v >>= 8) {
		if (i % 8 == 0)
			v = rng_next(r);
		b[i] = (uint8_t)v;
	}
}

#endif
