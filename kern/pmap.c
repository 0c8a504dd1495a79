/*
 * pmap.c: page tables. Builds the kernel's address space from the E820 map at
 * boot, walks and changes the tables of environments, and maps devices.
 *
 * The picture to hold in mind is in inc/memlayout.h. The kernel's root table
 * is the template: its upper half and the slot of the read-only windows are
 * copied into every environment's root, so they are the same tables
 * everywhere; what is added to them later (devices) is seen by all, because
 * every top-level slot that the kernel will ever use is filled here.
 *
 * Rules: big kernel lock held, or before the other CPUs start.
 */
#include "kern/pmap.h"
#include "kern/cpu.h"
#include "kern/env.h"
#include "kern/kernel.h"
#include "kern/lapic.h"

pte_t *kern_pml4;
physaddr_t kern_pml4_pa;

/*
 * Permissions of a table: the entry that points to a page decides. Tables of
 * the kernel's half are kept out of the user's view through UVPT.
 */
static uint64_t
table_perm(uint64_t va)
{
	return PTE_P | PTE_W | (va < ULIM ? PTE_U : 0);
}

// @exercise pt_walk 5 'Find the page-table entry of an address'
pte_t *
pt_walk_level(pte_t *pml4, uint64_t va, int level, bool create)
{
	pte_t *table = pml4;

	for (int l = 3; l > level; l--) {
		pte_t *entry = &table[PT_INDEX(l, va)];

		if (!(*entry & PTE_P)) {
			struct page_info *pp;

			if (!create || !(pp = page_alloc(ALLOC_ZERO)))
				return NULL;
			pp->refs = 1;
			*entry = page2pa(pp) | table_perm(va);
		} else if (*entry & PTE_PS) {
			return l == 1 ? entry : NULL;
		}
		table = pa2kva(PTE_ADDR(*entry));
	}
	return &table[PT_INDEX(level, va)];
}
// @end

pte_t *
pt_walk(pte_t *pml4, uint64_t va, bool create)
{
	return pt_walk_level(pml4, va, 0, create);
}

// @exercise page_lookup 3 'Find the page mapped at an address'
struct page_info *
page_lookup(pte_t *pml4, uint64_t va, pte_t **pte)
{
	pte_t *entry = pt_walk(pml4, va, false);

	if (pte)
		*pte = entry;
	if (!entry || !(*entry & PTE_P))
		return NULL;
	return pa2page(PTE_ADDR(*entry));
}
// @end

/*
 * Forget va's translation wherever e's table may be loaded. An environment
 * runs on one CPU at a time, so there is at most one other. That CPU is in
 * user mode or halted, where the interrupt reaches it; or it waits for the
 * big lock, where it watches tlb_pending (kern/spinlock.c).
 */
void
tlb_shootdown(struct env *e, uint64_t va)
{
	struct cpu *self = this_cpu();
	struct cpu *other;

	if (self->cur == e || read_cr3() == e->pml4_pa) {
		invlpg((void *)va);
		return;
	}
	if (e->status != ENV_RUNNING || e->cpu < 0 || e->cpu == self->id)
		return;
	other = &cpus[e->cpu];
	self->count->tlb_shootdowns++;
	WRITE_ONCE(other->tlb_pending, true);
	lapic_ipi(other->id, T_IPI_TLB);
	while (READ_ONCE(other->tlb_pending))
		cpu_pause();
}

// @exercise page_insert 5 'Map a page'
int
page_insert(struct env *e, struct page_info *pp, uint64_t va, uint64_t perm)
{
	pte_t *pte = pt_walk(e->pml4, va, true);
	pte_t old;

	if (!pte)
		return -E_NO_MEM;
	old = *pte;
	pp->refs++;	/* first: pp may be what is mapped here already */
	*pte = page2pa(pp) | perm | PTE_P;
	e->count.pages_mapped++;
	this_cpu()->count->pages_mapped++;	/* after refs: lib/pipe.c */
	if (old & PTE_P) {
		tlb_shootdown(e, va);
		page_decref(pa2page(PTE_ADDR(old)));
	}
	return 0;
}
// @end

// @exercise page_remove 3 'Unmap a page'
void
page_remove(struct env *e, uint64_t va)
{
	pte_t *pte;
	struct page_info *pp = page_lookup(e->pml4, va, &pte);

	if (!pp)
		return;
	*pte = 0;
	e->count.pages_unmapped++;
	this_cpu()->count->pages_unmapped++;
	tlb_shootdown(e, va);
	page_decref(pp);
}
// @end

// @exercise address_space 5 'Make an address space'
pte_t *
pml4_create(void)
{
	struct page_info *pp = page_alloc(ALLOC_ZERO);
	pte_t *pml4;

	if (!pp)
		return NULL;
	pp->refs = 1;
	pml4 = page2kva(pp);
	memcpy(pml4 + PT_ENTRIES / 2, kern_pml4 + PT_ENTRIES / 2, PGSIZE / 2);
	pml4[UWINDOW_SLOT] = kern_pml4[UWINDOW_SLOT];
	pml4[UVPT_SLOT] = page2pa(pp) | PTE_P | PTE_U | PTE_NX;
	return pml4;
}
// @end

/* Drop what a table maps and the tables below it, then the table itself. */
static void
pt_destroy(struct env *e, pte_t *table, int level)
{
	int n = level == 3 ? UWINDOW_SLOT : PT_ENTRIES;

	for (int i = 0; i < n; i++) {
		pte_t entry = table[i];

		if (!(entry & PTE_P))
			continue;
		if (level > 0) {
			pt_destroy(e, pa2kva(PTE_ADDR(entry)), level - 1);
			continue;
		}
		e->count.pages_unmapped++;
		this_cpu()->count->pages_unmapped++;
		page_decref(pa2page(PTE_ADDR(entry)));
	}
	page_decref(pa2page(kva2pa(table)));
}

void
pml4_destroy(struct env *e)
{
	if (!e->pml4)
		return;
	if (read_cr3() == e->pml4_pa)
		write_cr3(kern_pml4_pa);
	pt_destroy(e, e->pml4, 3);
	e->pml4 = NULL;
	e->pml4_pa = 0;
}

/* --- Devices ------------------------------------------------------------ */

void *
mmio_map(physaddr_t pa, size_t len)
{
	static uint64_t next = KMMIO;
	physaddr_t first = ROUNDDOWN(pa, PGSIZE);
	physaddr_t last = ROUNDUP(pa + len, PGSIZE);
	uint64_t va = next;

	if (last - first > KMMIO + KMMIO_SIZE - next)
		return NULL;
	for (; first < last; first += PGSIZE, next += PGSIZE) {
		pte_t *pte = pt_walk(kern_pml4, next, true);

		if (!pte)
			return NULL;
		*pte = first | PTE_P | PTE_W | PTE_PCD | PTE_PWT | PTE_NX;
	}
	return (void *)(va + PGOFF(pa));
}

// @exercise kern_map 3 'Map a range for the kernel'
void
kern_map(uint64_t va, physaddr_t pa, size_t len, uint64_t perm)
{
	for (size_t off = 0; off < len; off += PGSIZE) {
		pte_t *pte = pt_walk(kern_pml4, va + off, true);

		if (!pte)
			panic("kern_map: no memory for page tables");
		*pte = (pa + off) | perm | PTE_P;
	}
}
// @end
