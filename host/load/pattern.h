/*
 * pattern.h: the bytes that messages are made of.
 *
 * One endless seeded stream whose period is a prime number of bytes: a byte
 * that is lost, doubled or misplaced shows up as a mismatch.  Each connection
 * starts at an offset of its own.
 */
#ifndef LOAD_PATTERN_H
#define LOAD_PATTERN_H

#include <stddef.h>
#include <stdint.h>

#define PATTERN_PERIOD	65521u
#define PATTERN_CHUNK	16384u

/* Makes the stream from opt.seed. */
void pattern_init(void);

/* The offset at which connection @id starts. */
uint64_t pattern_base(unsigned id);

/*
 * The stream from byte @at on.  At least PATTERN_CHUNK bytes may be read;
 * they stay as they are until the program ends.
 */
const uint8_t *pattern_bytes(uint64_t at);

/* True when the @n bytes at @p are the stream's from byte @at on. */
int pattern_match(uint64_t at, const void *p, size_t n);

#endif
