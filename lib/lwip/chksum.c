/*
 * chksum.c: the internet checksum's sum (RFC 1071), eight bytes at a time,
 * for lwIP where the NIC does not compute it.
 */
#include "inc/types.h"

#include "lwip/opt.h"

/*
 * The ones' complement sum of 16-bit words in memory order, not inverted; the
 * last byte of an odd length is followed by a zero. Any alignment.
 */
uint16_t
lwip_chksum(const void *data, int len)
{
	const uint8_t *p = data;
	uint64_t sum = 0;
	uint64_t word;

	for (; len >= 8; len -= 8, p += 8) {
		__builtin_memcpy(&word, p, 8);
		sum += word;
		sum += sum < word;	/* the carry goes round */
	}
	if (len > 0) {
		word = 0;
		while (len-- > 0)
			word = word << 8 | p[len];
		sum += word;
		sum += sum < word;
	}
	sum = (sum >> 32) + (uint32_t)sum;
	sum = (sum >> 32) + (uint32_t)sum;
	sum = (sum >> 16) + (uint16_t)sum;
	sum = (sum >> 16) + (uint16_t)sum;
	return (sum >> 16) + (uint16_t)sum;
}
