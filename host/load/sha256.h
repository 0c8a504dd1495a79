/* sha256.h: SHA-256 (FIPS 180-4) of what a transfer sent and received. */
#ifndef LOAD_SHA256_H
#define LOAD_SHA256_H

#include <stddef.h>
#include <stdint.h>

struct sha256 {
	uint32_t h[8];
	uint64_t bytes;
	uint8_t block[64];
};

void sha256_init(struct sha256 *s);
void sha256_add(struct sha256 *s, const void *p, size_t n);

/* Ends the sum and writes it as 64 hexadecimal digits and a NUL. */
void sha256_hex(struct sha256 *s, char hex[65]);

#endif
