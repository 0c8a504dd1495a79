/*
 * env.h: environments inside the kernel. All of it under the big kernel lock.
 *
 * Life of an environment: env_alloc makes it ENV_NOT_RUNNABLE; env_wake puts
 * it on the run queue; the scheduler runs it; env_block takes it off the CPU
 * until an event wakes it; env_destroy ends it and gives everything back.
 */
#ifndef JIX_KERN_ENV_H
#define JIX_KERN_ENV_H

#include "inc/env.h"
#include "inc/types.h"

extern struct env *envs;	/* NENV of them, also at UENVS */

void env_init(void);
/* A new env with an empty address space. 0, -E_NO_FREE_ENV or -E_NO_MEM. */
int env_alloc(struct env **out, envid_t parent);
/*
 * Start the embedded program named by the first word of cmdline, the words
 * being its arguments. The envid, or -E_NOT_FOUND, -E_NO_MEM, -E_NOT_EXEC,
 * -E_INVAL (arguments too long).
 */
int env_start_program(const char *cmdline);
/*
 * Find an env by id. check: only the caller itself and its children. 0 or
 * -E_BAD_ENV.
 */
int env_lookup(envid_t id, struct env **out, bool check);
/* End e now, or, if it runs on another CPU, as soon as that CPU notices. */
void env_destroy(struct env *e);
/* Give back everything of e; it runs nowhere. */
void env_free(struct env *e);
/* Report why, then env_destroy. */
void env_kill(struct env *e, const char *reason);
/* Not yet freed environments. */
int env_count(void);

/* Take e off the CPU or the run queue, to wait for `why`. */
void env_block(struct env *e, enum env_wait why);
/* Make e runnable; no effect unless it is ENV_NOT_RUNNABLE. */
void env_wake(struct env *e);
/* e waits for nothing any more: leave every queue that it waits in. */
void env_unblock(struct env *e);
/* Wake at TSC value `when` unless woken before (sets e->wake_at). */
void env_wake_at(struct env *e, uint64_t when);
/* What the interrupted system call of a blocked env will return. */
static inline void
env_set_result(struct env *e, int64_t result)
{
	e->tf.regs.rax = (uint64_t)result;
}

/* The running e gives up this CPU: its registers are saved, cur is null. */
void env_leave(struct env *e);
/* The child of an exofork starts with its parent's FPU registers. */
void env_copy_fpu(struct env *child, struct env *parent);
/* Run e on this CPU, or resume it if it already is the current one. */
void env_run(struct env *e) __attribute__((noreturn));

/* kern/sched.c */
/* Choose the next environment, or halt until there is one. */
void sched_yield(void) __attribute__((noreturn));
void sched_enqueue(struct env *e);
void sched_dequeue(struct env *e);
/* kern/trapentry.S: wait for interrupts on an empty stack, in sched_idle(). */
void sched_halt_on(uint64_t stack_top) __attribute__((noreturn));
void sched_idle(void) __attribute__((noreturn));
/* Wake sleepers whose time has come; arm this CPU's timer for the next. */
void sched_expire(uint64_t now);
/* This CPU's timer has fired: the same, and arm it anew if need be. */
void sched_timer(void);

/* kern/ipc.c */
int64_t ipc_try_send(struct env *from, envid_t to, uint64_t value,
		     uint64_t srcva, uint32_t perm);
void ipc_cancel_send(struct env *e);
/* e ends: fail those queued at it and those waiting for its reply. */
void ipc_env_gone(struct env *e);

#endif
