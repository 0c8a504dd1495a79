/*
 * t_toeplitz.c: the RSS hash against the verification suite of Microsoft's
 * specification (IPv4).
 */
#include "inc/toeplitz.h"
#include "host/test/test.h"

#define IP(a, b, c, d) \
	((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (d))

static const uint8_t key[TOEPLITZ_KEY_LEN] = TOEPLITZ_DEFAULT_KEY;

static const struct {
	uint32_t dst;
	uint16_t dport;
	uint32_t src;
	uint16_t sport;
	uint32_t addresses, ports;
} suite[] = {
	{ IP(161, 142, 100, 80), 1766, IP(66, 9, 149, 187), 2794,
	  0x323e8fc2, 0x51ccc178 },
	{ IP(65, 69, 140, 83), 4739, IP(199, 92, 111, 2), 14230,
	  0xd718262a, 0xc626b0ea },
	{ IP(12, 22, 207, 184), 38024, IP(24, 19, 198, 95), 12898,
	  0xd2d0a5de, 0x5c2b394a },
	{ IP(209, 142, 163, 6), 2217, IP(38, 27, 205, 30), 48228,
	  0x82989176, 0xafc7327f },
	{ IP(202, 188, 127, 2), 1303, IP(153, 39, 163, 191), 44251,
	  0x5d1809c5, 0x10e828a2 },
};

TEST(verification_suite)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(suite); i++) {
		CHECK_EQ(toeplitz_ipv4(key, suite[i].src, suite[i].dst),
			 suite[i].addresses);
		CHECK_EQ(toeplitz_ipv4_ports(key, suite[i].src, suite[i].dst,
					     suite[i].sport, suite[i].dport),
			 suite[i].ports);
	}
}

/* The hash is linear: h(a ^ b) = h(a) ^ h(b). */
TEST(linear)
{
	uint8_t a[36], b[36], both[36];
	int i;

	for (i = 0; i < 36; i++) {
		a[i] = i * 37 + 11;
		b[i] = i * 91 + 5;
		both[i] = a[i] ^ b[i];
	}
	CHECK_EQ(toeplitz_hash(key, both, 36),
		 toeplitz_hash(key, a, 36) ^ toeplitz_hash(key, b, 36));
	CHECK_EQ(toeplitz_hash(key, a, 0), 0);
}
