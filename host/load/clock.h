/* clock.h: the one clock of the load generator, in nanoseconds. */
#ifndef LOAD_CLOCK_H
#define LOAD_CLOCK_H

#include <stdint.h>
#include <time.h>

#define USEC	1000ull
#define MSEC	1000000ull
#define SEC	1000000000ull

/* Monotonic time. */
static inline uint64_t
clock_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * SEC + (uint64_t)ts.tv_nsec;
}

#endif
