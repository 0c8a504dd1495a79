/*
 * tcp_isn.h: initial sequence numbers that an outsider cannot guess, as
 * RFC 6528 asks: a clock of 4 us steps plus a keyed hash (SipHash-2-4) of the
 * connection's addresses and ports. lwIP calls tcp_isn() through
 * LWIP_HOOK_TCP_ISN. One instance per lwIP instance.
 */
#ifndef JIX_LWIP_TCP_ISN_H
#define JIX_LWIP_TCP_ISN_H

#include "inc/types.h"

/*
 * Set the key, before the first connection. micros() gives microseconds that
 * never go back; equal seeds and clocks give equal numbers (exact runs).
 */
void tcp_isn_init(uint64_t seed, uint64_t (*micros)(void));
/* The next of a sequence of numbers that depends on the seed only. */
uint32_t tcp_isn_random(void);

/* SipHash-2-4 (Aumasson, Bernstein 2012) of len bytes. */
uint64_t siphash24(const uint64_t key[2], const void *data, size_t len);

#endif
