/*
 * t_ring.c: the ring operations of inc/ring*.h against a small model of the
 * NIC, which reads and writes descriptors by the datasheets: it owns what lies
 * from its head to the tail register, and nothing else.
 */
#include <stdlib.h>
#include <string.h>

#include "inc/ring_nic.h"
#include "host/test/test.h"

#define SLOTS	8
#define BUFS	64

/* Software's memory for both rings, and the NIC's registers. */
static struct ring_desc rx_desc[SLOTS], tx_desc[SLOTS];
static uint64_t rx_cookies[SLOTS];
static struct ring_tx_slot tx_slots[SLOTS];
static volatile uint32_t rx_tail, tx_tail;
static uint32_t rx_head, tx_head;
static struct ring_rx rx;
static struct ring_tx tx;
static uint8_t bufs[BUFS][RING_RX_BUFFER];

/* What the NIC sent last. */
static uint8_t sent[65536 * 2];
static uint32_t sent_len;
static uint64_t sent_cmd, sent_context[2];
static int sent_frames, sent_contexts;

static void
start(enum ring_kind kind)
{
	memset(rx_desc, 0, sizeof(rx_desc));
	memset(tx_desc, 0, sizeof(tx_desc));
	rx_tail = tx_tail = rx_head = tx_head = 0;
	sent_frames = sent_contexts = 0;
	ring_rx_init(&rx, kind, rx_desc, SLOTS, &rx_tail, rx_cookies);
	ring_tx_init(&tx, kind, tx_desc, SLOTS, &tx_tail, tx_slots);
}

/* Write back one descriptor as the NIC does. False if it has none. */
static bool
nic_write_back(uint32_t len, bool eop, uint64_t extra0, uint64_t extra1)
{
	struct ring_desc *d = &rx_desc[rx_head];

	if (rx_head == rx_tail)
		return false;
	memset((void *)(uintptr_t)d->q[0], (int)len & 0xff, len);
	if (rx.kind == RING_ADV) {
		d->q[0] = extra0;
		d->q[1] = (uint64_t)len << 32 | IGB_RXD_STA_DD |
			  (eop ? IGB_RXD_STA_EOP : 0) | extra1;
	} else {
		d->q[1] = len | E1000_RXD_STA_DD | E1000_RXD_STA_IXSM |
			  (eop ? E1000_RXD_STA_EOP : 0) | extra1;
	}
	rx_head = (rx_head + 1) % SLOTS;
	return true;
}

/* The NIC receives a frame of up to 3 buffers. */
static bool
nic_receive(uint32_t len)
{
	for (; len > RING_RX_BUFFER; len -= RING_RX_BUFFER)
		if (!nic_write_back(RING_RX_BUFFER, false, 0, 0))
			return false;
	return nic_write_back(len, true, 0, 0);
}

/* The NIC gathers data of one descriptor; at its end a frame goes out. */
static void
nic_gather(const struct ring_desc *d)
{
	uint64_t q1 = d->q[1];
	uint32_t len = q1 & 0xffff;

	memcpy(sent + sent_len, (void *)(uintptr_t)d->q[0], len);
	sent_len += len;
}

/* The NIC sends at most n frames of what lies before the tail. */
static void
nic_send(int n)
{
	struct ring_desc *d;

	sent_len = 0;
	while (n > 0 && tx_head != tx_tail) {
		d = &tx_desc[tx_head];
		tx_head = (tx_head + 1) % SLOTS;
		if (tx.kind == RING_ADV &&
		    (d->q[1] >> 20 & 0xf) == IGB_TXC_DTYP_CTXT >> 20) {
			sent_context[0] = d->q[0];
			sent_context[1] = d->q[1];
			sent_contexts++;
			continue;
		}
		if (sent_len == 0)
			sent_cmd = d->q[1];
		nic_gather(d);
		if (!(d->q[1] & E1000_TXD_CMD_EOP))
			continue;
		if (d->q[1] & E1000_TXD_CMD_RS)
			d->q[1] |= E1000_TXD_STA_DD;
		sent_frames++;
		if (--n > 0)
			sent_len = 0;
	}
}

static bool
post(uint64_t n)
{
	return ring_rx_post(&rx, (uintptr_t)bufs[n], n);
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
		uint32_t flags, type, hash;
	} cases[] = {
		/* TCP, both sums good */
		{ 0x51ccc17800000111, 0x63,
		  RING_RX_IP_CHECKED | RING_RX_L4_CHECKED, 1, 0x51ccc178 },
		/* UDP, both good; with a checksum of zero */
		{ 0x1122334400000217, 0x73,
		  RING_RX_IP_CHECKED | RING_RX_L4_CHECKED, 7, 0x11223344 },
		{ 0x1122334400000217, 0x43, RING_RX_IP_CHECKED, 7, 0x11223344 },
		/* bad TCP sum, bad IP sum */
		{ 0x111, 0x20000063, RING_RX_IP_CHECKED | RING_RX_L4_CHECKED |
		  RING_RX_L4_BAD, 1, 0 },
		{ 0x111, 0x40000063, RING_RX_IP_CHECKED | RING_RX_L4_CHECKED |
		  RING_RX_IP_BAD, 1, 0 },
		/* ARP: nothing looked at, not hashed */
		{ 0, 0x03, 0, 0, 0 },
	};
	struct ring_rx_frame f;
	size_t i;

	start(RING_ADV);
	post_all();
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		CHECK(nic_write_back(64, true, cases[i].q0, cases[i].status));
		CHECK_EQ(ring_rx_harvest(&rx, &f), RING_RX_FRAME);
		CHECK_EQ(f.flags, cases[i].flags);
		CHECK_EQ(f.rss_type, cases[i].type);
		CHECK_EQ(f.rss_hash, cases[i].hash);
	}
}

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
	tx.next = tx.fill = tx.rung = -16u;
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
