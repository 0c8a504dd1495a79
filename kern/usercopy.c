/*
 * usercopy.c: reading and writing the current environment's memory.
 *
 * Only the range is checked beforehand: it must lie below UTOP, where every
 * present page belongs to the environment. Whether the pages are there and
 * writable is left to the processor: the copying instruction is listed in the
 * table .extable with a place to go on after a fault (kern/trap.c), so a bad
 * address costs nothing on the good path and gives -E_FAULT on the bad one.
 * SMAP keeps every other kernel access away from user memory; stac and clac
 * open it here only.
 */
#include "kern/cpu.h"
#include "kern/env.h"
#include "kern/kernel.h"
#include "kern/pmap.h"

static bool
range_ok(uint64_t va, size_t len)
{
	return va <= UTOP && len <= UTOP - va;
}

/* memcpy with a way out: zero if all was copied. */
static size_t
copy_guarded(void *dst, const void *src, size_t len)
{
	size_t words = len / 8;

	if (cpu_has_smap)
		__asm__ volatile("stac" : : : "memory");
	__asm__ volatile("1: rep movsq\n"
			 "   movq %[tail], %%rcx\n"
			 "2: rep movsb\n"
			 "3:\n"
			 ".pushsection .extable, \"a\"\n"
			 ".quad 1b, 3b, 2b, 3b\n"
			 ".popsection\n"
			 : "+D"(dst), "+S"(src), "+c"(words)
			 : [tail] "r"(len & 7) : "memory");
	if (cpu_has_smap)
		__asm__ volatile("clac" : : : "memory");
	return words;
}

int
copy_from_user(void *dst, const void *src, size_t len)
{
	if (!range_ok((uint64_t)src, len))
		return -E_FAULT;
	return copy_guarded(dst, src, len) ? -E_FAULT : 0;
}

int
copy_to_user(void *dst, const void *src, size_t len)
{
	if (!range_ok((uint64_t)dst, len))
		return -E_FAULT;
	return copy_guarded(dst, src, len) ? -E_FAULT : 0;
}

// @exercise user_mem_check 5 'Check a range of user memory'
int
user_mem_check(struct env *e, const void *va, size_t len, uint64_t perm)
{
	uint64_t p = ROUNDDOWN((uint64_t)va, PGSIZE);
	uint64_t end = (uint64_t)va + len;

	if (!range_ok((uint64_t)va, len))
		return -E_FAULT;
	for (; p < end; p += PGSIZE) {
		pte_t *pte;

		if (!page_lookup(e->pml4, p, &pte) ||
		    (*pte & perm) != perm)
			return -E_FAULT;
	}
	return 0;
}
// @end
