/*
 * t_ring_tx.c: sending on the rings of inc/ring*.h: gather lists, full rings,
 * reclaiming, checksum and segmentation offload.
 */
#include "host/test/ring_model.h"

static struct ring_frag
frag(const void *p, uint32_t len)
{
	return (struct ring_frag){ (uintptr_t)p, len };
}

static void
tx_gather(enum ring_kind kind)
{
	struct ring_frag f[3];
	uint64_t cookie;
	int round, i;

	start(kind);
	for (i = 0; i < 3; i++)
		memset(bufs[i], 'a' + i, RING_RX_BUFFER);
	for (round = 0; round < 50; round++) {
		f[0] = frag(bufs[0], 14);
		f[1] = frag(bufs[1], 20 + round);
		f[2] = frag(bufs[2], 1);
		CHECK_EQ(ring_tx_put(&tx, f, 3, NULL, 1000 + round), 3);
		CHECK(!ring_tx_reclaim(&tx, &cookie));
		nic_send(1);
		CHECK_EQ(sent_frames, round);
		CHECK(ring_tx_doorbell(&tx));
		CHECK(!ring_tx_doorbell(&tx));
		CHECK(!ring_tx_reclaim(&tx, &cookie));
		nic_send(1);
		CHECK_EQ(sent_frames, round + 1);
		CHECK_EQ(sent_len, 35 + round);
		CHECK_EQ(sent[13], 'a');
		CHECK_EQ(sent[14], 'b');
		CHECK_EQ(sent[34 + round], 'c');
		if (kind == RING_ADV)
			CHECK_EQ(sent_cmd >> 46, 35 + round);
		CHECK(ring_tx_reclaim(&tx, &cookie));
		CHECK_EQ(cookie, 1000 + round);
		CHECK(!ring_tx_reclaim(&tx, &cookie));
		CHECK_EQ(ring_tx_room(&tx), SLOTS - 1);
	}
}

TEST(tx_gather_legacy) { tx_gather(RING_LEGACY); }
TEST(tx_gather_adv) { tx_gather(RING_ADV); }

/* A plain frame is the same as a list of one piece without offload. */
static void
tx_plain(enum ring_kind kind)
{
	struct ring_frag f = frag(bufs[0], 60);
	uint64_t cookie, cmd;
	int i;

	start(kind);
	CHECK_EQ(ring_tx_put(&tx, &f, 1, NULL, 1), 1);
	CHECK(ring_tx_put_plain(&tx, f.pa, 60, 2));
	ring_tx_doorbell(&tx);
	nic_send(1);
	cmd = sent_cmd;
	nic_send(1);
	CHECK_EQ(sent_cmd, cmd);
	CHECK_EQ(sent_len, 60);
	CHECK(ring_tx_reclaim(&tx, &cookie) && cookie == 1);
	CHECK(ring_tx_reclaim(&tx, &cookie) && cookie == 2);
	for (i = 0; i < SLOTS - 1; i++)
		CHECK(ring_tx_put_plain(&tx, f.pa, 60, i));
	CHECK(!ring_tx_put_plain(&tx, f.pa, 60, i));
	CHECK_EQ(tx.full, 1);
}

TEST(tx_plain_legacy) { tx_plain(RING_LEGACY); }
TEST(tx_plain_adv) { tx_plain(RING_ADV); }

/* Full is reported, nothing is half queued, and all comes back in order. */
static void
tx_full(enum ring_kind kind)
{
	struct ring_frag f[2] = { frag(bufs[0], 30), frag(bufs[1], 30) };
	uint64_t cookie;
	int i;

	start(kind);
	for (i = 0; i < 3; i++)
		CHECK_EQ(ring_tx_put(&tx, f, 2, NULL, i), 2);
	CHECK_EQ(ring_tx_put(&tx, f, 2, NULL, 3), -E_AGAIN);
	CHECK_EQ(tx.full, 1);
	CHECK_EQ(ring_tx_pending(&tx), 6);
	CHECK_EQ(ring_tx_put(&tx, f, 1, NULL, 3), 1);
	CHECK_EQ(ring_tx_put(&tx, f, 1, NULL, 4), -E_AGAIN);
	CHECK_EQ(ring_tx_room(&tx), 0);
	ring_tx_doorbell(&tx);
	CHECK_EQ(tx_tail, SLOTS - 1);
	nic_send(2);
	for (i = 0; i < 2; i++) {
		CHECK(ring_tx_reclaim(&tx, &cookie));
		CHECK_EQ(cookie, i);
	}
	CHECK(!ring_tx_reclaim(&tx, &cookie));
	CHECK_EQ(ring_tx_put(&tx, f, 2, NULL, 4), 2);
	ring_tx_doorbell(&tx);
	nic_send(9);
	CHECK_EQ(sent_frames, 5);
	for (i = 2; i < 5; i++) {
		CHECK(ring_tx_reclaim(&tx, &cookie));
		CHECK_EQ(cookie, i);
	}
	CHECK_EQ(ring_tx_pending(&tx), 0);
}

TEST(tx_full_legacy) { tx_full(RING_LEGACY); }
TEST(tx_full_adv) { tx_full(RING_ADV); }

static void
tx_refuse(enum ring_kind kind)
{
	struct ring_frag f[RING_FRAGS_MAX + 1];
	uint32_t i;

	start(kind);
	for (i = 0; i < ARRAY_SIZE(f); i++)
		f[i] = frag(bufs[0], 20);
	CHECK_EQ(ring_tx_put(&tx, f, 0, NULL, 0), -E_INVAL);
	CHECK_EQ(ring_tx_put(&tx, f, RING_FRAGS_MAX + 1, NULL, 0), -E_INVAL);
	CHECK_EQ(ring_tx_put(&tx, f, SLOTS, NULL, 0), -E_TOO_BIG);
	f[1].len = 0;
	CHECK_EQ(ring_tx_put(&tx, f, 2, NULL, 0), -E_INVAL);
	f[1].len = 65536;
	CHECK_EQ(ring_tx_put(&tx, f, 2, NULL, 0), -E_INVAL);
	CHECK_EQ(ring_tx_pending(&tx), 0);
	CHECK(!ring_tx_doorbell(&tx));
}

TEST(tx_refuse_legacy) { tx_refuse(RING_LEGACY); }
TEST(tx_refuse_adv) { tx_refuse(RING_ADV); }

TEST(tx_offload_legacy)
{
	struct ring_tx_offload off = { .flags = RING_TX_IP_CSUM };
	struct ring_frag f = frag(bufs[0], 60);

	start(RING_LEGACY);
	CHECK_EQ(ring_tx_put(&tx, &f, 1, &off, 0), -E_NOT_SUPP);
	off.flags = 0;
	CHECK_EQ(ring_tx_put(&tx, &f, 1, &off, 0), 1);
}

/* The context goes out once, and again only when it changes. */
TEST(tx_offload_adv)
{
	struct ring_tx_offload tcp = { RING_TX_IP_CSUM | RING_TX_TCP_CSUM,
				       14, 20, 20, 0 };
	struct ring_tx_offload udp = { RING_TX_IP_CSUM | RING_TX_UDP_CSUM,
				       14, 20, 8, 0 };
	struct ring_frag f = frag(bufs[0], 74);
	uint64_t cookie;

	start(RING_ADV);
	CHECK_EQ(ring_tx_put(&tx, &f, 1, &tcp, 7), 2);
	CHECK_EQ(ring_tx_put(&tx, &f, 1, &tcp, 8), 1);
	CHECK_EQ(ring_tx_put(&tx, &f, 1, NULL, 9), 1);
	ring_tx_doorbell(&tx);
	nic_send(2);
	CHECK_EQ(sent_contexts, 1);
	CHECK_EQ(sent_context[0], 20 | 14 << 9);
	CHECK_EQ(sent_context[1], 2u << 20 | 1u << 29 | 1u << 10 | 1u << 11);
	CHECK_EQ(sent_cmd >> 40 & 3, 3);
	CHECK_EQ(sent_cmd >> 46, 74);
	nic_send(1);
	CHECK_EQ(sent_cmd >> 40 & 3, 0);
	CHECK(ring_tx_reclaim(&tx, &cookie) && cookie == 7);
	CHECK(ring_tx_reclaim(&tx, &cookie) && cookie == 8);
	CHECK(ring_tx_reclaim(&tx, &cookie) && cookie == 9);
	CHECK_EQ(ring_tx_put(&tx, &f, 1, &udp, 10), 2);
	ring_tx_doorbell(&tx);
	nic_send(1);
	CHECK_EQ(sent_contexts, 2);
	CHECK_EQ(sent_context[1] & 1u << 11, 0);
}

TEST(tx_tso)
{
	struct ring_tx_offload off = { RING_TX_TSO, 14, 20, 32, 1000 };
	struct ring_frag f[2] = { frag(bufs[0], 66), frag(bufs[1], 1934) };

	start(RING_ADV);
	CHECK_EQ(ring_tx_put(&tx, f, 2, &off, 0), 3);
	ring_tx_doorbell(&tx);
	nic_send(1);
	CHECK_EQ(sent_context[1] >> 48, 1000);
	CHECK_EQ(sent_context[1] >> 40 & 0xff, 32);
	CHECK(sent_cmd & IGB_TXD_DCMD_TSE);
	CHECK_EQ(sent_cmd >> 46, 1934);
	off.mss = 0;
	CHECK_EQ(ring_tx_put(&tx, f, 2, &off, 0), -E_INVAL);
	off.mss = 1000;
	CHECK_EQ(ring_tx_put(&tx, f, 1, &off, 0), -E_INVAL);
}

/* A full ring with the context needed: refused as a whole. */
TEST(tx_full_with_context)
{
	struct ring_tx_offload off = { RING_TX_IP_CSUM, 14, 20, 0, 0 };
	struct ring_frag f = frag(bufs[0], 60);
	int i;

	start(RING_ADV);
	for (i = 0; i < SLOTS - 2; i++)
		CHECK_EQ(ring_tx_put(&tx, &f, 1, NULL, i), 1);
	CHECK_EQ(ring_tx_put(&tx, &f, 1, &off, 0), -E_AGAIN);
	CHECK(!tx.context_valid);
	CHECK_EQ(ring_tx_put(&tx, &f, 1, NULL, 0), 1);
}

/* Sends and completions in random order, against a queue of cookies. */
static void
tx_soak(enum ring_kind kind)
{
	struct ring_tx_offload off = { RING_TX_IP_CSUM, 14, 20, 0, 0 };
	struct ring_frag f[4];
	uint64_t cookie, put = 0, got = 0;
	int i, n, r;

	start(kind);
	srand(1);
	for (i = 0; i < 4; i++)
		f[i] = frag(bufs[i], 16);
	/* Counters that wrap while the test runs. */
	tx.next = tx.sent = tx.fill = tx.rung = -16u;
	for (i = 0; i < 20000; i++) {
		n = 1 + rand() % 4;
		off.l3len = 20 + 4 * (rand() % 2);
		r = ring_tx_put(&tx, f, n, kind == RING_ADV && rand() % 2 ?
				&off : NULL, put);
		CHECK(r >= n || r == -E_AGAIN);
		if (r > 0)
			put++;
		if (rand() % 2)
			ring_tx_doorbell(&tx);
		nic_send(rand() % 3);
		while (ring_tx_reclaim(&tx, &cookie)) {
			CHECK_EQ(cookie, got);
			got++;
		}
		CHECK(got <= put && put - got < SLOTS);
		CHECK_EQ(sent_frames, got);
	}
	CHECK(put > 5000 && tx.full > 1000);
}

TEST(tx_soak_legacy) { tx_soak(RING_LEGACY); }
TEST(tx_soak_adv) { tx_soak(RING_ADV); }

TEST(slots)
{
	CHECK(ring_slots_ok(8) && ring_slots_ok(256) && ring_slots_ok(4096));
	CHECK(!ring_slots_ok(0) && !ring_slots_ok(4) && !ring_slots_ok(12));
	CHECK(!ring_slots_ok(8192) && !ring_slots_ok(255));
}
