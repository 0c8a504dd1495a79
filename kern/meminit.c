/*
 * meminit.c: memory at boot. Finds out from the E820 map what memory there
 * is, takes what the kernel's own tables need from the first free range after
 * the image, builds the kernel's root table and switches to it.
 *
 * Runs once, on CPU 0, on the loader's page tables, in which the first 4 GB
 * are mapped at PHYSMAP; so everything that is touched before the switch must
 * lie below 4 GB.
 */
#include "kern/cpu.h"
#include "kern/env.h"
#include "kern/kernel.h"
#include "kern/pmap.h"
#include "inc/x86.h"

struct uinfo *uinfo;
struct cpu_counters *cpu_counters;
char *dp_stats_pages;
struct counters *ns_count_page;
struct queue *queues;

static physaddr_t boot_next;	/* boot_alloc's next free byte, and ... */
static physaddr_t boot_limit;	/* ... the end of its range */

static bool
usable(const struct e820_entry *r)
{
	return r->type == E820_USABLE;
}

/* Memory that lasts for ever, zeroed, in whole pages. */
static void *
boot_alloc(size_t len)
{
	void *p = pa2kva(boot_next);

	len = ROUNDUP(len, PGSIZE);
	if (boot_limit - boot_next < len)
		panic("boot_alloc: %lu bytes do not fit", len);
	boot_next += len;
	memset(p, 0, len);
	return p;
}

/* The range of memory that holds the kernel goes on behind it. */
static void
boot_alloc_init(const struct bootinfo *bi)
{
	boot_next = ROUNDUP(kva2pa(kern_end), PGSIZE);
	for (uint32_t i = 0; i < bi->e820_count; i++) {
		const struct e820_entry *r = &bi->e820[i];

		if (usable(r) && r->base <= boot_next &&
		    boot_next < r->base + r->len)
			boot_limit = MIN(r->base + r->len, 1ul << 32);
	}
	if (!boot_limit)
		panic("the kernel lies outside the memory map");
}

/* Read-only to user code, at a window of inc/memlayout.h. */
static void
map_window(uint64_t va, const void *p, size_t len)
{
	kern_map(va, kva2pa(p), ROUNDUP(len, PGSIZE), PTE_U | PTE_NX);
}

static void
map_physmap(const struct bootinfo *bi)
{
	for (uint32_t i = 0; i < bi->e820_count; i++) {
		const struct e820_entry *r = &bi->e820[i];
		physaddr_t pa = ROUNDDOWN(r->base, PG2SIZE);

		if (r->type != E820_USABLE && r->type != E820_ACPI_TABLES &&
		    r->type != E820_ACPI_NVS)
			continue;
		for (; pa < r->base + r->len; pa += PG2SIZE) {
			pte_t *pte = pt_walk_level(kern_pml4, PHYSMAP + pa, 1,
						   true);

			if (!pte)
				panic("no memory for the physical map");
			*pte = pa | PTE_P | PTE_W | PTE_PS | PTE_NX;
		}
	}
	/* The BIOS area, for the RSDP and the VGA text screen. */
	*pt_walk_level(kern_pml4, PHYSMAP, 1, true) =
		PTE_P | PTE_W | PTE_PS | PTE_NX;
}

// @exercise kernel_image 5 'Map text, constants and data, each as what it is'
static void
map_image(void)
{
	uint64_t text = (uint64_t)kern_text_start;
	uint64_t rodata = (uint64_t)kern_text_end;
	uint64_t data = (uint64_t)kern_rodata_end;
	uint64_t end = (uint64_t)kern_end;

	kern_map(text, text - KERNBASE, rodata - text, 0);
	kern_map(rodata, rodata - KERNBASE, data - rodata, PTE_NX);
	kern_map(data, data - KERNBASE, end - data, PTE_W | PTE_NX);
}
// @end

static void
map_range_of_stack(uint64_t top, size_t len)
{
	for (uint64_t va = top - len; va < top; va += PGSIZE) {
		struct page_info *pp = page_alloc(ALLOC_ZERO);

		if (!pp)
			panic("no memory for kernel stacks");
		pp->refs = 1;
		kern_map(va, page2pa(pp), PGSIZE, PTE_W | PTE_NX);
	}
}

/* Stacks and descriptor page of one CPU; what is not mapped is the guard. */
void
mem_init_cpu(int id)
{
	struct page_info *pp = page_alloc(ALLOC_ZERO);

	if (!pp)
		panic("no memory for CPU %d", id);
	pp->refs = 1;
	cpus[id].page = page2kva(pp);
	kern_map(KCPU + id * PGSIZE, page2pa(pp), PGSIZE, PTE_NX);
	map_range_of_stack(KSTACK_TOP(id), KSTACK_SIZE);
	for (int ist = 1; ist <= 4; ist++)
		map_range_of_stack(KIST_TOP(id, ist), KIST_SIZE);
}

/* Every slot of the upper half gets its table now, and all roots share it. */
static void
fill_upper_half(void)
{
	for (int i = PT_ENTRIES / 2; i < PT_ENTRIES; i++) {
		struct page_info *pp;

		if (kern_pml4[i] & PTE_P)
			continue;
		if (i != (int)PML4X(KMMIO) && i != (int)PML4X(KSTACKS) &&
		    i != (int)PML4X(KCPU))
			continue;
		pp = page_alloc(ALLOC_ZERO);
		if (!pp)
			panic("no memory for the kernel's root table");
		pp->refs = 1;
		kern_pml4[i] = page2pa(pp) | PTE_P | PTE_W;
	}
}

/* Hand free memory to the page allocator; [0, 1 MB) stays reserved. */
static void
add_free_pages(const struct bootinfo *bi)
{
	physaddr_t kstart = kva2pa(kern_start);

	for (uint32_t i = 0; i < bi->e820_count; i++) {
		const struct e820_entry *r = &bi->e820[i];
		physaddr_t pa = ROUNDUP(r->base, PGSIZE);
		physaddr_t end = ROUNDDOWN(r->base + r->len, PGSIZE);

		if (!usable(r))
			continue;
		for (; pa < end; pa += PGSIZE) {
			if (pa < 0x100000 || (pa >= kstart && pa < boot_next))
				continue;
			/* Tables made before the switch must be reachable. */
			if (pa >= 1ul << 32 && !kern_pml4_pa)
				continue;
			palloc_add(pa2page(pa));
		}
	}
}

static physaddr_t
memory_end(const struct bootinfo *bi)
{
	physaddr_t end = 0;

	for (uint32_t i = 0; i < bi->e820_count; i++)
		if (usable(&bi->e820[i]))
			end = MAX(end, bi->e820[i].base + bi->e820[i].len);
	return end;
}

void
mem_init(const struct bootinfo *bi)
{
	physaddr_t end = memory_end(bi);

	boot_alloc_init(bi);
	npages = end >> PGSHIFT;
	pages = boot_alloc(npages * sizeof(*pages));
	palloc_init(boot_alloc((npages / PT_ENTRIES + 1) * sizeof(uint16_t)));
	envs = boot_alloc(NENV * sizeof(*envs));
	uinfo = boot_alloc(sizeof(*uinfo));
	cpu_counters = boot_alloc(NCPU * sizeof(*cpu_counters));
	dp_stats_pages = boot_alloc(NCPU * PGSIZE);
	ns_count_page = boot_alloc(PGSIZE);
	pa2page(kva2pa(ns_count_page))->refs = 1;	/* it stays */
	queues = boot_alloc(PGSIZE);
	kern_pml4 = boot_alloc(PGSIZE);
	add_free_pages(bi);

	map_physmap(bi);
	map_image();
	fill_upper_half();
	map_window(UINFO, uinfo, sizeof(*uinfo));
	map_window(UCOUNT, cpu_counters, NCPU * sizeof(*cpu_counters));
	map_window(UCOUNT_DP, dp_stats_pages, NCPU * PGSIZE);
	map_window(UCOUNT_NS, ns_count_page, PGSIZE);
	map_window(UCOUNT_QUEUES, queues, PGSIZE);
	map_window(UENVS, envs, NENV * sizeof(*envs));
	map_window(UPAGES, pages, npages * sizeof(*pages));

	kern_pml4_pa = kva2pa(kern_pml4);
	write_cr3(kern_pml4_pa);
	add_free_pages(bi);	/* now what lies above 4 GB too */

	uinfo->magic = UINFO_MAGIC;
	uinfo->npages = npages;
}
