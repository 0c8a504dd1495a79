/*
 * What the files of stage 2 offer each other.  Stage 2 is 32-bit C without
 * paging, so a pointer is a physical address; there is one thread of control
 * and no interrupts outside the BIOS.  Nothing else may include this file.
 */
#ifndef JIX_BOOT_BOOT_H
#define JIX_BOOT_BOOT_H

#include "inc/bootinfo.h"
#include "inc/types.h"

#define SECTOR_SIZE	512
#define KERNEL_SECTOR	64		/* the kernel's ELF image begins here */
#define MIB		0x100000ull

/*
 * The first GiB is what the kernel sees at KERNBASE, so its image must end
 * below.
 */
#define KERNEL_LIMIT	(1024 * MIB)

/*
 * Memory that must be left above the image for the kernel to start in: its
 * page array, stacks, and the first environments.
 */
#define KERNEL_ROOM	(8 * MIB)

/* Places that boot.ld assigns. */
extern uint8_t bounce[];		/* BOUNCE_SIZE bytes of low memory */
extern uint64_t page_tables[][512];	/* seven zeroable pages */
extern uint8_t loader_end[];		/* the end of the loader's memory */
extern uint16_t vga_text[];		/* 25 rows of 80 cells */

/*
 * The most that one read may ask of every BIOS (some store the count in a
 * signed byte), and just less than 64 KiB.
 */
#define BOUNCE_SECTORS	127
#define BOUNCE_SIZE	(BOUNCE_SECTORS * (uint32_t)SECTOR_SIZE)

/* entry.S */

/* Registers given to a BIOS service and returned by it; POPA's order. */
struct bios_regs {
	uint32_t edi, esi, ebp, unused, ebx, edx, ecx, eax;
	uint16_t es, flags;
};
_Static_assert(sizeof(struct bios_regs) == 36, "entry.S knows this layout");

/*
 * Call the BIOS service behind an interrupt vector in real mode, with ds = 0.
 * regs must lie below 64 KiB, as the stack does.
 */
void bios_call(uint8_t vector, struct bios_regs *regs);

/*
 * Enter 64-bit mode on the page tables whose PML4 is pml4 and jump to entry
 * in the state that inc/bootinfo.h describes.
 */
NORETURN void kernel_jump(uint64_t entry, struct bootinfo *info, void *pml4);

/* bios.c: what the BIOS knows.  Each of these ends in fail() on an error. */

/* Fill info's map of physical memory. */
void memory_map(struct bootinfo *info);

/*
 * The end of the usable memory that begins at 1 MiB, in bytes from 0: the
 * largest address such that all below it, down to 1 MiB, is usable.
 */
uint64_t memory_top(const struct bootinfo *info);

/* Make addresses with bit 20 set reach memory of their own. */
void a20_open(void);

/*
 * Read count bytes from byte offset of the kernel's image on disk
 * to the physical address dst, which may be anywhere below 4 GiB outside the
 * loader's memory.
 */
void disk_read(uint8_t drive, uint64_t offset, uint32_t dst, uint32_t count);

/* elf.c */

/*
 * Load the kernel to where its program headers say; info's memory map must be
 * filled, its kernel_start and kernel_end are filled here.  Returns the entry
 * point, a virtual address.  Ends in fail() if that cannot be done.
 */
uint64_t kernel_load(struct bootinfo *info);

/* fail.c */

/*
 * The exit status that QEMU's isa-debug-exit makes of a write of EXIT_BOOT is
 * 2 * EXIT_BOOT + 1 = 253.
 */
#define EXIT_PORT	0xf4
#define EXIT_BOOT	0x7e

/*
 * Print "JIX boot: ", the message and a line end on the screen's top row and
 * on COM1, leave QEMU if it has isa-debug-exit, else halt.  fmt knows %u
 * (decimal) and %x (hexadecimal), both uint32_t, and no more.  What exceeds a
 * row of the screen is cut.
 */
NORETURN __attribute__((format(printf, 1, 2))) void fail(const char *fmt, ...);

#endif
