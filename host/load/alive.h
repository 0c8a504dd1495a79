/*
 * alive.h: asks, beside an attack and after it, whether the server serves:
 * one connection that echoes, opened again whenever it breaks.
 */
#ifndef LOAD_ALIVE_H
#define LOAD_ALIVE_H

#include <stdint.h>

/* Starts asking; errors are not counted while attacked. */
void alive_start(void);

/* To be called every turn. */
void alive_step(uint64_t now);

/* Messages echoed so far. */
uint64_t alive_echoes(void);

/*
 * Waits until ten more messages are echoed over a new connection.  Returns 0,
 * or -1, counted and printed, when @deadline passes or the link closes.
 */
int alive_check(uint64_t deadline);

/* Ends the connection. */
void alive_stop(void);

#endif
