/* pattern.c: see pattern.h. */
#include <string.h>
#include "opts.h"
#include "pattern.h"
#include "rng.h"

#define STRIDE	7919u			/* between connections */

static uint8_t bytes[PATTERN_PERIOD + PATTERN_CHUNK];

void
pattern_init(void)
{
	struct rng rng;

	rng_seed(&rng, opt.seed, 4);
	rng_fill(&rng, bytes, PATTERN_PERIOD);
	memcpy(bytes + PATTERN_PERIOD, bytes, PATTERN_CHUNK);
}

uint64_t
pattern_base(unsigned id)
{
	return (uint64_t)id * STRIDE;
}

const uint8_t *
pattern_bytes(uint64_t at)
{
	return bytes + at % PATTERN_PERIOD;
}

int
pattern_match(uint64_t at, const void *p, size_t n)
{
	const uint8_t *b = p;

	while (n) {
		size_t part = n < PATTERN_CHUNK ? n : PATTERN_CHUNK;
		if (memcmp(pattern_bytes(at), b, part))
			return 0;
		b += part;
		at += part;
		n -= part;
	}
	return 1;
}
