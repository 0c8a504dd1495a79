/*
 * fuzzkind.h: the kinds of hostile frames.  Each is drawn from the generator
 * alone, so a seed and a frame's number name the frame.
 */
#ifndef LOAD_FUZZKIND_H
#define LOAD_FUZZKIND_H

#include <stddef.h>
#include <stdint.h>
#include "rng.h"

#define FUZZ_KINDS	12

struct fuzz_kind {
	const char *name;
	/* Writes a frame to @f, room for FRAME_MAX; returns its length. */
	size_t (*make)(struct rng *r, uint8_t *f);
};

extern const struct fuzz_kind fuzz_kinds[FUZZ_KINDS];

/* Takes the peer's addresses; to be called once before any make(). */
void fuzz_init(void);

#endif
