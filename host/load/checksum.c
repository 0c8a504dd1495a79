/*
 * checksum.c: the Internet checksum, eight bytes at a time.  lwIP calls it
 * (lwipopts.h) for every packet, so it weighs in what a message costs.
 */
#include <stdint.h>
#include <string.h>

uint16_t stack_checksum(const void *p, int n);

/* The Internet checksum's sum of @n bytes, folded, as lwIP wants it. */
uint16_t
stack_checksum(const void *p, int n)
{
	const uint8_t *b = p;
	uint64_t sum = 0, v;
	uint32_t half;

	for (; n >= 8; n -= 8, b += 8) {
		memcpy(&v, b, 8);
		sum += v;
		sum += sum < v;
	}
	sum = (sum & 0xffffffff) + (sum >> 32);
	if (n & 4) {
		memcpy(&half, b, 4);
		sum += half;
		b += 4;
	}
	v = 0;
	memcpy(&v, b, (size_t)(n & 3));
	sum += v;
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}
