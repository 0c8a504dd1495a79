/*
 * cpu.c: what each CPU loads for itself: descriptor tables, control
 * registers, the SYSCALL entry; and the start of the other CPUs.
 */
#include "kern/cpu.h"
#include "kern/acpi.h"
#include "kern/env.h"
#include "kern/kernel.h"
#include "kern/lapic.h"
#include "kern/pmap.h"
#include "kern/spinlock.h"
#include "kern/time.h"
#include "kern/trap.h"

struct cpu cpus[NCPU];
int ncpu = 1;
bool cpu_has_smap, cpu_has_smep, cpu_has_umip;

/* Segment descriptors (AMD64 APM volume 2, section 4.8), accessed bits set. */
#define SEG_KCODE	0x00af9b000000fffful	/* ring 0, 64-bit code */
#define SEG_KDATA	0x00cf93000000fffful	/* ring 0, data */
#define SEG_UDATA	0x00cff3000000fffful	/* ring 3, data */
#define SEG_UCODE	0x00affb000000fffful	/* ring 3, 64-bit code */
#define SEG_LCODE	0x00afbb000000fffful	/* ring 1, 64-bit code */

/* kern/mpentry.S: the real-mode code that other CPUs start in. */
extern char mpentry_start[], mpentry_end[];
extern uint64_t mpentry_cr3, mpentry_stack;
#define MPENTRY_PA	0x8000
static volatile int mp_starting;

/* Replace the marked clac instructions by nops where there is no SMAP. */
static void
patch_clac(void)
{
	extern uint64_t kern_clac_start[], kern_clac_end[];
	static const uint8_t nop3[] = { 0x0f, 0x1f, 0x00 };

	for (uint64_t *site = kern_clac_start; site < kern_clac_end; site++)
		memcpy(pa2kva(*site - KERNBASE), nop3, sizeof(nop3));
}

void
cpu_init_features(void)
{
	uint32_t r[4];

	cpuid(0, 0, r);
	if (r[0] >= 7) {
		cpuid(7, 0, r);
		cpu_has_smep = r[1] & 1 << 7;
		cpu_has_smap = r[1] & 1 << 20;
		cpu_has_umip = r[2] & 1 << 2;
	}
	if (!cpu_has_smap)
		patch_clac();
}

static void
load_segments(int id)
{
	struct cpu_page *page = cpus[id].page;
	struct cpu_page *shown = (struct cpu_page *)(KCPU + id * PGSIZE);
	uint64_t tss = (uint64_t)&shown->tss;
	struct table_desc gdtr = {
		sizeof(page->gdt) - 1, (uint64_t)shown->gdt
	};

	page->gdt[GD_KT >> 3] = SEG_KCODE;
	page->gdt[GD_KD >> 3] = SEG_KDATA;
	page->gdt[GD_UD >> 3] = SEG_UDATA;
	page->gdt[GD_UT >> 3] = SEG_UCODE;
	page->gdt[GD_LT >> 3] = SEG_LCODE;
	/*
	 * LTR marks the descriptor busy by writing to it, and the page that
	 * the processor sees is read-only: load it through the alias first.
	 */
	page->gdt[GD_TSS >> 3] = (sizeof(struct tss) - 1) |
		(tss & 0xffffff) << 16 | 0x89ul << 40 |
		(tss >> 24 & 0xff) << 56;
	page->gdt[(GD_TSS >> 3) + 1] = tss >> 32;
	page->tss.rsp[0] = KSTACK_TOP(id);
	for (int ist = 1; ist <= 4; ist++)
		page->tss.ist[ist - 1] = KIST_TOP(id, ist);
	page->tss.iomap_base = sizeof(struct tss);

	gdtr.base = (uint64_t)page->gdt;
	__asm__ volatile("lgdt %0" : : "m"(gdtr));
	__asm__ volatile("ltr %w0" : : "r"(GD_TSS));
	gdtr.base = (uint64_t)shown->gdt;
	__asm__ volatile("lgdt %0" : : "m"(gdtr));
	__asm__ volatile("movw %w0, %%ds; movw %w0, %%es; movw %w0, %%ss\n"
			 "movw %w1, %%fs; movw %w1, %%gs"
			 : : "r"(GD_KD), "r"(0));
	/* A far return is how CS is loaded. */
	__asm__ volatile("pushq %0; leaq 1f(%%rip), %%rax; pushq %%rax\n"
			 "lretq\n1:"
			 : : "i"(GD_KT) : "rax", "memory");
}

void
cpu_init(int id)
{
	uint64_t cr4 = read_cr4();

	load_segments(id);
	trap_load();
	cr4 |= CR4_OSFXSR | CR4_OSXMMEXCPT;
	if (cpu_has_smep)
		cr4 |= CR4_SMEP;
	if (cpu_has_smap)
		cr4 |= CR4_SMAP;
	if (cpu_has_umip)
		cr4 |= CR4_UMIP;
	write_cr4(cr4);
	write_cr0((read_cr0() & ~(CR0_EM | CR0_TS)) | CR0_MP | CR0_NE |
		  CR0_WP);

	write_msr(MSR_STAR, (uint64_t)(GD_UD - 8) << 48 |
		  (uint64_t)GD_KT << 32);
	write_msr(MSR_LSTAR, (uint64_t)syscall_entry +
		  id * SYSCALL_ENTRY_SIZE);
	write_msr(MSR_SFMASK, FL_IF | FL_TF | FL_DF | FL_AC | FL_NT | FL_IOPL);
	write_msr(MSR_EFER, read_msr(MSR_EFER) | EFER_SCE);
	lapic_init();
	cpus[id].id = id;
	cpus[id].count = &cpu_counters[id].c;
	cpus[id].last_tsc = read_tsc();
}

/* From kern/mpentry.S, on the new CPU's own stack and the kernel's tables. */
void
mp_main(void)
{
	int id = cpu_id();

	cpu_init(id);
	cpus[id].started = true;
	WRITE_ONCE(mp_starting, -1);
	lock_kernel();
	sched_yield();
}

static void
start_one(int id)
{
	uint64_t deadline;

	mem_init_cpu(id);
	cpus[id].id = id;
	cpus[id].count = &cpu_counters[id].c;
	cpus[id].page->gdt[0] = 0;
	*(uint64_t *)pa2kva(MPENTRY_PA + ((char *)&mpentry_cr3 -
					  mpentry_start)) = kern_pml4_pa;
	*(uint64_t *)pa2kva(MPENTRY_PA + ((char *)&mpentry_stack -
					  mpentry_start)) = KSTACK_TOP(id);
	WRITE_ONCE(mp_starting, id);
	lapic_start_ap(cpus[id].apic_id, MPENTRY_PA);
	deadline = read_tsc() + tsc_hz * 5;
	while (READ_ONCE(mp_starting) == id && read_tsc() < deadline)
		cpu_pause();
	if (mp_starting == id)
		panic("CPU %d (APIC %u) does not start", id,
		      cpus[id].apic_id);
	uinfo->cpu[id].role = CPU_SHARED;
}

void
mp_start(void)
{
	uint32_t self = lapic_id();
	pte_t *low;
	int n = 1;

	cpus[0].started = true;
	uinfo->cpu[0].apic_id = self;
	uinfo->cpu[0].role = CPU_SHARED;
	memcpy(pa2kva(MPENTRY_PA), mpentry_start,
	       mpentry_end - mpentry_start);
	/* The code turns paging on while it runs at its physical address. */
	low = pt_walk(kern_pml4, MPENTRY_PA, true);
	*low = MPENTRY_PA | PTE_P;
	for (int i = 0; i < acpi.ncpu; i++) {
		if (acpi.apic_id[i] == self)
			continue;
		cpus[n].apic_id = acpi.apic_id[i];
		uinfo->cpu[n].apic_id = acpi.apic_id[i];
		start_one(n++);
		ncpu = n;
	}
	*low = 0;
	uinfo->ncpu = ncpu;
}
