/*
 * exact.h: the kernel's part of the exact laboratory (EXACT=cost, load), in
 * which QEMU counts the instructions of all CPUs by one clock, and a machine
 * shall do the same in every run. Outside of it nothing here does anything.
 */
#ifndef JIX_KERN_EXACT_H
#define JIX_KERN_EXACT_H

#include "inc/types.h"

enum exact_kind { EXACT_NOT = 0, EXACT_COST, EXACT_LOAD };

/* From the boot arguments; any time after args_init(). */
enum exact_kind exact_kind(void);

/*
 * On CPU 0, before other CPUs and devices are started: forget what differs
 * from run to run so far. Returns at the same TSC value in every run.
 */
void exact_begin(void);
/* On CPU 0, once the devices are configured and before other CPUs start. */
void exact_settle(void);

/*
 * For EXACT=load, once there is more than one busy CPU; else nothing. QEMU
 * lets a CPU run until a timer is due. The interval timer, which nobody
 * listens to (masked at both interrupt controllers), is due every 10 us from
 * now on: so long is the turn of a CPU that does not pause (8254: counter 0,
 * mode 2).
 */
void exact_short_turns(void);

/* May this CPU, which has nothing to do, halt? Else exact_idle() instead. */
bool exact_must_run(int cpu);
/* Some hundred instructions of nothing, which cost the host next to none. */
void exact_idle(void);

#endif
