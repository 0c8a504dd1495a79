/*
 * fwcfg.c: QEMU's firmware configuration device, through which the boot
 * arguments come (QEMU docs/specs/fw_cfg). A selector port, a data port that
 * yields the selected item byte by byte, and a directory that lists the files
 * by name; numbers in the directory are big-endian.
 */
#include "kern/kernel.h"
#include "inc/x86.h"

#define FWCFG_PORT_SEL	0x510
#define FWCFG_PORT_DATA	0x511
#define FWCFG_SIGNATURE	0x0000
#define FWCFG_DIR	0x0019
#define FWCFG_NAME_LEN	56

struct fwcfg_file {
	uint32_t size;
	uint16_t select;
	uint16_t reserved;
	char name[FWCFG_NAME_LEN];
};

static void
fwcfg_bytes(void *buf, size_t len)
{
	for (size_t i = 0; i < len; i++)
		((uint8_t *)buf)[i] = inb(FWCFG_PORT_DATA);
}

static bool
fwcfg_present(void)
{
	char sig[4];

	outw(FWCFG_PORT_SEL, FWCFG_SIGNATURE);
	fwcfg_bytes(sig, sizeof(sig));
	return memcmp(sig, "QEMU", 4) == 0;
}

ssize_t
fwcfg_read(const char *name, void *buf, size_t size)
{
	uint32_t count;

	if (!fwcfg_present())
		return -E_NO_DEV;
	outw(FWCFG_PORT_SEL, FWCFG_DIR);
	fwcfg_bytes(&count, sizeof(count));
	count = __builtin_bswap32(count);
	for (uint32_t i = 0; i < count; i++) {
		struct fwcfg_file f;
		size_t len;

		fwcfg_bytes(&f, sizeof(f));
		f.name[FWCFG_NAME_LEN - 1] = '\0';
		if (strcmp(f.name, name) != 0)
			continue;
		len = MIN((size_t)__builtin_bswap32(f.size), size);
		outw(FWCFG_PORT_SEL, __builtin_bswap16(f.select));
		fwcfg_bytes(buf, len);
		return len;
	}
	return -E_NOT_FOUND;
}
