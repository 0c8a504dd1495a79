/*
 * kernel.h: what every kernel file may want and no other header owns.
 */
#ifndef JIX_KERN_KERNEL_H
#define JIX_KERN_KERNEL_H

#include "inc/assert.h"
#include "inc/error.h"
#include "inc/stdio.h"
#include "inc/string.h"
#include "inc/types.h"
#include "inc/uinfo.h"

extern struct uinfo *uinfo;		/* shown at UINFO */
extern struct cpu_counters *cpu_counters;	/* NCPU, shown at UCOUNT */
extern char *dp_stats_pages;		/* NCPU pages, at UCOUNT_DP */
extern struct counters *ns_count_page;	/* one page, at UCOUNT_NS */
extern struct queue *queues;		/* NQUEUES, at UCOUNT_QUEUES */

/* Linker symbols. */
extern char kern_start[], kern_text_start[], kern_text_end[];
extern char kern_stub_start[], kern_stub_end[];
extern char kern_rodata_end[], kern_end[];

/* kern/args.c: the boot arguments, "key=value ... -- program; program". */
void args_init(void);
/* Value of a key, copied into buf; false if absent. */
bool args_get(const char *key, char *buf, size_t size);
uint64_t args_number(const char *key, uint64_t absent);
/* The n-th program's command line, copied into buf; false if there is none. */
bool args_program(int n, char *buf, size_t size);

/* kern/printf.c: exactly these bytes, not torn by other output. */
void console_write(const char *s, size_t len);

/* kern/fwcfg.c: read a QEMU firmware configuration file; length or error. */
ssize_t fwcfg_read(const char *name, void *buf, size_t size);

/* kern/monitor.c: the monitor; returns on `continue`. */
struct trapframe;
void monitor(struct trapframe *tf);
/* Did the monitor ask to stop e after one instruction? */
struct env;
bool monitor_steps(const struct env *e);
/*
 * kern/backtrace.c: the calls that led to rip, which is in the function whose
 * frame pointer is rbp; and those that led to the caller of backtrace_here.
 */
void backtrace(uint64_t rip, uint64_t rbp);
void backtrace_here(void);

/* kern/printf.c: set before a panic that a trap in the kernel causes. */
extern const struct trapframe *panic_frame;

/* kern/crash.c: do what the boot argument crash= names, if it is there. */
void crash_test(void);

/* kern/shutdown.c */
/* End the machine; QEMU exits with status 2 * code + 1. */
void machine_shutdown(int code) __attribute__((noreturn));
/* The same at once, without exporting what was counted. */
void machine_off(int code) __attribute__((noreturn));
/*
 * No environment is left, or the one named by until= has ended: count pages
 * and envs, report, then end the machine (then=exit) or enter the monitor.
 */
void machine_all_done(void) __attribute__((noreturn));
bool machine_is_done(void);
/* Is nobody at the console (then=exit)? Then the monitor is not entered. */
bool machine_unattended(void);
/* From the monitor: environments are to run again; then a new account. */
void machine_resume(void);
/* e has been freed: is it the one that until= names? */
void machine_env_ended(const struct env *e);
/* Remember how many pages are free before the first environment starts. */
void machine_baseline(void);

#endif
