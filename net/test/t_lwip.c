/*
 * t_lwip.c: unit tests of what lib/lwip/ computes for lwIP: the checksum and
 * the hash of sequence numbers. Runs on the host.
 */
#include "inc/types.h"

#include "lib/lwip/tcp_isn.h"
#include "lwip/opt.h"
#include "net/test/check.h"

static uint64_t
micros(void)
{
	return 0;
}

static void
test_chksum(void)
{
	static uint8_t data[2000];
	uint32_t i, k, n, start, sum, bad = 0;

	for (i = 0; i < sizeof(data); i++)
		data[i] = tcp_isn_random();
	memset(data + 200, 0xff, 300);
	for (i = 0; i < 5000; i++) {
		start = tcp_isn_random() % 500;
		n = tcp_isn_random() % 1500;
		for (sum = 0, k = 0; k < n; k += 2) {
			sum += data[start + k] |
				(k + 1 < n ? data[start + k + 1] << 8 : 0);
			sum = (sum & 0xffff) + (sum >> 16);
		}
		bad += lwip_chksum(data + start, n) != sum;
	}
	ok(bad == 0, "checksums of any alignment and length");
}

/* The reference vector of SipHash-2-4, from its authors' paper. */
static void
test_siphash(void)
{
	uint64_t key[2] = { 0x0706050403020100, 0x0f0e0d0c0b0a0908 };
	uint8_t data[15];
	int i;

	for (i = 0; i < 15; i++)
		data[i] = i;
	ok(siphash24(key, data, 15) == 0xa129ca6149be45e5, "SipHash-2-4");
}

int
main(void)
{
	tcp_isn_init(1, micros);
	test_chksum();
	test_siphash();
	printf("%d passed, %d failed\n", passed, failed);
	return failed != 0;
}
