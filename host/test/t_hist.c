/* t_hist.c: the log-linear histogram of inc/hist.h. */
#include "inc/hist.h"
#include "host/load/rng.h"
#include <string.h>
#include "host/test/test.h"

static struct hist a, b;

TEST(empty_histogram_is_zero)
{
	hist_reset(&a);
	CHECK_EQ(a.count, 0);
	CHECK_EQ(hist_quantile(&a, 99, 100), 0);
	CHECK_EQ(hist_mean(&a), 0);
}

TEST(buckets_tile_all_values)
{
	CHECK_EQ(hist_floor(0), 0);
	for (unsigned i = 0; i < HIST_BUCKETS; i++) {
		CHECK_EQ(hist_index(hist_floor(i)), i);
		CHECK_EQ(hist_index(hist_ceil(i)), i);
		if (i + 1 < HIST_BUCKETS)
			CHECK(hist_ceil(i) + 1 == hist_floor(i + 1));
	}
	CHECK(hist_ceil(HIST_BUCKETS - 1) == UINT64_MAX);
}

TEST(small_values_are_exact)
{
	hist_reset(&a);
	for (uint64_t v = 0; v < 100; v++)
		hist_add(&a, v);
	CHECK_EQ(hist_quantile(&a, 50, 100), 49);
	CHECK_EQ(hist_quantile(&a, 99, 100), 98);
	CHECK_EQ(hist_quantile(&a, 1, 1), 99);
	CHECK_EQ(hist_mean(&a), 49);
}

TEST(quantiles_are_within_a_64th)
{
	struct rng r;

	rng_seed(&r, 1, 0);
	for (int k = 0; k < 2000; k++) {
		uint64_t v = rng_next(&r) >> rng_below(&r, 64);
		hist_reset(&a);
		hist_add(&a, v);
		hist_add(&a, UINT64_MAX);
		uint64_t q = hist_quantile(&a, 1, 2);
		CHECK(q >= v && q - v <= v / 64);
	}
}

TEST(quantile_never_exceeds_the_maximum)
{
	hist_reset(&a);
	hist_add_n(&a, 1000001, 3);
	CHECK_EQ(hist_quantile(&a, 999, 1000), 1000001);
	CHECK_EQ(a.min, 1000001);
	CHECK_EQ(a.sum, 3000003);
}

TEST(merged_equals_recorded_together)
{
	static struct hist all;
	struct rng r;

	hist_reset(&a);
	hist_reset(&b);
	hist_reset(&all);
	rng_seed(&r, 2, 0);
	for (int i = 0; i < 10000; i++) {
		uint64_t v = rng_next(&r) >> 40;
		hist_add(i % 3 ? &a : &b, v);
		hist_add(&all, v);
	}
	hist_merge(&a, &b);
	CHECK(memcmp(&a, &all, sizeof(a)) == 0);
}
