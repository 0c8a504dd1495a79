/*
 * pmap.h: physical pages and page tables.
 *
 * Physical pages are counted by reference: page_alloc gives one with no
 * reference, every mapping made by page_insert holds one, and the last
 * page_decref frees it. All functions here are called with the big kernel
 * lock held, or before the other CPUs start.
 */
#ifndef JIX_KERN_PMAP_H
#define JIX_KERN_PMAP_H

#include "inc/bootinfo.h"
#include "inc/memlayout.h"
#include "inc/mmu.h"
#include "inc/page.h"
#include "inc/types.h"

struct env;

extern struct page_info *pages;		/* one per physical page */
extern size_t npages;			/* entries of pages[] */
extern pte_t *kern_pml4;		/* the kernel's own root table */
extern physaddr_t kern_pml4_pa;

/* The kernel's address of a physical address, and back. */
static inline void *
pa2kva(physaddr_t pa)
{
	return (void *)(PHYSMAP + pa);
}

/* For addresses in PHYSMAP or in the kernel image. */
static inline physaddr_t
kva2pa(const void *kva)
{
	uint64_t va = (uint64_t)kva;

	return va >= KERNBASE ? va - KERNBASE : va - PHYSMAP;
}

static inline physaddr_t
page2pa(const struct page_info *pp)
{
	return (physaddr_t)(pp - pages) << PGSHIFT;
}

static inline void *
page2kva(const struct page_info *pp)
{
	return pa2kva(page2pa(pp));
}

static inline struct page_info *
pa2page(physaddr_t pa)
{
	return &pages[pa >> PGSHIFT];
}

/* Set up the allocator and the kernel's address space from the E820 map. */
void mem_init(const struct bootinfo *bi);

#define ALLOC_ZERO	1
/* A 4 KB page, zeroed if asked; null when memory is out. */
struct page_info *page_alloc(int flags);
/* 512 contiguous pages at a 2 MB boundary, as one; null when there are none. */
struct page_info *page_alloc_2m(int flags);
/* Give back a page (4 KB or 2 MB) that has no references. */
void page_free(struct page_info *pp);
void page_decref(struct page_info *pp);
/* Free 4 KB pages, those inside free 2 MB pages included. */
size_t page_count_free(void);

/*
 * The level-0 entry of va, or the level-1 entry if va lies in a 2 MB page.
 * With create, missing tables are made; null if there is none or no memory.
 */
pte_t *pt_walk(pte_t *pml4, uint64_t va, bool create);
/* The same down to the given level (1: the entry that may hold a 2 MB page). */
pte_t *pt_walk_level(pte_t *pml4, uint64_t va, int level, bool create);
/*
 * Map pp at va with perm (PTE_* bits of the hardware), replacing what is
 * there; takes a reference. 0 or -E_NO_MEM. Translations of other CPUs are
 * flushed if something was replaced.
 */
int page_insert(struct env *e, struct page_info *pp, uint64_t va,
		uint64_t perm);
struct page_info *page_lookup(pte_t *pml4, uint64_t va, pte_t **pte);
void page_remove(struct env *e, uint64_t va);

/*
 * Map device registers, uncached, read and written by the kernel only.
 * pa and len need not be aligned. Null when the window is used up.
 */
void *mmio_map(physaddr_t pa, size_t len);

/* At boot: map a kernel range, panic when memory is out. */
void kern_map(uint64_t va, physaddr_t pa, size_t len, uint64_t perm);
/* Stacks and descriptor page of a CPU; before it starts. */
void mem_init_cpu(int id);

/* A root table with the kernel half, the windows and the recursive entry. */
pte_t *pml4_create(void);
/* Drop all user mappings and tables, and the root itself. */
void pml4_destroy(struct env *e);

/* May e access [va, va + len) with perm (PTE_U, PTE_W)? 0 or -E_FAULT. */
int user_mem_check(struct env *e, const void *va, size_t len, uint64_t perm);
/*
 * Copy to and from the current environment. A fault on the way, whatever its
 * cause, gives -E_FAULT; the kernel is never at risk.
 */
int copy_from_user(void *dst, const void *src, size_t len);
int copy_to_user(void *dst, const void *src, size_t len);

/* Flush va's translation on every CPU on which pml4 may be loaded. */
void tlb_shootdown(struct env *e, uint64_t va);

/* kern/palloc.c, at boot: where to count; and give it one more page. */
void palloc_init(uint16_t *chunk_counts);
void palloc_add(struct page_info *pp);

/* kern/memcall.c: may a call ask for perm; for a page mapped as pte; as PTE. */
int perm_check(uint32_t perm);
bool perm_allowed(uint32_t perm, pte_t pte);
uint64_t perm_to_pte(uint32_t perm);

/* The self checks that the graded tests run; panic on failure. */
void mem_check(void);

#endif
