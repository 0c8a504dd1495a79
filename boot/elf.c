/*
 * Load the kernel, an ELF64 program, to the physical addresses that its
 * program headers name, after checking that memory is there.
 */

#include "boot/boot.h"
#include "inc/elf.h"
#include "inc/string.h"

#define ELF_TYPE_EXEC	2
#define PHDRS_MAX	16

/* Is this the header of a program for this machine, with program headers? */
static bool
header_good(const struct elf_header *h)
{
	return h->magic == ELF_MAGIC && h->class == ELF_CLASS_64 &&
	       h->machine == ELF_MACHINE_X86_64 && h->type == ELF_TYPE_EXEC &&
	       h->phentsize == sizeof(struct elf_phdr) &&
	       h->phnum >= 1 && h->phnum <= PHDRS_MAX && h->phoff < MIB;
}

/*
 * Is the segment between 1 MiB and the limit, and its file part no longer
 * than its memory?  Subtraction keeps a huge number from wrapping around.
 */
static bool
segment_good(const struct elf_phdr *ph)
{
	return ph->paddr >= MIB && ph->paddr <= KERNEL_LIMIT &&
	       ph->memsz <= KERNEL_LIMIT - ph->paddr &&
	       ph->filesz <= ph->memsz && ph->offset < KERNEL_LIMIT;
}

/*
 * The end of the usable memory that begins at 1 MiB: the largest address such
 * that all below it, down to 1 MiB, is usable.
 */
static uint64_t
memory_top(const struct bootinfo *info)
{
	uint64_t top = MIB;
	bool grown;

	/* The ranges come in any order: go on while one extends the last. */
	do {
		grown = false;
		for (uint32_t i = 0; i < info->e820_count; i++) {
			const struct e820_entry *e = &info->e820[i];

			if (e->type == E820_USABLE && e->base <= top &&
			    e->len > top - e->base) {
				top = e->base + e->len;
				grown = true;
			}
		}
	} while (grown);
	return top;
}

/* Read the file header and the program headers; check what they say. */
static void
headers_read(uint8_t drive, struct elf_header *h, struct elf_phdr *ph)
{
	bios_disk_read(drive, 0, (uint32_t)h, sizeof(*h));
	if (!header_good(h))
		fail("no ELF64 kernel for x86-64 at sector %u of the disk",
		     KERNEL_SECTOR);
	bios_disk_read(drive, h->phoff, (uint32_t)ph, h->phnum * sizeof(*ph));
}

uint64_t
elf_load(struct bootinfo *info)
{
	static struct elf_header header;
	static struct elf_phdr phdrs[PHDRS_MAX];
	uint8_t drive = info->boot_drive;
	uint64_t top = memory_top(info);
	uint64_t start = KERNEL_LIMIT, end = 0;

	headers_read(drive, &header, phdrs);
	for (uint32_t i = 0; i < header.phnum; i++) {
		const struct elf_phdr *ph = &phdrs[i];

		if (ph->type != ELF_PT_LOAD || ph->memsz == 0)
			continue;
		if (!segment_good(ph))
			fail("kernel segment %u has no place at 0x%x", i,
			     (uint32_t)ph->paddr);
		start = MIN(start, ph->paddr);
		end = MAX(end, ph->paddr + ph->memsz);
	}
	if (end == 0)
		fail("the kernel has nothing to load");
	if (top < end + KERNEL_ROOM)
		fail("memory too small: %u MiB found, %u MiB needed (see MEM)",
		     (uint32_t)(top / MIB),
		     (uint32_t)((end + KERNEL_ROOM + MIB - 1) / MIB));

	for (uint32_t i = 0; i < header.phnum; i++) {
		const struct elf_phdr *ph = &phdrs[i];

		if (ph->type != ELF_PT_LOAD || ph->memsz == 0)
			continue;
		bios_disk_read(drive, ph->offset, ph->paddr, ph->filesz);
		memset((void *)(uint32_t)(ph->paddr + ph->filesz), 0,
		       ph->memsz - ph->filesz);
	}
	info->kernel_start = start;
	info->kernel_end = end;
	return header.entry;
}
