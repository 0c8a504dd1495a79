/*
 * evil.c: a hostile libOS, for the graded tests: in ring 1, in place of the
 * real one (`ixcp run -L evilos ixcross ATTACK`), it tries what the kernel
 * must not allow. An attack that is stopped by the processor ends the
 * dataplane with the trap that the test expects; one that the kernel refuses
 * ends in exit code 0; exit code 1 means that it was possible.
 */
#include "inc/attack.h"
#include "inc/dp.h"
#include "inc/memlayout.h"
#include "inc/mmu.h"
#include "inc/string.h"
#include "inc/types.h"
#include "inc/x86.h"

#define boot	((const struct dp_boot *)DP_BOOT)
#define common	((volatile struct dp_common *)DP_COMMON)
#define stats	((volatile struct dp_stats *)DP_STATS)

static inline int64_t
kcall(uint64_t number, uint64_t a, uint64_t b)
{
	int64_t result;

	__asm__ volatile("int $0x41"
			 : "=a"(result) : "a"(number), "D"(a), "S"(b)
			 : "memory", "cc");
	return result;
}

/* cpu 1 is this core's in the tests, cpu 2 that of the other core. */
static const struct attack touches[] = {
	{ "read-kernel", attack_read, KERNBASE + 0x200000 },
	{ "read-physmap", attack_read, PHYSMAP + 0x200000 },
	{ "write-physmap", attack_write, PHYSMAP + 0x200000 },
	{ "read-kstack", attack_read, KSTACK_TOP(1) - 64 },
	{ "read-lapic", attack_read, KMMIO },
	{ "read-uvpt", attack_read, UVPT },
	{ "read-uenvs", attack_read, UENVS },
	{ "write-uinfo", attack_write, UINFO },
	{ "write-gdt", attack_write, KCPU + PGSIZE },
	{ "write-tss", attack_write, KCPU + PGSIZE + 100 },
	{ "read-other-gdt", attack_read, KCPU },
	{ "write-idt", attack_write, KENTRY + (1ul << KENTRY_SHIFT) },
	{ "other-idt", attack_write, KENTRY + (2ul << KENTRY_SHIFT) },
	{ "other-stack", attack_write,
		KENTRY + (2ul << KENTRY_SHIFT) + 0xbf80 },
	{ "write-text", attack_write, DP_TEXT },
	{ "write-regs-end", attack_write, DP_REGS_END },
	{ "write-app-text", attack_write, IX_TEXT },
	{ "run-app", attack_jump, IX_TEXT },
	{ "run-data", attack_jump, DP_SYS + 0x80000 },
};

#define INSTRUCTION(name, text) \
	static void \
	name(void) \
	{ \
		__asm__ volatile(text : : : "memory", "rax", "rcx", "rdx"); \
	}
INSTRUCTION(do_cli, "cli")
INSTRUCTION(do_sti, "sti")
INSTRUCTION(do_hlt, "hlt")
INSTRUCTION(do_in, "mov $0x60, %%edx; in %%dx, %%al")
INSTRUCTION(do_out, "mov $0xf4, %%edx; out %%al, %%dx")
INSTRUCTION(do_cr0, "mov %%cr0, %%rax; mov %%rax, %%cr0")
INSTRUCTION(do_cr3, "mov %%cr3, %%rax; mov %%rax, %%cr3")
INSTRUCTION(do_cr4, "xor %%eax, %%eax; mov %%rax, %%cr4")
INSTRUCTION(do_dr7, "xor %%eax, %%eax; mov %%rax, %%dr7")
INSTRUCTION(do_lgdt, "lgdt (%%rsp)")
INSTRUCTION(do_lidt, "lidt (%%rsp)")
INSTRUCTION(do_lldt, "xor %%eax, %%eax; lldt %%ax")
INSTRUCTION(do_ltr, "mov $0x40, %%eax; ltr %%ax")
INSTRUCTION(do_clts, "clts")
INSTRUCTION(do_invlpg, "invlpg (%%rsp)")
INSTRUCTION(do_swapgs, "swapgs")
INSTRUCTION(do_sysret, "sysretq")
INSTRUCTION(do_xsetbv, "xor %%ecx, %%ecx; xor %%eax, %%eax; xsetbv")
INSTRUCTION(do_rdmsr, "mov $0xc0000080, %%ecx; rdmsr")
INSTRUCTION(do_wrmsr, "mov $0xc0000080, %%ecx; wrmsr")
INSTRUCTION(do_stac, "stac")
INSTRUCTION(do_syscall, "syscall")
INSTRUCTION(do_int20, "int $0x20")
INSTRUCTION(do_intfd, "int $0xfd")
INSTRUCTION(do_int40, "int $0x40")
INSTRUCTION(do_ring0, "push $0x08; lea 1f(%%rip), %%rax; push %%rax; "
	    "lretq; 1:")
INSTRUCTION(do_iret0, "mov %%rsp, %%rax; push $0x10; push %%rax; pushfq; "
	    "push $0x08; lea 1f(%%rip), %%rax; push %%rax; iretq; 1:")

/* The kernel's entry code is there to be read: the table says where. */
static uint64_t
stub_code(void)
{
	const struct gate *g = (const struct gate *)
		(KENTRY + ((uint64_t)boot->cpu << KENTRY_SHIFT));

	return (uint64_t)g->offset_high << 32 |
		(uint64_t)g->offset_mid << 16 | g->offset_low;
}

static void
run_stub(void)
{
	attack_jump(stub_code());
}

static void
write_stub(void)
{
	attack_write(stub_code());
}

static const struct {
	const char *name;
	void (*run)(void);
} instructions[] = {
	{ "run-stub", run_stub }, { "write-stub", write_stub },
	{ "cli", do_cli }, { "sti", do_sti }, { "hlt", do_hlt },
	{ "in", do_in }, { "out", do_out }, { "cr0", do_cr0 },
	{ "cr3", do_cr3 }, { "cr4", do_cr4 }, { "dr7", do_dr7 },
	{ "lgdt", do_lgdt }, { "lidt", do_lidt }, { "lldt", do_lldt },
	{ "ltr", do_ltr }, { "clts", do_clts }, { "invlpg", do_invlpg },
	{ "swapgs", do_swapgs }, { "sysret", do_sysret },
	{ "xsetbv", do_xsetbv }, { "rdmsr", do_rdmsr },
	{ "wrmsr", do_wrmsr }, { "stac", do_stac },
	{ "syscall", do_syscall }, { "int20", do_int20 },
	{ "intfd", do_intfd }, { "int40", do_int40 },
	{ "ring0", do_ring0 }, { "iret0", do_iret0 },
};

/* --- Attacks that the kernel must survive, not the processor ----------- */

/* popf and iretq at CPL 1 leave IF and IOPL alone: 0 if they did. */
static int
flags(void)
{
	uint64_t f;

	__asm__ volatile("pushfq; andq $~0x200, (%%rsp); "
			 "orq $0x3000, (%%rsp); popfq; pushfq; popq %0"
			 : "=r"(f) : : "memory", "cc");
	return (f & (FL_IF | FL_IOPL)) != FL_IF;
}

/* Kernel calls with bad numbers and addresses: each must be refused. */
static int
kcalls(void)
{
	static const uint64_t bad[] = {
		0, 8, DP_TEXT - PG2SIZE, KERNBASE, PHYSMAP, KENTRY, KCPU, UVPT,
		DP_REGS, DP_STACK_TOP + 0x10000000, ~0ul, ~0ul - 4095, UINFO,
		UCOUNT,
		1ul << 63, 0x0000800000000000,
	};
	int possible = 0;

	for (uint32_t i = 0; i < ARRAY_SIZE(bad); i++) {
		possible += kcall(DPC_PRINT, bad[i], 64) >= 0;
		possible += kcall(DPC_PHYS, bad[i], 0) >= 0;
		possible += kcall(DPC_PHYS, ROUNDDOWN(bad[i], PG2SIZE), 0) >= 0;
	}
	possible += kcall(DPC_MAP, 0, 0) >= 0;
	possible += kcall(DPC_MAP, ~0ul, 0) >= 0;
	possible += kcall(DPC_MAP, 1ul << 32, 0) >= 0;
	possible += kcall(DPC_MAP, 2000, 0) >= 0;	/* more than there is */
	for (uint64_t n = DPC_NCALLS; n < 300; n++)
		possible += kcall(n, 0, 0) >= 0;
	possible += kcall(~0ul, 0, 0) >= 0;
	return possible != 0;
}

/*
 * Write this core's own entry stack over and over while ticks arrive: the
 * kernel trusts only what the processor has pushed since the entry.
 */
static int
own_stack(void)
{
	uint64_t slot = KENTRY + ((uint64_t)boot->cpu << KENTRY_SHIFT);
	volatile uint64_t *page = (volatile uint64_t *)(slot + 11 * PGSIZE);
	uint64_t end = read_tsc() + boot->tsc_hz / 20;

	while (read_tsc() < end) {
		for (uint32_t i = 0; i < PGSIZE / 8; i++)
			page[i] = i % 5 == 1 ? GD_KT : KERNBASE + 0x200000;
		if (stats->tick_stopped) {
			stats->tick_stopped = 0;
			kcall(DPC_TICK, 0, 0);
		}
	}
	return 0;
}

/* Registers and flags that the kernel must not take over. */
static int
junk_registers(void)
{
	for (int i = 0; i < 1000; i++)
		__asm__ volatile("pushfq; orq $0x40400, (%%rsp); popfq; "
				 "mov $0x23, %%ecx; mov %%ecx, %%fs; "
				 "xor %%ecx, %%ecx; mov %%ecx, %%gs; "
				 "int $0x41; cld"
				 : : "a"(DPC_NCALLS) : "rcx", "memory", "cc");
	return 0;
}

/* The kernel's word on where the statistics are is its own. */
static int
junk_stats(void)
{
	memset((void *)common, 0xff, sizeof(*common));
	kcall(DPC_TICK, 0, 0);
	for (uint64_t end = read_tsc() + boot->tsc_hz / 50; read_tsc() < end;)
		cpu_pause();
	return 0;
}

static const struct {
	const char *name;
	int (*run)(void);
} others[] = {
	{ "flags", flags }, { "kcalls", kcalls }, { "own-stack", own_stack },
	{ "junk-registers", junk_registers }, { "junk-stats", junk_stats },
};

void dp_main(void);
int64_t dp_enter(void);

void
dp_main(void)
{
	const char *name = strchr(boot->args, ' ');
	uint64_t code = 2;

	name = name ? name + 1 : "";
	for (uint32_t i = 0; i < ARRAY_SIZE(touches); i++)
		if (strcmp(name, touches[i].name) == 0) {
			touches[i].touch(touches[i].va);
			code = 1;
		}
	for (uint32_t i = 0; i < ARRAY_SIZE(instructions); i++)
		if (strcmp(name, instructions[i].name) == 0) {
			instructions[i].run();
			code = 1;
		}
	for (uint32_t i = 0; i < ARRAY_SIZE(others); i++)
		if (strcmp(name, others[i].name) == 0)
			code = others[i].run();
	/* Never return: only the kernel ends this. */
	if (strcmp(name, "spin") == 0)
		for (;;)
			cpu_pause();
	if (strcmp(name, "wait") == 0)
		for (;;)
			kcall(DPC_WAIT, ~0ul, 0);
	kcall(DPC_EXIT, code, 0);
}

int64_t
dp_enter(void)
{
	return 0;
}
