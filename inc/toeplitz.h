/*
 * toeplitz.h: the receive-side-scaling hash in software: which queue a NIC
 * will choose for a flow. Used to pick local ports whose replies come back to
 * the same core, and to check the NIC's hashes. Needs nothing but inc/types.h.
 *
 * Source: Microsoft's specification of the RSS hashing functions, which the
 * 82576 and the 82599 follow.
 */
#ifndef JIX_INC_TOEPLITZ_H
#define JIX_INC_TOEPLITZ_H

#include "inc/types.h"

#define TOEPLITZ_KEY_LEN	40

/* The key of that specification's verification suite; JIX's default. */
#define TOEPLITZ_DEFAULT_KEY { \
	0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, \
	0x41, 0x67, 0x25, 0x3d, 0x43, 0xa3, 0x8f, 0xb0, \
	0xd0, 0xca, 0x2b, 0xcb, 0xae, 0x7b, 0x30, 0xb4, \
	0x77, 0xcb, 0x2d, 0xa3, 0x80, 0x30, 0xf2, 0x0c, \
	0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa }

/*
 * The hash of len bytes, len <= 36. For each set bit of the input, from the
 * most significant of the first byte on, the 32 bits of the key that start at
 * the same position are added (modulo 2).
 */
static inline uint32_t
toeplitz_hash(const uint8_t key[TOEPLITZ_KEY_LEN], const uint8_t *in,
	      size_t len)
{
	uint32_t window = (uint32_t)key[0] << 24 | (uint32_t)key[1] << 16 |
			  (uint32_t)key[2] << 8 | key[3];
	uint32_t hash = 0;
	size_t i;
	int bit;

	for (i = 0; i < len; i++) {
		for (bit = 7; bit >= 0; bit--) {
			if (in[i] >> bit & 1)
				hash ^= window;
			window = window << 1 | (key[i + 4] >> bit & 1);
		}
	}
	return hash;
}

/*
 * The hash of an IPv4 TCP or UDP packet as the receiver sees it; addresses
 * and ports in host byte order.
 */
static inline uint32_t
toeplitz_ipv4_ports(const uint8_t key[TOEPLITZ_KEY_LEN], uint32_t src,
		    uint32_t dst, uint16_t sport, uint16_t dport)
{
	uint8_t in[12] = {
		src >> 24, src >> 16, src >> 8, src,
		dst >> 24, dst >> 16, dst >> 8, dst,
		sport >> 8, sport, dport >> 8, dport,
	};

	return toeplitz_hash(key, in, sizeof(in));
}

/* The hash of any other IPv4 packet: addresses only. */
static inline uint32_t
toeplitz_ipv4(const uint8_t key[TOEPLITZ_KEY_LEN], uint32_t src, uint32_t dst)
{
	uint8_t in[8] = {
		src >> 24, src >> 16, src >> 8, src,
		dst >> 24, dst >> 16, dst >> 8, dst,
	};

	return toeplitz_hash(key, in, sizeof(in));
}

#endif
