/*
 * What stage 2 asks of the BIOS: the map of memory, the A20 line, and sectors
 * of the disk.  Sources: ACPI 6.5 section 15.1 (INT 15h, E820h); the Enhanced
 * Disk Drive specification 3.0 (INT 13h, 42h).
 */

#include "boot/boot.h"
#include "inc/mmu.h"
#include "inc/string.h"
#include "inc/x86.h"

#define BIOS_DISK	0x13
#define BIOS_SYSTEM	0x15

#define SMAP		0x534d4150	/* 'SMAP' */
#define E820_SIZE	20		/* of an entry without attributes */
#define E820_ATTR_VALID	1		/* attribute bit 0; 0: ignore entry */

#define PORT_SYSTEM_A	0x92		/* "system control port A" */
#define SYSTEM_A_RESET	0x01
#define SYSTEM_A_A20	0x02

#define DISK_TRIES	3

void
bios_memory_map(struct bootinfo *info)
{
	uint32_t next = 0;

	do {
		struct e820_entry e = { .attr = E820_ATTR_VALID };
		struct bios_regs regs = {
			.eax = 0xe820,
			.ebx = next,		/* 0 starts; then as returned */
			.ecx = sizeof(e),
			.edx = SMAP,
			.edi = (uint32_t)&e,	/* es:di; es is 0 */
		};

		bios_call(BIOS_SYSTEM, &regs);
		if ((regs.flags & FL_CF) || regs.eax != SMAP)
			break;			/* the end, on some machines */
		if (regs.ecx <= E820_SIZE)
			e.attr = E820_ATTR_VALID;
		if (e.len > 0 && (e.attr & E820_ATTR_VALID))
			info->e820[info->e820_count++] = e;
		next = regs.ebx;
	} while (next != 0 && info->e820_count < BOOTINFO_E820_MAX);
	if (info->e820_count == 0)
		fail("the BIOS gives no memory map (INT 15h, E820h)");
}

/*
 * For the sake of programs written for the 8086, where addresses wrapped at
 * 1 MiB, a PC may start with address line 20 held at 0.  Then a word 1 MiB
 * above ours is ours.
 */
static bool
a20_is_open(void)
{
	static volatile uint32_t word;
	volatile uint32_t *above = (void *)((uint32_t)&word + (uint32_t)MIB);

	for (uint32_t value = 1; value <= 2; value++) {
		word = value;
		if (*above != value)
			return true;
	}
	return false;
}

void
bios_a20_open(void)
{
	struct bios_regs regs = { .eax = 0x2401 };	/* enable A20 */

	if (a20_is_open())
		return;
	bios_call(BIOS_SYSTEM, &regs);
	if (a20_is_open())
		return;
	outb(PORT_SYSTEM_A,
	     (inb(PORT_SYSTEM_A) & ~SYSTEM_A_RESET) | SYSTEM_A_A20);
	if (!a20_is_open())
		fail("address line A20 cannot be switched on");
}

/*
 * Read count sectors, at most BOUNCE_SECTORS, to the bounce buffer: the BIOS
 * stores by real-mode addresses, which end at 1 MiB.
 */
static void
sectors_read(uint8_t drive, uint32_t sector, uint32_t count)
{
	struct bios_regs regs, reset;

	for (int try = 0; try < DISK_TRIES; try++) {
		struct {
			uint8_t size, zero;
			uint16_t count;
			uint16_t offset, segment;
			uint64_t sector;
		} packet = {
			.size = sizeof(packet),
			.count = count,
			.segment = (uint32_t)bounce >> 4,
			.sector = sector,
		};

		_Static_assert(sizeof(packet) == 16, "EDD 3.0, table 1");
		regs = (struct bios_regs){
			.eax = 0x4200,		/* read by packet */
			.edx = drive,
			.esi = (uint32_t)&packet,
		};
		bios_call(BIOS_DISK, &regs);
		if (!(regs.flags & FL_CF))
			return;
		reset = (struct bios_regs){ .eax = 0, .edx = drive };
		bios_call(BIOS_DISK, &reset);
	}
	fail("cannot read the disk (from sector %u, BIOS status 0x%x)",
	     sector, regs.eax >> 8 & 0xff);
}

void
bios_disk_read(uint8_t drive, uint64_t offset, uint32_t dst, uint32_t count)
{
	uint32_t sector = KERNEL_SECTOR + (uint32_t)(offset / SECTOR_SIZE);
	uint32_t skip = offset % SECTOR_SIZE;

	while (count > 0) {
		uint32_t span = MIN(skip + count, BOUNCE_SIZE);
		uint32_t sectors = (span + SECTOR_SIZE - 1) / SECTOR_SIZE;
		uint32_t n = span - skip;

		sectors_read(drive, sector, sectors);
		memcpy((void *)dst, bounce + skip, n);
		sector += sectors;
		dst += n;
		count -= n;
		skip = 0;
	}
}
