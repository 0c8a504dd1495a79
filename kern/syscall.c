/*
 * syscall.c: dispatch of the system calls, and those on environments, time
 * and console. Memory calls are in memcall.c, messages in ipc.c, frames in
 * netcall.c. The list and what each call means: inc/syscall.h.
 */
#include "kern/syscall.h"
#include "kern/console.h"
#include "kern/cpu.h"
#include "kern/env.h"
#include "kern/kernel.h"
#include "kern/pmap.h"
#include "kern/time.h"

#define PRINT_MAX	4096

int64_t
call_cputs(struct env *e, const char *s, size_t len)
{
	char buf[256];
	size_t done = 0;
	int r;

	len = MIN(len, (size_t)PRINT_MAX);
	/* All of it, before any of it is printed. */
	if ((r = user_mem_check(e, s, len, PTE_U)) < 0)
		return r;
	while (done < len) {
		size_t n = MIN(len - done, sizeof(buf));

		if ((r = copy_from_user(buf, s + done, n)) < 0)
			return r;
		console_write(buf, n);
		done += n;
	}
	return done;
}

int64_t
call_cgetc(struct env *e UNUSED)
{
	return console_getc();
}

int64_t
call_console_wait(struct env *e)
{
	if (!console_has_input())
		env_block(e, WAIT_CONSOLE);
	return 0;
}

int64_t
call_getenvid(struct env *e)
{
	return e->id;
}

int64_t
call_env_destroy(struct env *e, envid_t id)
{
	struct env *target;
	int r = env_lookup(id, &target, true);

	if (r < 0)
		return r;
	if (target == e)
		cprintf("[%08x] exiting gracefully\n", e->id);
	else if (target->runs > 0)	/* not of one that never began */
		cprintf("[%08x] destroying %08x\n", e->id, target->id);
	env_destroy(target);
	return 0;
}

// @exercise exofork 5 'Make a child without memory'
int64_t
call_exofork(struct env *e)
{
	struct env *child;
	int r = env_alloc(&child, e->id);

	if (r < 0)
		return r;
	child->tf = e->tf;
	child->tf.regs.rax = 0;
	child->fs_base = e->fs_base;
	memcpy(child->name, e->name, sizeof(child->name));
	env_copy_fpu(child, e);
	return child->id;
}
// @end

// @exercise env_set_status 5 'Let an environment run, or stop it'
int64_t
call_env_set_status(struct env *e, envid_t id, uint32_t status)
{
	struct env *target;
	int r = env_lookup(id, &target, true);

	if (r < 0)
		return r;
	if (status == ENV_RUNNABLE) {
		/* An env that waits for something is not made to forget it. */
		if (target->status == ENV_NOT_RUNNABLE &&
		    target->wait == WAIT_NONE)
			env_wake(target);
		return 0;
	}
	if (status != ENV_NOT_RUNNABLE)
		return -E_INVAL;
	if (target->status == ENV_RUNNING && target != e)
		return -E_BUSY;
	if (target->status != ENV_NOT_RUNNABLE)
		env_block(target, WAIT_NONE);
	return 0;
}
// @end

// @exercise env_set_trapframe 5 'Set registers, and give no privilege'
int64_t
call_env_set_trapframe(struct env *e, envid_t id, const struct trapframe *utf)
{
	struct trapframe tf;
	struct env *target;
	int r = env_lookup(id, &target, true);

	if (r == 0)
		r = copy_from_user(&tf, utf, sizeof(tf));
	if (r < 0)
		return r;
	if (tf.rip >= ULIM)
		return -E_INVAL;
	/* Another CPU has its registers, or a call is to return in rax. */
	if (target != e && (target->status == ENV_RUNNING ||
			    target->wait != WAIT_NONE))
		return -E_BUSY;
	tf.cs = GD_UT | 3;
	tf.ss = GD_UD | 3;
	tf.rflags = (tf.rflags & FL_USER) | FL_IF | FL_MBS;
	tf.trapno = 0;		/* restore every register */
	tf.err = 0;
	target->tf = tf;
	return 0;
}
// @end

// @exercise set_upcall 3 'Where page faults go'
int64_t
call_env_set_pgfault_upcall(struct env *e UNUSED, envid_t id, void *upcall)
{
	struct env *target;
	int r = env_lookup(id, &target, true);

	if (r < 0)
		return r;
	if ((uint64_t)upcall >= ULIM)
		return -E_INVAL;
	target->pgfault_upcall = (uint64_t)upcall;
	return 0;
}
// @end

int64_t
call_yield(struct env *e)
{
	e->count.yields++;
	this_cpu()->count->yields++;
	env_set_result(e, 0);
	sched_yield();
}

int64_t
call_time_msec(struct env *e UNUSED)
{
	return time_msec();
}

int64_t
call_sleep_until(struct env *e, uint64_t msec)
{
	uint64_t when = msec_to_tsc(msec);

	if (when > read_tsc()) {
		env_block(e, WAIT_SLEEP);
		env_wake_at(e, when);
	}
	return 0;
}

int64_t
call_env_wait(struct env *e, envid_t id)
{
	struct env *target = &envs[ENVX(id)];

	if (id == 0 || target == e)
		return -E_INVAL;
	/* One that is dying on another CPU has not given back its pages. */
	if (id < 0 || target->id != id || target->status == ENV_FREE)
		return 0;
	e->wait_env = id;
	env_block(e, WAIT_ENV);
	return 0;
}

int64_t
call_env_set_name(struct env *e UNUSED, envid_t id, const char *name,
		  size_t len)
{
	char buf[ENV_NAME_LEN] = "";
	struct env *target;
	int r = env_lookup(id, &target, true);

	if (r < 0)
		return r;
	len = MIN(len, sizeof(buf) - 1);
	r = copy_from_user(buf, name, len);
	if (r < 0)
		return r;
	for (size_t i = 0; i < len; i++)
		if (buf[i] < ' ' || buf[i] > '~')
			buf[i] = buf[i] ? '?' : '\0';
	memcpy(target->name, buf, sizeof(buf));
	return 0;
}

int64_t
call_env_set_type(struct env *e, envid_t id, uint32_t type)
{
	struct env *target;
	int r = env_lookup(id, &target, true);

	if (r < 0)
		return r;
	if (e->type != ENV_TYPE_NS || type != ENV_TYPE_NET || target == e)
		return -E_PERM;
	target->type = type;
	return 0;
}

int64_t
call_env_set_fs_base(struct env *e, envid_t id, uint64_t base)
{
	struct env *target;
	int r = env_lookup(id, &target, true);

	if (r < 0)
		return r;
	if (base >= ULIM)
		return -E_INVAL;
	target->fs_base = base;
	if (target == e)
		write_msr(MSR_FS_BASE, base);
	return 0;
}

/*
 * The table of calls: each entry unpacks the argument registers (rdi rsi rdx
 * r10 r8) into the types of its call_NAME.
 */
#define UNPACK0(n) \
	static int64_t do_##n(struct env *e, const struct regs *r UNUSED) \
	{ return call_##n(e); }
#define UNPACK1(n, t1, a1) \
	static int64_t do_##n(struct env *e, const struct regs *r) \
	{ return call_##n(e, (t1)r->rdi); }
#define UNPACK2(n, t1, a1, t2, a2) \
	static int64_t do_##n(struct env *e, const struct regs *r) \
	{ return call_##n(e, (t1)r->rdi, (t2)r->rsi); }
#define UNPACK3(n, t1, a1, t2, a2, t3, a3) \
	static int64_t do_##n(struct env *e, const struct regs *r) \
	{ return call_##n(e, (t1)r->rdi, (t2)r->rsi, (t3)r->rdx); }
#define UNPACK4(n, t1, a1, t2, a2, t3, a3, t4, a4) \
	static int64_t do_##n(struct env *e, const struct regs *r) \
	{ return call_##n(e, (t1)r->rdi, (t2)r->rsi, (t3)r->rdx, \
			  (t4)r->r10); }
#define UNPACK5(n, t1, a1, t2, a2, t3, a3, t4, a4, t5, a5) \
	static int64_t do_##n(struct env *e, const struct regs *r) \
	{ return call_##n(e, (t1)r->rdi, (t2)r->rsi, (t3)r->rdx, \
			  (t4)r->r10, (t5)r->r8); }
SYSCALLS(UNPACK0, UNPACK1, UNPACK2, UNPACK3, UNPACK4, UNPACK5)

#define TABLE_ENTRY(n, ...) [SYS_##n] = do_##n,
static int64_t (*const table[NSYSCALLS])(struct env *, const struct regs *) = {
	SYSCALLS(TABLE_ENTRY, TABLE_ENTRY, TABLE_ENTRY, TABLE_ENTRY,
		 TABLE_ENTRY, TABLE_ENTRY)
};

int64_t
syscall_dispatch(struct env *e, const struct regs *r)
{
	if (r->rax >= NSYSCALLS)
		return -E_INVAL;
	return table[r->rax](e, r);
}
