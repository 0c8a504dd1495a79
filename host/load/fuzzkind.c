/*
 * fuzzkind.c: see fuzzkind.h.  Addressed to the server's own MAC or to
 * broadcast, so that they pass its filter.  No frame claims one of our own
 * addresses in ARP: the server shall still find us afterwards.  No frame is
 * empty: QEMU takes a NIC's 0 bytes received for a full ring, for good.
 */
#include <string.h>
#include "craft.h"
#include "frames.h"
#include "fuzzkind.h"

#define OVERSIZE_MAX	4000
#define PAYLOAD_MAX	1400

static struct craft base;

void
fuzz_init(void)
{
	base = craft_to_peer();
}

/* A port that may matter: open ones, the next, any. */
static uint16_t
some_port(struct rng *r)
{
	static const uint16_t ports[] = { 7, 7, 80, 80, 8, 0 };
	unsigned i = rng_below(r, 8);

	return i < 6 ? ports[i] : (uint16_t)rng_next(r);
}

/* A source that is neither we nor the peer: of the subnet, or from afar. */
static uint32_t
some_source(struct rng *r)
{
	uint32_t ip;

	do {
		ip = (uint32_t)(rng_next(r) >> 32);
		if (rng_below(r, 2))
			ip = (opt.peer & opt.mask) | (ip & ~opt.mask);
	} while (ip == opt.peer || ip - opt.ip < opt.ips);
	return ip;
}

static struct craft
someone(struct rng *r)
{
	struct craft c = base;

	c.from = some_source(r);
	c.from_port = (uint16_t)rng_next(r);
	c.to_port = some_port(r);
	return c;
}

/* A right packet of a random protocol, with a random payload. */
static size_t
valid(struct rng *r, uint8_t *f)
{
	static uint8_t payload[PAYLOAD_MAX];
	struct craft c = someone(r);
	size_t n = rng_below(r, PAYLOAD_MAX + 1);
	uint32_t seq = (uint32_t)rng_next(r), ack = (uint32_t)rng_next(r);

	rng_fill(r, payload, n);
	switch (rng_below(r, 4)) {
	case 0:
		return craft_udp(f, &c, payload, n);
	case 1:
		return craft_ping(f, &c, payload, n);
	case 2:
		return craft_tcp(f, &c, FLAG_SYN, seq, 0, NULL, 0);
	default:
		return craft_tcp(f, &c, FLAG_ACK | FLAG_PSH, seq, ack,
		    payload, n);
	}
}

static size_t
make_runt(struct rng *r, uint8_t *f)
{
	size_t n = valid(r, f), cut = 1 + rng_below(r, 59);

	return cut < n ? cut : n;
}

static size_t
make_oversize(struct rng *r, uint8_t *f)
{
	size_t n = 1515 + rng_below(r, OVERSIZE_MAX - 1515);

	valid(r, f);
	rng_fill(r, f + L4_OFF + 20, n - L4_OFF - 20);
	if (rng_below(r, 2))
		craft_put16(f + IP_OFF + 2, (unsigned)(n - ETH_HLEN));
	craft_fix_ip(f);
	return n;
}

/* Length fields that lie, under checksums that are right where possible. */
static size_t
make_length(struct rng *r, uint8_t *f)
{
	size_t n = valid(r, f);
	unsigned proto = f[IP_OFF + 9];

	switch (rng_below(r, 4)) {
	case 0:
		craft_put16(f + IP_OFF + 2, rng_below(r, 65536));
		break;
	case 1:
		f[IP_OFF] = (uint8_t)(0x40 | rng_below(r, 16));
		break;
	case 2:
		n = ETH_HLEN + rng_below(r, n - ETH_HLEN + 1);
		break;
	default:
		if (proto == PROTO_TCP)
			f[L4_OFF + 12] = (uint8_t)(rng_below(r, 16) << 4);
		else
			craft_put16(f + L4_OFF + 4, rng_below(r, 65536));
	}
	if (n >= L4_OFF) {
		craft_fix_l4(f, n);
		craft_fix_ip(f);
	}
	return n;
}

static size_t
make_checksum(struct rng *r, uint8_t *f)
{
	size_t n = valid(r, f);
	uint8_t bad = (uint8_t)(1 + rng_below(r, 255));
	unsigned proto = f[IP_OFF + 9];

	if (rng_below(r, 4) == 0)
		f[IP_OFF + 10] ^= bad;
	else
		f[L4_OFF + (proto == PROTO_TCP ? 16 :
		    proto == PROTO_UDP ? 6 : 2)] ^= bad;
	return n;
}

/* Fragments that overlap, leave holes, never end, or end beyond 64 KB. */
static size_t
make_fragment(struct rng *r, uint8_t *f)
{
	size_t n = valid(r, f);
	static const unsigned offsets[] = { 0, 1, 2, 3, 185, 0x1fff, 0x1ff0 };
	unsigned at = offsets[rng_below(r, 7)];

	if (rng_below(r, 4) == 0)
		at = rng_below(r, 0x2000);
	craft_put16(f + IP_OFF + 4, rng_below(r, 16));
	craft_put16(f + IP_OFF + 6, at | (rng_below(r, 4) ? 0x2000 : 0));
	if (rng_below(r, 2))
		craft_put32(f + IP_OFF + 12, (opt.peer & opt.mask) |
		    (200 + rng_below(r, 4)));
	craft_fix_ip(f);
	return n;
}

static size_t
make_arp(struct rng *r, uint8_t *f)
{
	struct craft c = someone(r);
	size_t n = craft_arp(f, &c, 1 + rng_below(r, 2));

	rng_fill(r, f + 22, 6);
	if (rng_below(r, 2))
		memset(f, 0xff, 6);
	switch (rng_below(r, 6)) {
	case 0:
		craft_put16(f + 20, rng_below(r, 65536));
		break;
	case 1:
		f[18 + rng_below(r, 2)] = (uint8_t)rng_next(r);
		break;
	case 2:
		n = 1 + rng_below(r, ARP_LEN - 1);
		break;
	case 3:
		craft_put16(f + 14, rng_below(r, 65536));
		break;
	case 4:
		craft_put32(f + 28, opt.peer);	/* claims to be the server */
		break;
	}
	return n;
}

static size_t
make_syn(struct rng *r, uint8_t *f)
{
	struct craft c = someone(r);

	return craft_tcp(f, &c, FLAG_SYN, (uint32_t)rng_next(r), 0, NULL, 0);
}

/* Any flags, sequence numbers and urgent pointer, to ports that are open. */
static size_t
make_flags(struct rng *r, uint8_t *f)
{
	uint8_t payload[64];
	struct craft c = someone(r);
	size_t n = rng_below(r, sizeof(payload) + 1);

	rng_fill(r, payload, n);
	n = craft_tcp(f, &c, rng_below(r, 256), (uint32_t)rng_next(r),
	    (uint32_t)rng_next(r), payload, n);
	craft_put16(f + L4_OFF + 14, rng_below(r, 65536));
	craft_put16(f + L4_OFF + 18, rng_below(r, 65536));
	craft_fix_l4(f, n);
	return n;
}

/* TCP options cut short, of length 0 or beyond the header. */
static size_t
make_options(struct rng *r, uint8_t *f)
{
	uint8_t opts[40];
	struct craft c = someone(r);
	size_t n = 4 * rng_below(r, 11);

	for (size_t i = 0; i < n; i++)
		opts[i] = (uint8_t)(rng_below(r, 3) ? rng_below(r, 9) :
		    rng_next(r));
	size_t len = craft_tcp(f, &c, rng_below(r, 4) ? FLAG_SYN : FLAG_ACK,
	    (uint32_t)rng_next(r), 0, opts, n);
	f[L4_OFF + 12] = (uint8_t)((20 + n) / 4 << 4);
	craft_fix_l4(f, len);
	return len;
}

/* A right frame with up to 8 bits flipped behind the Ethernet addresses. */
static size_t
make_flip(struct rng *r, uint8_t *f)
{
	size_t n = valid(r, f);

	for (unsigned i = 1 + rng_below(r, 8); i; i--) {
		size_t bit = 96 + rng_below(r, (n - 12) * 8);
		f[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	return n;
}

/* Noise behind the addresses: any type, or IPv4 with any protocol. */
static size_t
make_random(struct rng *r, uint8_t *f)
{
	size_t n = ETH_HLEN + rng_below(r, 1501);

	rng_fill(r, f, n);
	memcpy(f, base.to_mac, 6);
	if (rng_below(r, 2))
		craft_put16(f + 12, 0x0800);
	if (f[12] == 8 && f[13] == 6)
		f[12] = 9;		/* ARP has its own kind */
	return n;
}

static size_t
make_ip(struct rng *r, uint8_t *f)
{
	static uint8_t payload[PAYLOAD_MAX];
	struct craft c = someone(r);
	size_t n = rng_below(r, PAYLOAD_MAX + 1);

	rng_fill(r, payload, n);
	n = craft_ip(f, &c, rng_below(r, 256), payload, n);
	if (rng_below(r, 4) == 0) {	/* to a broadcast, from a broadcast */
		craft_put32(f + IP_OFF + (rng_below(r, 2) ? 12 : 16),
		    UINT32_MAX);
		craft_fix_ip(f);
	}
	craft_fix_l4(f, n);
	return n;
}

const struct fuzz_kind fuzz_kinds[FUZZ_KINDS] = {
	{ "runt", make_runt },
	{ "oversize", make_oversize },
	{ "length", make_length },
	{ "checksum", make_checksum },
	{ "fragment", make_fragment },
	{ "arp", make_arp },
	{ "syn", make_syn },
	{ "flags", make_flags },
	{ "options", make_options },
	{ "flip", make_flip },
	{ "random", make_random },
	{ "ip", make_ip },
};
