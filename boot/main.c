/*
 * Stage 2 of the loader, in the order of events: check the processor, learn
 * what memory there is, load the kernel, build page tables, and jump.
 */

#include "boot/boot.h"
#include "inc/memlayout.h"
#include "inc/mmu.h"
#include "inc/string.h"
#include "inc/x86.h"

#define CPUID_EXTENDED	0x80000000	/* eax: the highest extended leaf */
#define CPUID_FEATURES	0x80000001
#define EDX_NX		(1u << 20)
#define EDX_LONG_MODE	(1u << 29)

#define PD_COUNT	4		/* one maps 1 GiB: 4 GiB in all */

static void
cpu_check(void)
{
	uint32_t r[4];			/* eax, ebx, ecx, edx */
	uint32_t features = 0;

	cpuid(CPUID_EXTENDED, 0, r);
	if (r[0] >= CPUID_FEATURES) {
		cpuid(CPUID_FEATURES, 0, r);
		features = r[3];
	}
	if (!(features & EDX_LONG_MODE))
		fail("this CPU lacks long mode (64-bit), which JIX needs");
	if (!(features & EDX_NX))
		fail("this CPU lacks NX (no-execute pages), which JIX needs");
}

/*
 * Three views of memory (inc/bootinfo.h) out of seven tables:
 *
 *	PML4 [0]    ---> PDPT "low"  [0..3] ---> four PDs: 0 to 4 GiB
 *	     [256]  ---> the same
 *	     [511]  ---> PDPT "high" [510]  ---> the first of those PDs
 *
 * The indices follow from the virtual addresses, nine bits for each level:
 * 256 and 511 are those of PHYSMAP and KERNBASE (inc/memlayout.h).
 */
static void *
page_tables_build(void)
{
	const uint64_t link = PTE_P | PTE_W;
	uint64_t *pml4 = page_tables[0];
	uint64_t *low = page_tables[1];
	uint64_t *high = page_tables[2];
	uint64_t *pd = page_tables[3];

	memset(page_tables, 0, (3 + PD_COUNT) * PGSIZE);
	pml4[0] = (uint32_t)low | link;
	pml4[PT_INDEX(3, PHYSMAP)] = (uint32_t)low | link;
	pml4[PT_INDEX(3, KERNBASE)] = (uint32_t)high | link;
	high[PT_INDEX(2, KERNBASE)] = (uint32_t)pd | link;
	for (uint32_t i = 0; i < PD_COUNT; i++)
		low[i] = (uint32_t)(pd + i * PT_ENTRIES) | link;
	for (uint32_t i = 0; i < PD_COUNT * PT_ENTRIES; i++)
		pd[i] = (uint64_t)i << PG2SHIFT | link | PTE_PS;
	return pml4;
}

/*
 * Called by entry.S with the number of the drive that the BIOS booted from.
 */
NORETURN void
loader_main(uint32_t boot_drive)
{
	static struct bootinfo info __attribute__((aligned(16)));
	uint64_t entry;
	void *pml4;

	cpu_check();
	info.tsc_entry = read_tsc();
	info.magic = BOOTINFO_MAGIC;
	info.version = BOOTINFO_VERSION;
	info.boot_drive = boot_drive;
	info.loader_end = (uint32_t)loader_end;
	bios_memory_map(&info);
	bios_a20_open();
	entry = elf_load(&info);
	pml4 = page_tables_build();
	info.tsc_jump = read_tsc();
	kernel_jump(entry, &info, pml4);
}
