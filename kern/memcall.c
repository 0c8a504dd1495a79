/*
 * memcall.c: the system calls on memory, and what permissions they accept.
 */
#include "kern/env.h"
#include "kern/kernel.h"
#include "kern/loader.h"
#include "kern/pmap.h"
#include "kern/syscall.h"

int
perm_check(uint32_t perm)
{
	if ((perm & (PTE_P | PTE_U)) != (PTE_P | PTE_U) ||
	    (perm & ~PTE_SYSCALL) ||
	    ((perm & PTE_X) && (perm & (PTE_W | PTE_COW))))
		return -E_INVAL;
	return 0;
}

bool
perm_allowed(uint32_t perm, pte_t pte)
{
	if (pte & PTE_W)
		return true;
	return !(perm & PTE_W) && (!(perm & PTE_X) || !(pte & PTE_NX));
}

uint64_t
perm_to_pte(uint32_t perm)
{
	return perm | (perm & PTE_X ? 0 : PTE_NX);
}

static int
check_va(const void *va)
{
	uint64_t v = (uint64_t)va;

	return v < UTOP && v % PGSIZE == 0 ? 0 : -E_INVAL;
}

// @exercise call_page_alloc 5 'System call: a fresh page'
int64_t
call_page_alloc(struct env *e UNUSED, envid_t id, void *va, uint32_t perm)
{
	struct page_info *pp;
	struct env *target;
	int r;

	if ((r = env_lookup(id, &target, true)) < 0 ||
	    (r = check_va(va)) < 0 || (r = perm_check(perm)) < 0)
		return r;
	pp = page_alloc(ALLOC_ZERO);
	if (!pp)
		return -E_NO_MEM;
	r = page_insert(target, pp, (uint64_t)va, perm_to_pte(perm));
	if (r < 0)
		page_free(pp);
	return r;
}
// @end

// @exercise call_page_map 5 'System call: share a page'
int64_t
call_page_map(struct env *e UNUSED, envid_t srcid, void *srcva, envid_t dstid,
	      void *dstva, uint32_t perm)
{
	struct env *src, *dst;
	struct page_info *pp;
	pte_t *pte;
	int r;

	if ((r = env_lookup(srcid, &src, true)) < 0 ||
	    (r = env_lookup(dstid, &dst, true)) < 0 ||
	    (r = check_va(srcva)) < 0 || (r = check_va(dstva)) < 0 ||
	    (r = perm_check(perm)) < 0)
		return r;
	pp = page_lookup(src->pml4, (uint64_t)srcva, &pte);
	if (!pp || !perm_allowed(perm, *pte))
		return -E_INVAL;
	return page_insert(dst, pp, (uint64_t)dstva, perm_to_pte(perm));
}
// @end

// @exercise call_page_unmap 3 'System call: remove a page'
int64_t
call_page_unmap(struct env *e UNUSED, envid_t id, void *va)
{
	struct env *target;
	int r;

	if ((r = env_lookup(id, &target, true)) < 0 || (r = check_va(va)) < 0)
		return r;
	page_remove(target, (uint64_t)va);
	return 0;
}
// @end

int64_t
call_count_page(struct env *e, void *va)
{
	int r = check_va(va);

	if (r < 0)
		return r;
	if (e->type != ENV_TYPE_NS)
		return -E_PERM;
	return page_insert(e, pa2page(kva2pa(ns_count_page)), (uint64_t)va,
			   PTE_U | PTE_W | PTE_NX);
}

int64_t
call_pages_free(struct env *e UNUSED)
{
	return page_count_free();
}

int64_t
call_program_read(struct env *e UNUSED, uint32_t index, uint64_t offset,
		  void *buf, size_t len)
{
	const struct program *p;
	size_t size;
	int r;

	if (index >= nprograms)
		return -E_NOT_FOUND;
	p = &programs[index];
	size = p->end - p->start;
	if (offset >= size)
		return 0;
	len = MIN(len, size - offset);
	r = copy_to_user(buf, p->start + offset, len);
	return r < 0 ? r : (int64_t)len;
}
