/*
 * memcheck.c: self checks of the page allocator, of page tables and of the
 * kernel's map, run at boot when the boot arguments say check=1. Each prints
 * one line; a failure panics. What they take they give back.
 */
#include "kern/cpu.h"
#include "kern/env.h"
#include "kern/kernel.h"
#include "kern/pmap.h"

static void
check_allocator(void)
{
	size_t before = page_count_free();
	struct page_info *p[3];

	for (int i = 0; i < 3; i++) {
		p[i] = page_alloc(ALLOC_ZERO);
		assert(p[i] && p[i]->refs == 0 && p[i]->kind == PAGE_USED);
		for (int j = 0; j < i; j++)
			assert(p[j] != p[i]);
		for (size_t w = 0; w < PGSIZE / 8; w++)
			assert(((uint64_t *)page2kva(p[i]))[w] == 0);
		memset(page2kva(p[i]), 0xa5, PGSIZE);
	}
	assert(page_count_free() == before - 3);
	p[0]->refs = 2;
	page_decref(p[0]);
	assert(p[0]->kind == PAGE_USED);
	page_decref(p[0]);
	assert(p[0]->kind == PAGE_FREE);
	page_free(p[1]);
	page_free(p[2]);
	assert(page_count_free() == before);
	cprintf("mem_check: page allocator OK\n");
}

/* Take all 2 MB pages, then give them back: how many there were. */
static size_t
count_2m(void)
{
	struct page_info *list = NULL, *pp;
	size_t n = 0;

	while ((pp = page_alloc_2m(0)) != NULL) {
		pp->link = list;
		list = pp;
		n++;
	}
	while ((pp = list) != NULL) {
		list = pp->link;
		pp->link = NULL;
		page_free(pp);
	}
	return n;
}

static void
check_2m(void)
{
	size_t before = page_count_free(), chunks = count_2m(), n = 0;
	struct page_info *big = page_alloc_2m(ALLOC_ZERO), *list = NULL, *pp;

	assert(big && page2pa(big) % PG2SIZE == 0);
	/* What is freed last is had first: now it is used memory. */
	memset(page2kva(big), 0xa5, PG2SIZE);
	page_free(big);
	pp = page_alloc_2m(ALLOC_ZERO);
	assert(pp == big);
	for (size_t w = 0; w < PG2SIZE / 8; w += 512)
		assert(((uint64_t *)page2kva(big))[w] == 0);
	assert(page_count_free() == before - 512);

	/* Take everything, then give it back: chunks must form again. */
	while ((pp = page_alloc(0)) != NULL) {
		pp->link = list;
		list = pp;
		n++;
	}
	assert(n == before - 512 && !page_alloc_2m(0) && !page_alloc(0));
	while ((pp = list) != NULL) {
		list = pp->link;
		pp->link = NULL;
		page_free(pp);
	}
	page_free(big);
	assert(page_count_free() == before);
	assert(chunks > 1 && count_2m() == chunks);
	cprintf("mem_check: 2 MB pages OK\n");
}

static void
check_tables(void)
{
	static struct env e;	/* only its address space is used */
	size_t before = page_count_free();
	struct page_info *a = page_alloc(ALLOC_ZERO), *b = page_alloc(0);
	uint64_t va = UTEXT, far = USTACKTOP - PGSIZE;
	pte_t *pte;

	e.pml4 = pml4_create();
	assert(a && b && e.pml4);
	e.pml4_pa = kva2pa(e.pml4);
	e.status = ENV_NOT_RUNNABLE;
	assert(!page_lookup(e.pml4, va, NULL));
	assert(!pt_walk(e.pml4, va, false));
	assert(page_insert(&e, a, va, PTE_U | PTE_W | PTE_NX) == 0);
	assert(a->refs == 1 && page_lookup(e.pml4, va, &pte) == a);
	assert((*pte & (PTE_U | PTE_W | PTE_NX)) == (PTE_U | PTE_W | PTE_NX));
	assert(page_insert(&e, a, va, PTE_U) == 0 && a->refs == 1);
	assert(!(*pte & PTE_W));
	assert(page_insert(&e, a, far, PTE_U) == 0 && a->refs == 2);
	assert(page_insert(&e, b, va, PTE_U) == 0 && a->refs == 1);
	page_remove(&e, va);
	assert(b->kind == PAGE_FREE && !page_lookup(e.pml4, va, NULL));
	page_remove(&e, va);
	pml4_destroy(&e);
	assert(a->kind == PAGE_FREE && page_count_free() == before);
	cprintf("mem_check: page tables OK\n");
}

static pte_t
kernel_pte(const void *p)
{
	pte_t *pte = pt_walk(kern_pml4, (uint64_t)p, false);

	return pte ? *pte : 0;
}

/* W^X and no user access over the whole upper half; guard pages absent. */
static void
check_kernel_map(void)
{
	assert((kernel_pte(kern_text_start) & (PTE_W | PTE_NX)) == 0);
	assert((kernel_pte(kern_text_end) & (PTE_W | PTE_NX)) == PTE_NX);
	assert((kernel_pte(kern_rodata_end) & (PTE_W | PTE_NX)) ==
	       (PTE_W | PTE_NX));
	assert((kernel_pte((void *)PHYSMAP) & (PTE_NX | PTE_U)) == PTE_NX);
	for (int i = 0; i < ncpu; i++) {
		assert(kernel_pte((void *)(KSTACK_TOP(i) - 8)) & PTE_P);
		assert(!(kernel_pte((void *)(KSTACK_TOP(i) - KSTACK_SIZE - 8)) &
			 PTE_P));
		for (int ist = 1; ist <= 4; ist++)
			assert(!(kernel_pte((void *)(KIST_TOP(i, ist) -
						     KIST_SIZE - 8)) & PTE_P));
		assert((kernel_pte((void *)(KCPU + i * PGSIZE)) & PTE_W) == 0);
	}
	assert((kernel_pte((void *)UENVS) & (PTE_U | PTE_W | PTE_NX)) ==
	       (PTE_U | PTE_NX));
	assert((kernel_pte((void *)UPAGES) & (PTE_U | PTE_W)) == PTE_U);
	assert(!(kernel_pte((void *)0) & PTE_P));
	cprintf("mem_check: kernel map OK\n");
}

void
mem_check(void)
{
	check_allocator();
	check_2m();
	check_tables();
	check_kernel_map();
}
