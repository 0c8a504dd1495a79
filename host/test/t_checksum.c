/* t_checksum.c: the fast Internet checksum against the plain definition. */
#include <stdint.h>
#include "host/load/checksum.c"
#include "host/load/rng.h"
#include "host/test/test.h"

/* RFC 1071: 16-bit words as they lie in memory, added with end-around carry. */
static uint16_t
plain(const uint8_t *p, int n)
{
	uint32_t sum = 0;

	for (int i = 0; i < n; i++)
		sum += (uint32_t)p[i] << (i % 2 * 8);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

TEST(every_length_and_alignment)
{
	static uint8_t bytes[2048];
	struct rng r;

	rng_seed(&r, 1, 0);
	rng_fill(&r, bytes, sizeof(bytes));
	for (int n = 0; n < 1600; n++)
		for (int at = 0; at < 8; at++)
			CHECK_EQ(stack_checksum(bytes + at, n),
			    plain(bytes + at, n));
}

TEST(carries_are_not_lost)
{
	static uint8_t ones[65000];

	memset(ones, 0xff, sizeof(ones));
	for (int n = 0; n < 65000; n += 997)
		CHECK_EQ(stack_checksum(ones, n), plain(ones, n));
}
