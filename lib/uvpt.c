/*
 * uvpt.c: reading this environment's own page tables in the window UVPT. An
 * entry may be looked at only if those above it are present: the table that
 * holds it is not mapped otherwise.
 */
#include "inc/lib.h"

/*
 * Walk down to the entry of va: its level, 0 to 3, and *pte. A level above 0
 * means that the walk ended there, at an absent entry or at a 2 MB page.
 */
static int
walk_down(uint64_t va, pte_t *pte)
{
	int level = 3;

	for (;;) {
		*pte = UVPTE(level, va);
		if (level == 0 || !(*pte & PTE_P) || (*pte & PTE_PS))
			return level;
		level--;
	}
}

pte_t
uvpt_lookup(const void *va)
{
	pte_t pte;

	return walk_down((uint64_t)va, &pte) == 0 && (pte & PTE_P) ? pte : 0;
}

uint32_t
pte_perm(pte_t pte)
{
	uint32_t perm = pte & (PTE_P | PTE_W | PTE_U | PTE_COW | PTE_SHARE);

	return pte & PTE_NX ? perm : perm | PTE_X;
}

uint32_t
pageref(const void *va)
{
	pte_t pte = uvpt_lookup(va);

	return pte ? pages[PTE_ADDR(pte) >> PGSHIFT].refs : 0;
}

int
uvpt_walk(int (*fn)(void *va, pte_t pte, void *arg), void *arg)
{
	uint64_t top = UTOP, va;
	pte_t pte;
	int level, r;

	while (top > 0) {
		va = top - PGSIZE;
		level = walk_down(va, &pte);
		top = ROUNDDOWN(va, 1ul << PT_SHIFT(level));
		if (!(pte & PTE_P))
			continue;
		if (level > 0)
			return -E_NOT_SUPP;
		if ((r = fn((void *)va, pte, arg)) != 0)
			return r;
	}
	return 0;
}
