/* tcp_isn.c: keyed initial sequence numbers; see tcp_isn.h. */
#include "lib/lwip/tcp_isn.h"
#include "lwip/ip4_addr.h"

static uint64_t isn_key[2];
static uint64_t (*isn_micros)(void);
static uint64_t random_state;

static inline uint64_t
rotl(uint64_t x, int n)
{
	return x << n | x >> (64 - n);
}

static inline void
sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[1] = rotl(v[1], 13) ^ v[0];
	v[0] = rotl(v[0], 32);
	v[2] += v[3];
	v[3] = rotl(v[3], 16) ^ v[2];
	v[0] += v[3];
	v[3] = rotl(v[3], 21) ^ v[0];
	v[2] += v[1];
	v[1] = rotl(v[1], 17) ^ v[2];
	v[2] = rotl(v[2], 32);
}

static inline void
sip_word(uint64_t v[4], uint64_t m)
{
	v[3] ^= m;
	sip_round(v);
	sip_round(v);
	v[0] ^= m;
}

uint64_t
siphash24(const uint64_t key[2], const void *data, size_t len)
{
	const uint8_t *p = data;
	uint64_t last = (uint64_t)len << 56;
	uint64_t word;
	uint64_t v[4] = {
		key[0] ^ 0x736f6d6570736575ul, key[1] ^ 0x646f72616e646f6dul,
		key[0] ^ 0x6c7967656e657261ul, key[1] ^ 0x7465646279746573ul,
	};
	size_t i;

	for (i = 0; i + 8 <= len; i += 8) {
		__builtin_memcpy(&word, p + i, 8);
		sip_word(v, word);
	}
	for (; i < len; i++)
		last |= (uint64_t)p[i] << (8 * (i & 7));
	sip_word(v, last);
	v[2] ^= 0xff;
	sip_round(v);
	sip_round(v);
	sip_round(v);
	sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

/* SplitMix64 (Steele, Lea, Flood 2014): spreads a small seed over 64 bits. */
static uint64_t
random_next(void)
{
	uint64_t z = random_state += 0x9e3779b97f4a7c15ul;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ul;
	z = (z ^ z >> 27) * 0x94d049bb133111ebul;
	return z ^ z >> 31;
}

void
tcp_isn_init(uint64_t seed, uint64_t (*micros)(void))
{
	random_state = seed;
	isn_key[0] = random_next();
	isn_key[1] = random_next();
	isn_micros = micros;
}

uint32_t
tcp_isn_random(void)
{
	return random_next() >> 32;
}

uint32_t
tcp_isn(const struct ip4_addr *local, uint16_t local_port,
	const struct ip4_addr *remote, uint16_t remote_port)
{
	uint32_t tuple[3];

	tuple[0] = ip4_addr_get_u32(local);
	tuple[1] = ip4_addr_get_u32(remote);
	tuple[2] = (uint32_t)local_port << 16 | remote_port;
	return (uint32_t)(isn_micros() / 4) +
		(uint32_t)siphash24(isn_key, tuple, sizeof(tuple));
}
