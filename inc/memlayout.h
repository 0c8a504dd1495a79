/*
 * memlayout.h: the virtual memory map of an environment, and the kernel's.
 *
 *  ffff_ffff_ffff_ffff  +----------------------------------+
 *                       | kernel image, RX / R / RW        |
 *  KERNBASE             +----------------------------------+ ffffffff80000000
 *                       | per-CPU descriptor pages (KCPU)  | R (kernel writes
 *                       |                                  |  through physmap)
 *  KCPU                 +----------------------------------+ ffffff8000000000
 *                       | per-CPU stacks, a guard page     | RW NX
 *                       | below each                       |
 *  KSTACKS              +----------------------------------+ ffffff0000000000
 *                       | device registers (KMMIO)         | RW NX, uncached
 *  KMMIO                +----------------------------------+ fffffe8000000000
 *                       |              ...                 |
 *                       | all physical memory (PHYSMAP)    | RW NX, 2 MB pages
 *  PHYSMAP              +----------------------------------+ ffff800000000000
 *                       :      non-canonical addresses     :
 *  0000_8000_0000_0000  +----------------------------------+
 *                       | page tables, recursive (UVPT)    | R  user
 *  UVPT                 +----------------------------------+ 00007f8000000000
 *                       | pages array (UPAGES)             | R  user
 *                       | environments (UENVS)             | R  user
 *                       | counters (UCOUNT)                | R  user
 *                       | machine description (UINFO)      | R  user
 *  UTOP, UINFO          +----------------------------------+ 00007f0000000000
 *                       | exception stack, one page        | RW user
 *                       | guard page                       |
 *  USTACKTOP            +----------------------------------+
 *                       | user stack, 64 KB, and a guard   | RW user
 *                       |              ...                 |
 *                       | heap (UHEAP)                     |
 *                       |              ...                 |
 *                       | program text and data            |
 *  UTEXT                +----------------------------------+ 0000000000800000
 *                       | scratch for fork, spawn (UTEMP)  |
 *  UTEMP                +----------------------------------+ 0000000000400000
 *                       | never mapped: null pointers      |
 *  0                    +----------------------------------+
 *
 * The upper half and the windows from UTOP to UVPT are the same tables in
 * every environment. The dataplane's own map is in inc/dp.h.
 */
#ifndef JIX_INC_MEMLAYOUT_H
#define JIX_INC_MEMLAYOUT_H

#ifdef __ASSEMBLER__
#define VA(x)	x
#else
#define VA(x)	x##ul
#endif

/* Kernel half. */
#define PHYSMAP		VA(0xffff800000000000)
#define KMMIO		VA(0xfffffe8000000000)
#define KMMIO_SIZE	VA(0x0000000100000000)
#define KSTACKS		VA(0xffffff0000000000)
#define KCPU		VA(0xffffff8000000000)
#define KERNBASE	VA(0xffffffff80000000)

#define NCPU		16

/*
 * Each CPU's stack slot is KSTACK_SLOT bytes, aligned: the CPU's number is
 * read off the stack pointer. From the bottom: guard page, #DF stack (IST 1),
 * guard page, NMI stack (IST 2), guard page, #MC stack (IST 3), guard page,
 * debug stack (IST 4), guard page(s), the ordinary kernel stack up to the top.
 */
#define KSTACK_SHIFT	17
#define KSTACK_SLOT	(VA(1) << KSTACK_SHIFT)
#define KSTACK_SIZE	VA(0x8000)
#define KSTACK_TOP(cpu)	(KSTACKS + ((cpu) + 1) * KSTACK_SLOT)
#define KIST_SIZE	VA(0x3000)
#define KIST_TOP(cpu, ist) \
	(KSTACKS + (cpu) * KSTACK_SLOT + (ist) * VA(0x4000))

/* User half. */
#define ULIM		VA(0x0000800000000000)
#define UVPT		VA(0x00007f8000000000)
#define UPAGES		VA(0x00007f4000000000)
#define UENVS		VA(0x00007f3000000000)
#define UCOUNT		VA(0x00007f2000000000)
/* In UCOUNT, a page for each CPU: what a dataplane core publishes there. */
#define UCOUNT_DP	(UCOUNT + VA(0x100000))
/* ... and two of lab-6: what ns counts, and struct queue of each point. */
#define UCOUNT_NS	(UCOUNT + VA(0x180000))
#define UCOUNT_QUEUES	(UCOUNT + VA(0x181000))
#define UINFO		VA(0x00007f0000000000)
#define UTOP		UINFO
#define UXSTACKTOP	UTOP
#define USTACKTOP	(UTOP - 2 * PGSIZE)
#define USTACK_MAX	VA(0x0000000000800000)	/* 8 MB below USTACKTOP */
#define UHEAP		VA(0x0000001000000000)
#define UTEXT		VA(0x0000000000800000)
#define UTEMP		VA(0x0000000000400000)
#define PFTEMP		(UTEXT - PGSIZE)

#define UVPT_SLOT	255	/* PML4 index of the recursive entry */
#define UWINDOW_SLOT	254	/* PML4 index of the read-only windows */

/*
 * Page tables as memory, readable by the environment itself: entry n of
 * uvpt[] is the level-0 entry of page n; the upper levels lie inside the same
 * window because the PML4 refers to itself at index UVPT_SLOT.
 */
#ifndef __ASSEMBLER__
#define UVPT_L0		((const volatile pte_t *)UVPT)
#define UVPT_L1		((const volatile pte_t *)(UVPT + \
				((uint64_t)UVPT_SLOT << 30)))
#define UVPT_L2		((const volatile pte_t *)((uint64_t)UVPT_L1 + \
				((uint64_t)UVPT_SLOT << 21)))
#define UVPT_L3		((const volatile pte_t *)((uint64_t)UVPT_L2 + \
				((uint64_t)UVPT_SLOT << 12)))
/* The entry of va at a level; valid only if the levels above are present. */
#define UVPTE(level, va) \
	((level) == 0 ? UVPT_L0[(uint64_t)(va) >> 12] : \
	 (level) == 1 ? UVPT_L1[(uint64_t)(va) >> 21] : \
	 (level) == 2 ? UVPT_L2[(uint64_t)(va) >> 30] : \
			UVPT_L3[(uint64_t)(va) >> 39])
#endif

#endif
