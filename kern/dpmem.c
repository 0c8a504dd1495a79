/*
 * dpmem.c: the memory of dataplanes: restricted root tables, 2 MB pages, and
 * access to them for the control plane.
 *
 * What an address may be used for follows from where it lies (inc/dp.h), not
 * from what the caller asks: the application's half is visible to ring 3,
 * everything else to ring 1 only; libOS text is never writable; the receive
 * buffers appear in the application's half read-only. Pages stay until the
 * dataplane ends, so nothing here ever needs a TLB shootdown.
 *
 * Big kernel lock held throughout.
 */
#include "kern/dp.h"
#include "kern/kernel.h"

/* A zeroed page-table page, remembered in dp. 0: no memory. */
static physaddr_t
table_alloc(struct dp *dp)
{
	struct page_info *pp = page_alloc(ALLOC_ZERO);

	if (!pp)
		return 0;
	pp->refs = 1;
	pp->link = dp->tables;
	dp->tables = pp;
	dp->ntables++;
	return page2pa(pp);
}

/* The entry of va at `level` below root; tables are made on the way. */
static pte_t *
walk(struct dp *dp, pte_t *root, uint64_t va, int level)
{
	pte_t *table = root;

	for (int l = 3; l > level; l--) {
		pte_t *entry = &table[PT_INDEX(l, va)];

		if (!(*entry & PTE_P)) {
			physaddr_t pa = table_alloc(dp);

			if (!pa)
				return NULL;
			*entry = pa | PTE_P | PTE_W | PTE_U;
		}
		table = pa2kva(PTE_ADDR(*entry));
	}
	return &table[PT_INDEX(level, va)];
}

/* Map one 4 KB page in a core's root. */
int
dp_map_page(struct dp *dp, struct dp_core *k, uint64_t va, physaddr_t pa,
	    uint64_t perm)
{
	pte_t *pte = walk(dp, k->root, va, 0);

	if (!pte)
		return -E_NO_MEM;
	*pte = pa | perm | PTE_P;
	return 0;
}

/* The kernel half of a restricted root: stubs, this CPU's tables and stacks. */
static int
map_kernel_part(struct dp *dp, struct dp_core *k)
{
	uint64_t slot = KENTRY_SLOT(k->cpu);
	uint64_t va;
	int r = 0;

	for (va = (uint64_t)kern_stub_start; va < (uint64_t)kern_stub_end;
	     va += PGSIZE)
		r |= dp_map_page(dp, k, va, va - KERNBASE, 0);
	va = KCPU + k->cpu * PGSIZE;
	r |= dp_map_page(dp, k, va, kva2pa(cpus[k->cpu].page), PTE_NX);
	for (va = slot; va < slot + (1ul << KENTRY_SHIFT); va += PGSIZE) {
		pte_t *pte = pt_walk(kern_pml4, va, false);

		if (!pte || !(*pte & PTE_P))
			continue;
		r |= dp_map_page(dp, k, va, PTE_ADDR(*pte), PTE_NX |
				 (va == KENTRY_IDT(k->cpu) ? 0 : PTE_W));
	}
	return r ? -E_NO_MEM : 0;
}

/* UINFO and UCOUNT, read-only, from the kernel's own tables. */
static int
make_window(struct dp *dp)
{
	pte_t *from = pa2kva(PTE_ADDR(kern_pml4[UWINDOW_SLOT]));
	pte_t *to;

	dp->window_pdpt = table_alloc(dp);
	if (!dp->window_pdpt)
		return -E_NO_MEM;
	to = pa2kva(dp->window_pdpt);
	to[PT_INDEX(2, UINFO)] = from[PT_INDEX(2, UINFO)];
	to[PT_INDEX(2, UCOUNT)] = from[PT_INDEX(2, UCOUNT)];
	return 0;
}

/*
 * A root table for core k. The application's half, the common region with
 * the libOS text, and the windows are the same tables on all cores, so they
 * are made with the first.
 */
int
dp_root_create(struct dp *dp, struct dp_core *k)
{
	const uint64_t perm = PTE_P | PTE_W | PTE_U;

	if (!dp->app_pdpt)
		dp->app_pdpt = table_alloc(dp);
	if (!dp->common_pdpt)
		dp->common_pdpt = table_alloc(dp);
	if (!dp->app_pdpt || !dp->common_pdpt)
		return -E_NO_MEM;
	if (!dp->window_pdpt && make_window(dp) < 0)
		return -E_NO_MEM;
	k->root_pa = table_alloc(dp);
	if (!k->root_pa)
		return -E_NO_MEM;
	k->root = pa2kva(k->root_pa);
	k->root[PML4X(IX_TEXT)] = dp->app_pdpt | perm;
	k->root[PML4X(DP_COMMON)] = dp->common_pdpt | perm;
	k->root[UWINDOW_SLOT] = dp->window_pdpt | perm;
	return map_kernel_part(dp, k);
}

static bool
in(uint64_t va, uint64_t len, uint64_t start, uint64_t end)
{
	return va >= start && va < end && len <= end - va;
}

/*
 * The hardware permission of memory at va, or 0 where a dataplane has none.
 * `perm` may add PTE_W or PTE_X in the application's half and PTE_X in the
 * libOS text. *shared: the same for all cores.
 */
static uint64_t
policy(uint64_t va, uint64_t len, uint64_t perm, bool *shared)
{
	bool w = perm & PTE_W, x = perm & PTE_X;

	*shared = true;
	if (w && x)
		return 0;
	if (in(va, len, IX_TEXT, IX_TEXT_END) ||
	    in(va, len, IX_HEAP, IX_HEAP_END) ||
	    in(va, len, IX_CORES, IX_CORES_END))
		return PTE_P | PTE_U | (w ? PTE_W : 0) | (x ? 0 : PTE_NX);
	if (in(va, len, DP_TEXT, DP_TEXT_END))
		return PTE_P | (x ? 0 : PTE_NX);
	if (in(va, len, DP_COMMON, DP_COMMON_END))
		return PTE_P | PTE_W | PTE_NX;
	*shared = false;
	if (in(va, len, DP_DATA, DP_DATA_END) ||
	    in(va, len, DP_SYS, DP_SYS_END) ||
	    in(va, len, DP_RXPOOL, DP_RXPOOL_END))
		return PTE_P | PTE_W | PTE_NX;
	return 0;
}

static int
map_2m(struct dp *dp, pte_t *root, uint64_t va, physaddr_t pa, uint64_t perm)
{
	pte_t *pte = walk(dp, root, va, 1);

	if (!pte)
		return -E_NO_MEM;
	if (*pte & PTE_P)
		return -E_INVAL;
	*pte = pa | perm | PTE_PS;
	return 0;
}

/* One page at va; on failure nothing stays but tables, freed with dp. */
static int
alloc_one(struct dp *dp, struct dp_core *k, uint64_t va, uint64_t perm)
{
	struct page_info *pp = page_alloc_2m(ALLOC_ZERO);
	uint64_t alias;
	int r;

	if (!pp)
		return -E_NO_MEM;
	r = map_2m(dp, k->root, va, page2pa(pp), perm);
	if (r < 0) {
		page_free(pp);
		return r;
	}
	pp->refs = 1;
	pp->link = dp->pages;
	dp->pages = pp;
	dp->npages++;
	if (!in(va, PG2SIZE, DP_RXPOOL, DP_RXPOOL_END))
		return 0;
	alias = IX_CORE(k->index) + IX_RXPOOL_OFF + (va - DP_RXPOOL);
	return map_2m(dp, k->root, alias, page2pa(pp),
		      PTE_P | PTE_U | PTE_NX);
}

/*
 * Give n fresh 2 MB pages to dp at va, of core `core` or DP_SHARED. 0,
 * -E_INVAL (address, permission, something there), -E_NO_MEM.
 */
int
dp_mem_alloc(struct dp *dp, int core, uint64_t va, uint32_t n, uint64_t perm)
{
	bool shared;
	uint64_t hw;
	int r = 0;

	if (va % PG2SIZE || n == 0 || n > IX_END / PG2SIZE)
		return -E_INVAL;
	hw = policy(va, n * PG2SIZE, perm, &shared);
	if (!hw || shared != (core == DP_SHARED))
		return -E_INVAL;
	if (shared)
		core = 0;
	if (core < 0 || core >= dp->ncores)
		return -E_INVAL;
	for (; n > 0 && r == 0; n--, va += PG2SIZE)
		r = alloc_one(dp, &dp->core[core], va, hw);
	return r;
}

void *
dp_mem_kva(struct dp_core *k, uint64_t va, size_t *left)
{
	pte_t *pte;

	if (va >= ULIM)
		return NULL;
	pte = pt_walk_level(k->root, va, 1, false);
	if (!pte || (*pte & (PTE_P | PTE_PS)) != (PTE_P | PTE_PS))
		return NULL;
	*left = PG2SIZE - va % PG2SIZE;
	return (char *)pa2kva(PTE_ADDR(*pte)) + va % PG2SIZE;
}

/* More heap for the application: its address, or -E_NO_MEM. */
int64_t
dp_heap_grow(struct dp *dp, uint32_t n)
{
	uint64_t va = dp->heap_end;
	int r;

	if (n == 0 || n > (IX_HEAP_END - va) / PG2SIZE)
		return -E_NO_MEM;
	/* Applications may not take what the environments live on. */
	if (page_count_free() < n * (PG2SIZE / PGSIZE) + npages / 8)
		return -E_NO_MEM;
	for (; n > 0; n--) {
		r = dp_mem_alloc(dp, DP_SHARED, dp->heap_end, 1, PTE_W);
		if (r < 0)
			return r;
		dp->heap_end += PG2SIZE;
	}
	return (int64_t)va;
}

/*
 * All cores are out and all queues stopped: wipe and free everything. What a
 * queue that did not stop may still write is given to nobody ever again.
 */
void
dp_mem_free(struct dp *dp)
{
	struct page_info *pp, *next;

	for (pp = dp->dma_stuck ? NULL : dp->pages; pp; pp = next) {
		next = pp->link;
		pp->link = NULL;
		memset(page2kva(pp), 0, PG2SIZE);
		page_decref(pp);
	}
	for (pp = dp->tables; pp; pp = next) {
		next = pp->link;
		pp->link = NULL;
		page_decref(pp);
	}
	dp->pages = dp->tables = NULL;
	dp->npages = dp->ntables = 0;
}
