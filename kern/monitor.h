/*
 * monitor.h: between the monitor's command line (kern/monitor.c) and its
 * commands (kern/moncmd.c).
 */
#ifndef JIX_KERN_MONITOR_H
#define JIX_KERN_MONITOR_H

#include "inc/types.h"

struct env;
struct trapframe;

struct monitor_command {
	const char *name;
	const char *help;
	/* tf: the interrupted frame, or null. True: leave the monitor. */
	bool (*run)(int argc, char *argv[], struct trapframe *tf);
};

extern const struct monitor_command monitor_commands[];
extern const int nmonitor_commands;

/* The next debug exception of e enters the monitor. */
void monitor_step(const struct env *e);

#endif
