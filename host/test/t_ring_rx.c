/*
 * t_ring_rx.c: receiving on the rings of inc/ring*.h: wrap, full rings, sizes,
 * multi-descriptor frames, errors and checksum findings.
 */
#include "host/test/ring_model.h"

static bool
post(uint64_t n)
{
	if (ring_rx_room(&rx) == 0)
		return false;
	ring_rx_post(&rx, (uintptr_t)bufs[n], n);
	return true;
}

static void
post_all(void)
{
	uint64_t n;

	for (n = 0; post(n); n++)
		;
	ring_rx_doorbell(&rx);
}

static void
rx_fill_and_wrap(enum ring_kind kind)
{
	struct ring_rx_frame f;
	int round;

	start(kind);
	CHECK_EQ(ring_rx_harvest(&rx, &f), RING_RX_EMPTY);
	post_all();
	CHECK_EQ(ring_rx_posted(&rx), SLOTS - 1);
	CHECK_EQ(rx_tail, SLOTS - 1);
	CHECK(!post(BUFS - 1));
	CHECK(!ring_rx_doorbell(&rx));
	CHECK_EQ(ring_rx_harvest(&rx, &f), RING_RX_EMPTY);
	for (round = 0; round < 100; round++) {
		CHECK(nic_receive(60 + round));
		CHECK_EQ(ring_rx_harvest(&rx, &f), RING_RX_FRAME);
		CHECK_EQ(f.len, 60 + round);
		CHECK_EQ(f.cookie, round % (SLOTS - 1));
		CHECK_EQ(bufs[f.cookie][59 + round], 60 + round);
		CHECK(post(f.cookie));
		CHECK_EQ(ring_rx_unrung(&rx), 1);
		CHECK(ring_rx_doorbell(&rx));
		CHECK_EQ(rx_tail, (SLOTS + round) % SLOTS);
	}
}

TEST(rx_wrap_legacy) { rx_fill_and_wrap(RING_LEGACY); }
TEST(rx_wrap_adv) { rx_fill_and_wrap(RING_ADV); }

/* A ring of which everything is filled, harvested in one batch. */
static void
rx_batch(enum ring_kind kind)
{
	struct ring_rx_frame f;
	int i;

	start(kind);
	post_all();
	for (i = 0; i < SLOTS - 1; i++)
		CHECK(nic_receive(100));
	CHECK(!nic_receive(100));
	for (i = 0; i < SLOTS - 1; i++) {
		CHECK_EQ(ring_rx_harvest(&rx, &f), RING_RX_FRAME);
		CHECK_EQ(f.cookie, i);
	}
	CHECK_EQ(ring_rx_harvest(&rx, &f), RING_RX_EMPTY);
	CHECK_EQ(ring_rx_room(&rx), SLOTS - 1);
}

TEST(rx_batch_legacy) { rx_batch(RING_LEGACY); }
TEST(rx_batch_adv) { rx_batch(RING_ADV); }

/* How many are filled, whatever part of them is known already. */
static void
rx_ready(enum ring_kind kind)
{
	struct ring_rx_frame f;
	int i;

	start(kind);
	CHECK_EQ(ring_rx_ready(&rx, 0), 0);
	post_all();
	for (i = 0; i < 3; i++)
		CHECK(nic_receive(60));
	CHECK_EQ(ring_rx_ready(&rx, 0), 3);
	CHECK_EQ(ring_rx_ready(&rx, 2), 3);
	CHECK_EQ(ring_rx_harvest(&rx, &f), RING_RX_FRAME);
	CHECK_EQ(ring_rx_ready(&rx, 0), 2);
	while (nic_receive(60))
		;
	CHECK_EQ(ring_rx_ready(&rx, 2), SLOTS - 2);
}

TEST(rx_ready_legacy) { rx_ready(RING_LEGACY); }
TEST(rx_ready_adv) { rx_ready(RING_ADV); }

/*
 * A descriptor posted but not rung is software's: stale status bits in it,
 * left by the round before, must not be taken for a frame.
 */
static void
rx_unrung(enum ring_kind kind)
{
	struct ring_rx_frame f;

	start(kind);
	CHECK(post(0));
	rx_desc[0].q[1] = ~0ull;
	CHECK_EQ(ring_rx_harvest(&rx, &f), RING_RX_EMPTY);
}

TEST(rx_unrung_legacy) { rx_unrung(RING_LEGACY); }
TEST(rx_unrung_adv) { rx_unrung(RING_ADV); }

static void
rx_sizes(enum ring_kind kind)
{
	static const struct {
		uint32_t len;
		enum ring_rx_result result;
	} cases[] = {
		{ 0, RING_RX_DROP }, { 13, RING_RX_DROP },
		{ 14, RING_RX_FRAME }, { 60, RING_RX_FRAME },
		{ 1514, RING_RX_FRAME }, { 1515, RING_RX_DROP },
		{ 2048, RING_RX_DROP },
	};
	struct ring_rx_frame f;
	size_t i;

	start(kind);
	post_all();
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		CHECK(nic_receive(cases[i].len));
		CHECK_EQ(ring_rx_harvest(&rx, &f), cases[i].result);
		CHECK_EQ(f.cookie, i);
	}
	CHECK_EQ(rx.drop_size, 4);
	CHECK_EQ(rx.drop_multi, 0);
	CHECK_EQ(rx.drop_error, 0);
}

TEST(rx_sizes_legacy) { rx_sizes(RING_LEGACY); }
TEST(rx_sizes_adv) { rx_sizes(RING_ADV); }

/* Every buffer of a long frame comes back; the frame counts once. */
static void
rx_multi(enum ring_kind kind)
{
	struct ring_rx_frame f;
	int i;

	start(kind);
	post_all();
	CHECK(nic_receive(2 * RING_RX_BUFFER + 100));
	CHECK(nic_receive(64));
	for (i = 0; i < 3; i++) {
		CHECK_EQ(ring_rx_harvest(&rx, &f), RING_RX_DROP);
		CHECK_EQ(f.cookie, i);
	}
	CHECK_EQ(rx.drop_multi, 1);
	CHECK_EQ(ring_rx_harvest(&rx, &f), RING_RX_FRAME);
	CHECK_EQ(f.cookie, 3);
	/* Its first part only: nothing is lost over an empty poll. */
	CHECK(nic_write_back(RING_RX_BUFFER, false, 0, 0));
	CHECK_EQ(ring_rx_harvest(&rx, &f), RING_RX_DROP);
	CHECK_EQ(ring_rx_harvest(&rx, &f), RING_RX_EMPTY);
	CHECK(nic_write_back(64, true, 0, 0));
	CHECK_EQ(ring_rx_harvest(&rx, &f), RING_RX_DROP);
	CHECK_EQ(rx.drop_multi, 2);
}

TEST(rx_multi_legacy) { rx_multi(RING_LEGACY); }
TEST(rx_multi_adv) { rx_multi(RING_ADV); }

TEST(rx_errors)
{
	struct ring_rx_frame f;

	start(RING_LEGACY);
	post_all();
	CHECK(nic_write_back(64, true, 0, E1000_RXD_ERR_CE));
	CHECK_EQ(ring_rx_harvest(&rx, &f), RING_RX_DROP);
	CHECK_EQ(rx.drop_error, 1);
	CHECK(nic_write_back(64, true, 0, 0));
	CHECK_EQ(ring_rx_harvest(&rx, &f), RING_RX_FRAME);
	CHECK_EQ(f.flags, 0);

	start(RING_ADV);
	post_all();
	CHECK(nic_write_back(64, true, 0, IGB_RXD_ERR_RXE));
	CHECK_EQ(ring_rx_harvest(&rx, &f), RING_RX_DROP);
	CHECK_EQ(rx.drop_error, 1);
}

/* Status words as QEMU's 82576 writes them. */
TEST(rx_checksums)
{
	static const struct {
		uint64_t q0, status;
		uint32_t flags;
	} cases[] = {
		/* TCP, both sums good */
		{ 0x51ccc17800000111, 0x63,
		  RING_RX_IP_CHECKED | RING_RX_L4_CHECKED },
		/* UDP, both good; with a checksum of zero */
		{ 0x1122334400000217, 0x73,
		  RING_RX_IP_CHECKED | RING_RX_L4_CHECKED },
		{ 0x1122334400000217, 0x43, RING_RX_IP_CHECKED },
		/* bad TCP sum, bad IP sum */
		{ 0x111, 0x20000063, RING_RX_IP_CHECKED | RING_RX_L4_CHECKED |
		  RING_RX_L4_BAD },
		{ 0x111, 0x40000063, RING_RX_IP_CHECKED | RING_RX_L4_CHECKED |
		  RING_RX_IP_BAD },
		/* ARP: nothing looked at, not hashed */
		{ 0, 0x03, 0 },
	};
	struct ring_rx_frame f;
	size_t i;

	start(RING_ADV);
	post_all();
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		CHECK(nic_write_back(64, true, cases[i].q0, cases[i].status));
		CHECK_EQ(ring_rx_harvest(&rx, &f), RING_RX_FRAME);
		CHECK_EQ(f.flags, cases[i].flags);
	}
}
