/*
 * time.h: the TSC as the machine's clock, calibrated at boot.
 */
#ifndef JIX_KERN_TIME_H
#define JIX_KERN_TIME_H

#include "inc/types.h"

extern uint64_t tsc_hz;		/* TSC ticks per second */

void time_init(void);
/* Spin for at least us microseconds on the TSC, with pause. */
void udelay(uint64_t us);
uint64_t time_msec(void);	/* since boot */
uint64_t msec_to_tsc(uint64_t ms);	/* TSC value at that time since boot */

#endif
