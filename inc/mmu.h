/*
 * mmu.h: the x86-64 processor's tables as the manuals define them: paging,
 * segments, flags, control registers. Source: AMD64 APM volume 2, chapters
 * 4, 5 and 12; Intel SDM volume 3A, chapters 3 to 5.
 */
#ifndef JIX_INC_MMU_H
#define JIX_INC_MMU_H

/* Paging: four levels, nine bits each; level 3 is the PML4, level 0 the PT. */
#define PGSHIFT		12
#define PGSIZE		4096ul
#define PG2SHIFT	21
#define PG2SIZE		(1ul << PG2SHIFT)	/* one 2 MB page */
#define PT_ENTRIES	512
#define PT_SHIFT(level)	(PGSHIFT + 9 * (level))
#define PT_INDEX(level, va) \
	(((uint64_t)(va) >> PT_SHIFT(level)) & (PT_ENTRIES - 1))
#define PML4X(va)	PT_INDEX(3, va)
#define PGOFF(va)	((uint64_t)(va) & (PGSIZE - 1))

#define PTE_P		0x001ul		/* present */
#define PTE_W		0x002ul		/* writable */
#define PTE_U		0x004ul		/* reachable from ring 3 */
#define PTE_PWT		0x008ul		/* write-through */
#define PTE_PCD		0x010ul		/* cache disabled */
#define PTE_A		0x020ul		/* accessed */
#define PTE_D		0x040ul		/* dirty */
#define PTE_PS		0x080ul		/* a 2 MB page (in a level-1 entry) */
#define PTE_NX		(1ul << 63)	/* not executable */
#define PTE_ADDR(pte)	((physaddr_t)(pte) & 0x000ffffffffff000ul)

/* Bits that the processor leaves to software; the user library's meanings. */
#define PTE_COW		0x200ul		/* copy on write (lib/fork.c) */
#define PTE_SHARE	0x400ul		/* shared over fork and spawn */
#define PTE_AVAIL	0xe00ul
/*
 * What a system call accepts as permissions: P and U must be set. Pages are
 * not executable unless PTE_X, a software bit of the interface only, is set;
 * PTE_W and PTE_X together are refused (W^X).
 */
#define PTE_X		0x800ul
#define PTE_SYSCALL	(PTE_P | PTE_W | PTE_U | PTE_COW | PTE_SHARE | PTE_X)

/* Page-fault error code. */
#define FEC_P		0x01	/* the page was present: a protection fault */
#define FEC_W		0x02	/* it was a write */
#define FEC_U		0x04	/* it came from ring 3 */
#define FEC_RSVD	0x08	/* a reserved bit was set */
#define FEC_I		0x10	/* it was an instruction fetch */

/* Segment selectors: the same table on every CPU (kern/cpu.c). */
#define GD_KT		0x08	/* ring 0 code */
#define GD_KD		0x10	/* ring 0 data */
#define GD_UD		0x20	/* ring 3 data (SYSRET wants data first) */
#define GD_UT		0x28	/* ring 3 code */
#define GD_LT		0x30	/* ring 1 code: the dataplane libOS */
#define GD_TSS		0x40	/* task state, 16 bytes */
#define GDT_ENTRIES	10

/* RFLAGS. From here to EFER: without suffixes, for assembly uses them, too. */
#define FL_CF		0x00000001
#define FL_MBS		0x00000002	/* always one */
#define FL_TF		0x00000100
#define FL_IF		0x00000200
#define FL_DF		0x00000400
#define FL_IOPL		0x00003000
#define FL_NT		0x00004000
#define FL_AC		0x00040000
/* What an environment may choose in its own flags. */
#define FL_USER		0x00000cd5	/* CF PF AF ZF SF DF OF */

#define CR0_PE		0x00000001
#define CR0_MP		0x00000002
#define CR0_EM		0x00000004
#define CR0_TS		0x00000008
#define CR0_NE		0x00000020
#define CR0_WP		0x00010000
#define CR0_PG		0x80000000
#define CR4_PAE		0x00000020
#define CR4_OSFXSR	0x00000200
#define CR4_OSXMMEXCPT	0x00000400
#define CR4_UMIP	0x00000800
#define CR4_FSGSBASE	0x00010000
#define CR4_SMEP	0x00100000
#define CR4_SMAP	0x00200000

#define MSR_APIC_BASE	0x0000001b
#define MSR_EFER	0xc0000080
#define MSR_STAR	0xc0000081
#define MSR_LSTAR	0xc0000082
#define MSR_SFMASK	0xc0000084
#define MSR_FS_BASE	0xc0000100
#define MSR_GS_BASE	0xc0000101
#define EFER_SCE	0x001
#define EFER_LME	0x100
#define EFER_NXE	0x800

#ifndef __ASSEMBLER__
#include "inc/types.h"

typedef uint64_t pte_t;

/* The 64-bit task state segment: stacks for ring changes, nothing else. */
struct tss {
	uint32_t reserved0;
	uint64_t rsp[3];	/* stack on entry to ring 0, 1, 2 */
	uint64_t reserved1;
	uint64_t ist[7];	/* ist[n - 1] is interrupt stack n */
	uint64_t reserved2;
	uint16_t reserved3;
	uint16_t iomap_base;
} __attribute__((packed));
_Static_assert(sizeof(struct tss) == 104, "TSS size");

/* A 64-bit interrupt or trap gate. */
struct gate {
	uint16_t offset_low;
	uint16_t selector;
	uint8_t ist;		/* 0: the ring's stack; 1..7: that IST */
	uint8_t type;		/* P, DPL, type: GATE_* below */
	uint16_t offset_mid;
	uint32_t offset_high;
	uint32_t reserved;
} __attribute__((packed));
_Static_assert(sizeof(struct gate) == 16, "gate size");
#define GATE_INTR(dpl)	(0x8e | (dpl) << 5)	/* clears IF */
#define GATE_TRAP(dpl)	(0x8f | (dpl) << 5)	/* leaves IF alone */

/* The operand of lgdt and lidt. */
struct table_desc {
	uint16_t limit;
	uint64_t base;
} __attribute__((packed));
#endif

#endif
