/*
 * env.c: environments: their table, their birth from an embedded program or
 * by exofork, and their end. Rules in kern/env.h.
 */
#include "kern/env.h"
#include "kern/cpu.h"
#include "kern/dp.h"
#include "kern/kernel.h"
#include "kern/lapic.h"
#include "kern/loader.h"
#include "kern/pmap.h"
#include "kern/spinlock.h"
#include "kern/trace.h"
#include "kern/trap.h"

struct env *envs;
static struct env *free_envs;
static int nenv;

/* FXSAVE areas, apart from struct env, which everybody can read in UENVS. */
static uint8_t fpu_state[NENV][512] ALIGNED(16);
static uint8_t fpu_initial[512] ALIGNED(16);

static void
fpu_save(struct env *e)
{
	__asm__ volatile("fxsave64 %0" : "=m"(fpu_state[e - envs]));
}

static void
fpu_restore(struct env *e)
{
	__asm__ volatile("fxrstor64 %0" : : "m"(fpu_state[e - envs]));
}

void
env_init(void)
{
	/* A fresh FPU: the state after FNINIT, all SSE exceptions masked. */
	__asm__ volatile("fninit; fxsave64 %0" : "=m"(fpu_initial));
	*(uint32_t *)&fpu_initial[24] = 0x1f80;
	for (int i = NENV - 1; i >= 0; i--) {
		envs[i].link = free_envs;
		free_envs = &envs[i];
	}
}

/* The id that the slot gets at its next use: see inc/env.h. */
static envid_t
next_id(struct env *e)
{
	uint32_t generation = ((uint32_t)e->id + (1 << 12)) &
		~(uint32_t)(NENV - 1) & 0x7fffffff;

	if (generation == 0)
		generation = 1 << 12;
	return generation | (uint32_t)(e - envs);
}

// @exercise env_alloc 5 'Make an environment'
int
env_alloc(struct env **out, envid_t parent)
{
	struct env *e = free_envs;
	pte_t *pml4;
	envid_t id;

	if (!e)
		return -E_NO_FREE_ENV;
	pml4 = pml4_create();
	if (!pml4)
		return -E_NO_MEM;
	free_envs = e->link;
	id = next_id(e);
	memset(e, 0, sizeof(*e));
	e->id = id;
	e->parent_id = parent;
	e->pml4 = pml4;
	e->pml4_pa = kva2pa(pml4);
	e->status = ENV_NOT_RUNNABLE;
	e->cpu = -1;
	e->tf.cs = GD_UT | 3;
	e->tf.ss = GD_UD | 3;
	e->tf.rflags = FL_IF | FL_MBS;
	memcpy(fpu_state[e - envs], fpu_initial, sizeof(fpu_initial));
	nenv++;
	*out = e;
	return 0;
}
// @end

/* The child of an exofork starts with its parent's FPU registers. */
void
env_copy_fpu(struct env *child, struct env *parent)
{
	fpu_save(parent);
	memcpy(fpu_state[child - envs], fpu_state[parent - envs],
	       sizeof(fpu_initial));
}

int
env_count(void)
{
	return nenv;
}

int
env_lookup(envid_t id, struct env **out, bool check)
{
	struct env *e;

	if (id == 0) {
		*out = curenv;
		return 0;
	}
	e = &envs[ENVX(id)];
	if (id < 0 || e->status == ENV_FREE || e->status == ENV_DYING ||
	    e->id != id)
		return -E_BAD_ENV;
	if (check && e != curenv && e->parent_id != curenv->id)
		return -E_BAD_ENV;
	*out = e;
	return 0;
}

/* Those that wait for e's end need wait no longer. */
static void
wake_waiters(struct env *e)
{
	for (int i = 0; i < NENV; i++) {
		struct env *w = &envs[i];

		if (w->status == ENV_NOT_RUNNABLE && w->wait == WAIT_ENV &&
		    w->wait_env == e->id) {
			env_set_result(w, 0);
			env_wake(w);
		}
	}
}

void
env_free(struct env *e)
{
	struct cpu *cpu = this_cpu();

	if (args_number("verbose", 0))
		cprintf("[%08x] free env %08x\n", cpu->cur ? cpu->cur->id : 0,
			e->id);
	for (int i = 0; i < ncpu; i++)
		if (cpus[i].fpu_owner == e)
			cpus[i].fpu_owner = NULL;
	e->status = ENV_DYING;
	ipc_env_gone(e);
	dp_env_gone(e);
	wake_waiters(e);
	pml4_destroy(e);
	e->status = ENV_FREE;
	e->link = free_envs;
	free_envs = e;
	nenv--;
	machine_env_ended(e);
}

void
env_destroy(struct env *e)
{
	struct cpu *cpu = this_cpu();

	if (e->status == ENV_RUNNING && cpu->cur != e) {
		e->status = ENV_DYING;
		lapic_ipi(e->cpu, T_IPI_WAKE);
		return;
	}
	if (e->status == ENV_RUNNABLE)
		sched_dequeue(e);
	else if (e->status == ENV_NOT_RUNNABLE)
		env_unblock(e);
	env_free(e);
	if (cpu->cur == e)
		cpu->cur = NULL;
}

void
env_kill(struct env *e, const char *reason)
{
	cprintf("[%08x] killed: %s\n", e->id, reason);
	env_destroy(e);
}

/* Programs that the kernel starts with more rights than others have. */
static const struct {
	const char *name;
	uint32_t type;
} entitled[] = {
	{ "ns", ENV_TYPE_NS },
	{ "ixcp", ENV_TYPE_CONTROL }, { "evilcp", ENV_TYPE_CONTROL },
	{ "testoutput", ENV_TYPE_NET }, { "testinput", ENV_TYPE_NET },
	{ "evilframes", ENV_TYPE_NET },
};

int
env_start_program(const char *cmdline)
{
	struct env *e;
	int r = env_alloc(&e, 0);

	if (r < 0)
		return r;
	r = load_program(e, cmdline);
	if (r < 0) {
		env_destroy(e);
		return r;
	}
	for (size_t i = 0; i < ARRAY_SIZE(entitled); i++)
		if (strcmp(e->name, entitled[i].name) == 0)
			e->type = entitled[i].type;
	r = e->id;
	env_wake(e);
	return r;
}

void
env_leave(struct env *e)
{
	fpu_save(e);
	this_cpu()->cur = NULL;
}

/*
 * The FPU registers are saved whenever an environment leaves a CPU, and
 * loaded unless they are still there from last time.
 */
// @exercise env_switch 5 'Give an environment the CPU'
static void
switch_to(struct cpu *cpu, struct env *e)
{
	if (cpu->fpu_owner != e || e->cpu != cpu->id)
		fpu_restore(e);
	cpu->fpu_owner = e;
	cpu->cur = e;
	if (unlikely(trace_on)) {
		trace_env(e);
		trace_record(TRACE_ENV_SWITCH, 0, 0, 0);
	}
	e->status = ENV_RUNNING;
	e->cpu = cpu->id;
	e->runs++;
	e->count.env_switches++;
	cpu->count->env_switches++;
	if (read_cr3() != e->pml4_pa)
		write_cr3(e->pml4_pa);
	write_msr(MSR_FS_BASE, e->fs_base);
}
// @end

void
env_run(struct env *e)
{
	struct cpu *cpu = this_cpu();
	uint64_t now;

	if (cpu->cur != e)
		switch_to(cpu, e);
	now = read_tsc();
	cpu->count->kernel_tsc += now - cpu->last_tsc;
	e->count.kernel_tsc += now - cpu->last_tsc;
	cpu->last_tsc = now;
	unlock_kernel();
	trap_return(&e->tf);
}
