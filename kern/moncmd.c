/*
 * moncmd.c: the monitor's commands. The big kernel lock is held.
 */
#include "kern/monitor.h"
#include "kern/cpu.h"
#include "kern/dp.h"
#include "kern/env.h"
#include "kern/kernel.h"
#include "kern/nic.h"
#include "kern/pmap.h"
#include "kern/spinlock.h"
#include "kern/trap.h"

static bool
cmd_help(int argc UNUSED, char *argv[] UNUSED, struct trapframe *tf UNUSED)
{
	for (int i = 0; i < nmonitor_commands; i++)
		cprintf("%s - %s\n", monitor_commands[i].name,
			monitor_commands[i].help);
	return false;
}

static bool
cmd_kerninfo(int argc UNUSED, char *argv[] UNUSED, struct trapframe *tf UNUSED)
{
	cprintf("  text   %p to %p\n", (void *)kern_text_start,
		(void *)kern_text_end);
	cprintf("  rodata %p to %p\n", (void *)kern_text_end,
		(void *)kern_rodata_end);
	cprintf("  data   %p to %p\n", (void *)kern_rodata_end,
		(void *)kern_end);
	cprintf("  image %lu KB, %lu programs, pages %lu of %lu free\n",
		(uint64_t)(kern_end - kern_start) / 1024,
		(uint64_t)uinfo->nprogram, page_count_free(), npages);
	return false;
}

static bool
cmd_backtrace(int argc UNUSED, char *argv[] UNUSED, struct trapframe *tf)
{
	if (tf)
		backtrace(tf->rip, tf->regs.rbp);
	else
		backtrace_here();
	return false;
}

/* The root table that an address argument means: the current env's or ours. */
static pte_t *
root(void)
{
	return curenv ? curenv->pml4 : kern_pml4;
}

static bool
parse(const char *s, uint64_t *v)
{
	char *end;

	*v = strtoull(s, &end, 16);
	if (*end == '\0' && end != s)
		return true;
	cprintf("not a hexadecimal number: %s\n", s);
	return false;
}

static bool
cmd_mappings(int argc, char *argv[], struct trapframe *tf UNUSED)
{
	uint64_t first, last;

	if (argc < 2 || !parse(argv[1], &first) ||
	    !parse(argv[argc > 2 ? 2 : 1], &last)) {
		cprintf("usage: mappings FIRST [LAST]\n");
		return false;
	}
	for (uint64_t va = ROUNDDOWN(first, PGSIZE);; va += PGSIZE) {
		pte_t *pte = pt_walk(root(), va, false);

		if (pte && (*pte & PTE_P))
			cprintf("%016lx -> %012lx %c%c%c%s\n", va,
				(*pte & PTE_PS ? PTE_ADDR(*pte) +
				 (va & (PG2SIZE - 1) & ~(PGSIZE - 1)) :
				 PTE_ADDR(*pte)),
				*pte & PTE_U ? 'u' : 'k',
				*pte & PTE_W ? 'w' : 'r',
				*pte & PTE_NX ? '-' : 'x',
				*pte & PTE_PS ? " 2M" : "");
		else
			cprintf("%016lx -> not mapped\n", va);
		if (va >= ROUNDDOWN(last, PGSIZE))
			break;
	}
	return false;
}

static bool
cmd_permissions(int argc, char *argv[], struct trapframe *tf UNUSED)
{
	uint64_t va;
	pte_t *pte;

	if (argc != 3 || !parse(argv[1], &va)) {
		cprintf("usage: permissions ADDRESS [u][w][x]\n");
		return false;
	}
	pte = pt_walk(root(), va, false);
	if (!pte || !(*pte & PTE_P)) {
		cprintf("%016lx is not mapped\n", va);
		return false;
	}
	*pte &= ~(PTE_U | PTE_W);
	*pte |= PTE_NX;
	if (strchr(argv[2], 'u'))
		*pte |= PTE_U;
	if (strchr(argv[2], 'w'))
		*pte |= PTE_W;
	if (strchr(argv[2], 'x'))
		*pte &= ~PTE_NX;
	write_cr3(read_cr3());
	return cmd_mappings(2, argv, tf);
}

/*
 * The word at va, read through the physical map: SMAP guards user pages.
 * False, with a message, if nothing is mapped there or it is a device.
 */
static bool
read_word(uint64_t va, uint64_t *word)
{
	pte_t *pte = pt_walk(root(), va, false);
	uint64_t pa;

	if (!pte || !(*pte & PTE_P)) {
		cprintf("%016lx: not mapped\n", va);
		return false;
	}
	pa = PTE_ADDR(*pte) + (*pte & PTE_PS ? va % PG2SIZE : PGOFF(va));
	pte = pt_walk(kern_pml4, PHYSMAP + pa, false);
	if (!pte || !(*pte & PTE_P)) {
		cprintf("%016lx: %012lx is no memory\n", va, pa);
		return false;
	}
	*word = *(uint64_t *)pa2kva(pa);
	return true;
}

static bool
cmd_dump(int argc, char *argv[], struct trapframe *tf UNUSED)
{
	bool physical = argc > 1 && strcmp(argv[1], "-p") == 0;
	uint64_t va, n, word;

	argc -= physical;
	argv += physical;
	if (argc != 3 || !parse(argv[1], &va) || !parse(argv[2], &n)) {
		cprintf("usage: dump [-p] ADDRESS WORDS\n");
		return false;
	}
	if (physical)
		va += PHYSMAP;
	va &= ~7ul;
	for (uint64_t i = 0; i < MIN(n, 512ul); i++, va += 8) {
		if (!read_word(va, &word))
			break;
		if (i % 2 == 0)
			cprintf("%016lx:", va);
		cprintf(" %016lx%s", word, i % 2 ? "\n" : "");
	}
	cprintf("\n");
	return false;
}

static const char *
status_name(const struct env *e)
{
	static const char *const status[] = {
		"free", "dying", "runnable", "running", "stopped"
	};
	static const char *const wait[] = {
		"stopped", "receives", "sends", "sleeps", "waits for env",
		"reads console", "waits for frame", "waits for dataplane"
	};

	return e->status == ENV_NOT_RUNNABLE ? wait[e->wait]
					     : status[e->status];
}

static bool
cmd_envs(int argc UNUSED, char *argv[] UNUSED, struct trapframe *tf UNUSED)
{
	cprintf("id        parent    cpu  runs       state            name\n");
	for (int i = 0; i < NENV; i++) {
		struct env *e = &envs[i];

		if (e->status != ENV_FREE)
			cprintf("%08x  %08x  %3d  %-9u  %-15s  %s\n", e->id,
				e->parent_id, e->cpu, e->runs, status_name(e),
				e->name);
	}
	return false;
}

static bool
cmd_cpus(int argc UNUSED, char *argv[] UNUSED, struct trapframe *tf UNUSED)
{
	for (int i = 0; i < ncpu; i++) {
		struct cpu *c = &cpus[i];

		cprintf("CPU %d: APIC %u, %s%s%s\n", i, c->apic_id,
			c->dp ? "dataplane" : c->cur ? "runs " :
			i == cpu_id() ? "monitor" : "idle",
			c->cur ? c->cur->name : "", "");
	}
	return false;
}

static bool
cmd_run(int argc, char *argv[], struct trapframe *tf)
{
	char line[256] = "";
	int r;

	for (int i = 1; i < argc; i++) {
		if (i > 1)
			strlcpy(line + strlen(line), " ",
				sizeof(line) - strlen(line));
		strlcpy(line + strlen(line), argv[i],
			sizeof(line) - strlen(line));
	}
	r = env_start_program(line);
	if (r < 0) {
		cprintf("cannot start \"%s\": %s\n", line, error_string(r));
		return false;
	}
	cprintf("[%08x] %s\n", r, line);
	if (tf)
		return false;	/* it runs when the stopped one continues */
	machine_resume();
	sched_yield();
}

static bool
cmd_kill(int argc, char *argv[], struct trapframe *tf UNUSED)
{
	struct env *e;
	uint64_t id;

	if (argc != 2 || !parse(argv[1], &id)) {
		cprintf("usage: kill ENVID\n");
		return false;
	}
	e = &envs[ENVX(id)];
	if (e->status == ENV_FREE || e->status == ENV_DYING ||
	    (uint64_t)e->id != id) {
		cprintf("no environment %08lx\n", id);
		return false;
	}
	env_kill(e, "by the monitor");
	if (!curenv && tf)
		sched_yield();
	return false;
}

static bool
cmd_continue(int argc UNUSED, char *argv[] UNUSED, struct trapframe *tf)
{
	if (!tf) {
		if (env_count() == 0) {
			cprintf("nothing to continue\n");
			return false;
		}
		machine_resume();
		sched_yield();
	}
	return true;
}

static bool
cmd_step(int argc UNUSED, char *argv[] UNUSED, struct trapframe *tf)
{
	if (!tf || !curenv) {
		cprintf("no environment is stopped\n");
		return false;
	}
	tf->rflags |= FL_TF;
	monitor_step(curenv);
	return true;
}

static bool
cmd_counters(int argc UNUSED, char *argv[] UNUSED, struct trapframe *tf UNUSED)
{
	static const struct counter_name names[] = COUNTER_NAMES;

	for (size_t i = 0; i < NCOUNTERS; i++) {
		uint64_t sum = 0;

		for (int c = 0; c < ncpu; c++)
			sum += ((uint64_t *)&cpu_counters[c].c)[i];
		if (!sum)
			continue;
		cprintf("%-21s", names[i].name);
		for (int c = 0; c < ncpu; c++)
			cprintf(" %12lu",
				((uint64_t *)&cpu_counters[c].c)[i]);
		cprintf("  %s\n", names[i].text);
	}
	return false;
}

static bool
cmd_nics(int argc UNUSED, char *argv[] UNUSED, struct trapframe *tf UNUSED)
{
	nic_print();
	return false;
}

static bool
cmd_dataplanes(int argc UNUSED, char *argv[] UNUSED,
	       struct trapframe *tf UNUSED)
{
	dp_print();
	return false;
}

static bool
cmd_shutdown(int argc UNUSED, char *argv[] UNUSED, struct trapframe *tf UNUSED)
{
	machine_shutdown(0);
}

const struct monitor_command monitor_commands[] = {
	{ "help", "this list", cmd_help },
	{ "kerninfo", "the kernel's image and memory", cmd_kerninfo },
	{ "backtrace", "the calls that led here", cmd_backtrace },
	{ "mappings", "FIRST [LAST]: what addresses are mapped to",
	  cmd_mappings },
	{ "permissions", "ADDRESS [u][w][x]: change a mapping",
	  cmd_permissions },
	{ "dump", "[-p] ADDRESS WORDS: memory, virtual or physical",
	  cmd_dump },
	{ "envs", "the environments", cmd_envs },
	{ "cpus", "the CPUs", cmd_cpus },
	{ "run", "NAME [ARGS]: start a program", cmd_run },
	{ "kill", "ENVID: end an environment", cmd_kill },
	{ "step", "one instruction of the stopped environment", cmd_step },
	{ "continue", "leave the monitor", cmd_continue },
	{ "counters", "what each CPU has counted", cmd_counters },
	{ "nics", "the network interfaces, their owners and counters",
	  cmd_nics },
	{ "dataplanes", "dataplanes: owner, memory, cores, queues",
	  cmd_dataplanes },
	{ "shutdown", "end the machine", cmd_shutdown },
};
const int nmonitor_commands = ARRAY_SIZE(monitor_commands);
