/*
 * What the loader (boot/) tells the kernel.
 *
 * The loader builds one struct bootinfo below 1 MiB and jumps to the kernel's
 * ELF entry point with its address in rdi.  Both sides compile this file, the
 * loader as 32-bit code and the kernel as 64-bit code, so every field has a
 * fixed width and sits on its natural boundary.
 *
 * The machine at the kernel's first instruction:
 *
 *	mode	64-bit, ring 0, interrupts off.  CR0.PE, PG, WP; CR4.PAE;
 *		EFER.LME, LMA, NXE.  Other bits are as the firmware left them.
 *	rdi	physical address of the struct bootinfo, usable as a pointer
 *		because low memory is identity-mapped
 *	rsp	BOOT_STACK_TOP; some 29 KiB below it are free for use
 *	rbp	0, which ends a backtrace
 *	cs	BOOT_SEL_CODE; ds, es, ss, fs, gs: BOOT_SEL_DATA
 *	idt	none that works in this mode: a fault is a triple fault
 *
 * and its address space, in 2 MiB pages that are writable and executable,
 * so that the kernel replaces it before it trusts anything:
 *
 *	0x0000000000000000	physical 0 to 4 GiB
 *	0xffff800000000000	physical 0 to 4 GiB
 *	0xffffffff80000000	physical 0 to 1 GiB
 *
 * Stack, GDT, page tables and this structure all lie below loader_end.  The
 * kernel may reuse that memory once it has left them behind.
 */
#ifndef JIX_INC_BOOTINFO_H
#define JIX_INC_BOOTINFO_H

#define BOOTINFO_MAGIC		0x4f42494a	/* the bytes "JIBO" */
#define BOOTINFO_VERSION	1

#define BOOT_STACK_TOP		0x7c00
#define BOOT_SEL_CODE		0x08		/* flat ring-0 code, 64-bit */
#define BOOT_SEL_DATA		0x10		/* flat ring-0 data */

#define BOOTINFO_E820_MAX	128

/* Types of memory in a map entry (ACPI 6.5, table 15.3). */
#define E820_USABLE		1
#define E820_RESERVED		2
#define E820_ACPI_TABLES	3		/* free once tables are read */
#define E820_ACPI_NVS		4
#define E820_BAD		5

#ifndef __ASSEMBLER__

#include "inc/types.h"

/*
 * One range of physical memory.  base and len are in bytes and need not be
 * page-aligned; len is never 0.  Ranges keep the firmware's order.  attr is
 * ACPI's extended attribute word, 1 when the firmware gave none.
 */
struct e820_entry {
	uint64_t base;
	uint64_t len;
	uint32_t type;
	uint32_t attr;
};

struct bootinfo {
	uint32_t magic;			/* BOOTINFO_MAGIC */
	uint32_t version;		/* BOOTINFO_VERSION */
	uint32_t boot_drive;		/* the BIOS's number, 0x80 and on */
	uint32_t e820_count;		/* entries used in e820[] */
	uint64_t kernel_start;		/* first physical byte of the image */
	uint64_t kernel_end;		/* one past its last, bss included */
	uint64_t loader_end;		/* one past the loader's last byte */
	uint64_t tsc_entry;		/* TSC as stage 2 began */
	uint64_t tsc_jump;		/* TSC just before the kernel */
	struct e820_entry e820[BOOTINFO_E820_MAX];
};

_Static_assert(sizeof(struct e820_entry) == 24, "loader and kernel differ");
_Static_assert(sizeof(struct bootinfo) == 56 + 24 * BOOTINFO_E820_MAX,
	       "loader and kernel differ");

#endif /* !__ASSEMBLER__ */

#endif /* !JIX_INC_BOOTINFO_H */
