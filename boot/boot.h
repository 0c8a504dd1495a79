/*
 * What the loader's files share: constants, and what the files of stage 2
 * offer each other.  Stage 2 is 32-bit C without paging, so a pointer is a
 * physical address; there is one thread of control and no interrupts outside
 * the BIOS.  Nothing outside boot/ may include this file.
 */
#ifndef JIX_BOOT_BOOT_H
#define JIX_BOOT_BOOT_H

/* The disk: the boot sector, stage 2, the kernel. */
#define SECTOR_SIZE	512
#define STAGE2_SECTORS	63
#define KERNEL_SECTOR	(1 + STAGE2_SECTORS)

/* The screen in text mode: rows of cells, each a character and its colours. */
#define VGA_SEGMENT	0xb800	/* as real mode names physical 0xb8000 */
#define VGA_COLUMNS	80
#define WHITE_ON_RED	0x4f

/* The first serial port, an 8250 UART. */
#define COM1_DATA	0x3f8	/* a byte; with DLAB, the divisor's low half */
#define COM1_IER	0x3f9	/* interrupts; with DLAB, its high half */
#define COM1_LCR	0x3fb	/* line control: */
#define LCR_DLAB	0x80	/*   show the divisor's registers */
#define LCR_8N1		0x03	/*   8 bits, no parity, 1 stop bit */
#define COM1_LSR	0x3fd	/* line status: */
#define LSR_THRE	0x20	/*   ready for a byte */
#define COM1_DIVISOR	1	/* of 115200 bit/s */

/*
 * QEMU's isa-debug-exit.  A write of EXIT_BOOT makes QEMU's exit status
 * 2 * EXIT_BOOT + 1 = 253.
 */
#define EXIT_PORT	0xf4
#define EXIT_BOOT	0x7e

#ifndef __ASSEMBLER__

#include "inc/bootinfo.h"
#include "inc/types.h"

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

/*
 * The most that one read may ask of every BIOS (some store the count in a
 * signed byte), and just less than 64 KiB.
 */
#define BOUNCE_SECTORS	127
#define BOUNCE_SIZE	(BOUNCE_SECTORS * (uint32_t)SECTOR_SIZE)

/* Places that boot.ld assigns. */
extern uint8_t bounce[];		/* BOUNCE_SIZE bytes of low memory */
extern uint64_t page_tables[][512];	/* seven pages */
extern uint8_t loader_end[];		/* the end of the loader's memory */
extern uint16_t vga_text[];		/* the screen's cells */

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
void bios_memory_map(struct bootinfo *info);

/* Make addresses with bit 20 set reach memory of their own. */
void bios_a20_open(void);

/*
 * Read count bytes from byte offset of the kernel's image on disk to the
 * physical address dst, which may be anywhere below 4 GiB outside the
 * loader's memory, or a variable of the loader.
 */
void bios_disk_read(uint8_t drive, uint64_t offset, uint32_t dst,
		    uint32_t count);

/* elf.c */

/*
 * Load the kernel to where its program headers say; info's drive and memory
 * map must be filled, its kernel_start and kernel_end are filled here.  Returns
 * the entry point, a virtual address.  Ends in fail() if that cannot be done.
 */
uint64_t elf_load(struct bootinfo *info);

/* fail.c */

/*
 * Print "JIX boot: ", the message and a line end on the screen's top row and
 * on COM1, leave QEMU if it has isa-debug-exit, else halt.  fmt knows %u
 * (decimal) and %x (hexadecimal), both uint32_t, and no more.  What exceeds a
 * row of the screen is cut.
 */
NORETURN __attribute__((format(printf, 1, 2))) void fail(const char *fmt, ...);

#endif /* !__ASSEMBLER__ */

#endif
