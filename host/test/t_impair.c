/* t_impair.c: the impairment stage of the load generator, by itself. */
#include <stdlib.h>
#include "host/load/impair.c"
#include "host/test/test.h"

#define FRAMES	100000
#define LEN	64

static struct impair im;
static uint32_t out_seq[2 * FRAMES];
static uint64_t out_time[2 * FRAMES];
static uint8_t out_last[LEN];
static unsigned outs;
static uint64_t now;

static void
out(const uint8_t *frame, size_t len)
{
	CHECK_EQ(len, LEN);
	memcpy(&out_seq[outs], frame + 40, 4);
	memcpy(out_last, frame, len);
	out_time[outs++] = now;
}

static void
make(uint8_t *frame, uint32_t seq)
{
	memset(frame, 0x55, LEN);
	frame[12] = 8;
	frame[13] = 0;
	memcpy(frame + 40, &seq, 4);
}

/* Sends FRAMES frames, one each millisecond. */
static void
run(struct impair_config cfg, uint64_t seed)
{
	uint8_t frame[LEN];

	outs = 0;
	now = 0;
	impair_init(&im, &cfg, seed, 1, out);
	for (uint32_t i = 0; i < FRAMES; i++) {
		make(frame, i);
		impair_frame(&im, frame, LEN, now);
		now += MSEC;
		impair_tick(&im, now);
	}
	for (int i = 0; i < 100 && impair_next(&im) != NEVER; i++) {
		now = impair_next(&im);
		impair_tick(&im, now);
	}
	CHECK(impair_next(&im) == NEVER);
	CHECK_EQ(im.count.frames, FRAMES);
	impair_free(&im);
}

static int
near(uint64_t n, double percent)
{
	double want = FRAMES * percent / 100;

	return (double)n > want * 0.93 && (double)n < want * 1.07;
}

TEST(nothing_asked_changes_nothing)
{
	run((struct impair_config){ 0 }, 1);
	CHECK_EQ(outs, FRAMES);
	for (unsigned i = 0; i < outs; i++)
		CHECK_EQ(out_seq[i], i);
}

TEST(loss_is_near_its_probability)
{
	run((struct impair_config){ .loss = 5 }, 1);
	CHECK(near(im.count.lost, 5));
	CHECK_EQ(outs, FRAMES - im.count.lost);
}

TEST(duplicates_follow_their_originals)
{
	run((struct impair_config){ .dup = 5 }, 1);
	CHECK(near(im.count.duplicated, 5));
	CHECK_EQ(outs, FRAMES + im.count.duplicated);
	for (unsigned i = 1; i < outs; i++)
		CHECK(out_seq[i] - out_seq[i - 1] <= 1);
}

TEST(reordering_moves_but_keeps_all)
{
	static uint8_t seen[FRAMES];
	unsigned late = 0;

	memset(seen, 0, sizeof(seen));
	run((struct impair_config){ .reorder = 5 }, 1);
	CHECK(near(im.count.reordered, 5));
	CHECK_EQ(outs, FRAMES);
	for (unsigned i = 0; i < outs; i++) {
		CHECK(!seen[out_seq[i]]++);
		late += i && out_seq[i] < out_seq[i - 1];
		/* held back by up to 4 frames or 5 ms, as 5 frames here */
		CHECK(out_seq[i] + 6 >= i && out_seq[i] <= i + 6);
	}
	CHECK(late > FRAMES / 50);
}

TEST(delay_and_jitter_keep_their_bounds)
{
	run((struct impair_config){ .delay = 20 * MSEC, .jitter = 30 * MSEC },
	    1);
	CHECK_EQ(outs, FRAMES);
	for (unsigned i = 0; i < outs - 60; i++) {
		uint64_t took = out_time[i] - out_seq[i] * MSEC;
		CHECK(took >= 20 * MSEC && took <= 51 * MSEC);
	}
}

TEST(corruption_flips_one_bit_behind_the_ethernet_header)
{
	uint8_t frame[LEN];
	struct impair_config cfg = { .corrupt = 100 };

	outs = 0;
	impair_init(&im, &cfg, 1, 1, out);
	for (uint32_t i = 0; i < 1000; i++) {
		int bits = 0;
		make(frame, i);
		impair_frame(&im, frame, LEN, 0);
		CHECK(memcmp(frame, out_last, 14) == 0);
		for (unsigned k = 0; k < LEN; k++)
			bits += __builtin_popcount(frame[k] ^ out_last[k]);
		CHECK_EQ(bits, 1);
	}
	make(frame, 7);
	frame[13] = 6;			/* ARP is spared */
	impair_frame(&im, frame, LEN, 0);
	CHECK(memcmp(frame, out_last, LEN) == 0);
	impair_free(&im);
}

TEST(a_seed_repeats_and_another_differs)
{
	static uint32_t first[2 * FRAMES];
	struct impair_config cfg = { .loss = 5, .dup = 5, .reorder = 5,
	    .jitter = 3 * MSEC };
	unsigned n;

	run(cfg, 42);
	n = outs;
	memcpy(first, out_seq, sizeof(first));
	run(cfg, 42);
	CHECK_EQ(outs, n);
	CHECK(memcmp(first, out_seq, n * sizeof(*first)) == 0);
	run(cfg, 43);
	CHECK(outs != n || memcmp(first, out_seq, n * sizeof(*first)) != 0);
}

TEST(everything_at_once_adds_up)
{
	run((struct impair_config){ .loss = 5, .dup = 5, .reorder = 5,
	    .delay = MSEC, .jitter = 5 * MSEC }, 7);
	CHECK_EQ(outs, FRAMES - im.count.lost + im.count.duplicated);
}
