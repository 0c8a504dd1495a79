/*
 * acpi.c: the static tables of ACPI (ACPI 6.5, chapter 5): RSDP, RSDT or
 * XSDT, and from there the MADT (CPUs, IOAPIC, interrupt overrides), the MCFG
 * (PCI configuration space) and the FADT (PM timer). No AML is interpreted.
 */
#include "kern/acpi.h"
#include "kern/kernel.h"
#include "kern/pmap.h"

struct acpi_info acpi;

struct rsdp {
	char signature[8];
	uint8_t sum;
	char oem[6];
	uint8_t revision;
	uint32_t rsdt;
	uint32_t length;
	uint64_t xsdt;
	uint8_t sum2;
	uint8_t reserved[3];
} __attribute__((packed));

struct acpi_header {
	char signature[4];
	uint32_t length;
	uint8_t revision;
	uint8_t sum;
	char oem[6];
	char oem_table[8];
	uint32_t oem_revision;
	uint32_t creator;
	uint32_t creator_revision;
} __attribute__((packed));

struct madt {
	struct acpi_header h;
	uint32_t lapic;
	uint32_t flags;
} __attribute__((packed));

/* MADT entry types and their fields (ACPI 6.5, section 5.2.12). */
#define MADT_LAPIC	0
#define MADT_IOAPIC	1
#define MADT_OVERRIDE	2
#define LAPIC_ENABLED	1

struct madt_entry {
	uint8_t type;
	uint8_t length;
	union {
		struct {
			uint8_t acpi_id;
			uint8_t apic_id;
			uint32_t flags;
		} __attribute__((packed)) lapic;
		struct {
			uint8_t id;
			uint8_t reserved;
			uint32_t address;
			uint32_t gsi_base;
		} __attribute__((packed)) ioapic;
		struct {
			uint8_t bus;
			uint8_t irq;
			uint32_t gsi;
			uint16_t flags;
		} __attribute__((packed)) override;
	};
} __attribute__((packed));

struct mcfg {
	struct acpi_header h;
	uint64_t reserved;
	uint64_t base;		/* of the first segment, the one used */
	uint16_t segment;
	uint8_t bus_first;
	uint8_t bus_last;
} __attribute__((packed));

#define FADT_PM_TMR_BLK	76	/* offset of the I/O port */

static bool
sum_ok(const void *p, size_t len)
{
	uint8_t sum = 0;

	for (size_t i = 0; i < len; i++)
		sum += ((const uint8_t *)p)[i];
	return sum == 0;
}

/* The RSDP lies on a 16-byte boundary of the BIOS's read-only area. */
static const struct rsdp *
find_rsdp(void)
{
	for (physaddr_t pa = 0xe0000; pa < 0x100000; pa += 16) {
		const struct rsdp *r = pa2kva(pa);

		if (memcmp(r->signature, "RSD PTR ", 8) == 0 && sum_ok(r, 20))
			return r;
	}
	return NULL;
}

static const struct acpi_header *
table_at(physaddr_t pa)
{
	const struct acpi_header *h = pa2kva(pa);

	if (pa == 0 || h->length < sizeof(*h) || h->length > 0x100000 ||
	    !sum_ok(h, h->length))
		return NULL;
	return h;
}

static void
read_madt(const struct madt *m)
{
	const uint8_t *p = (const uint8_t *)(m + 1);
	const uint8_t *end = (const uint8_t *)m + m->h.length;

	acpi.lapic_pa = m->lapic;
	for (int i = 0; i < 16; i++)
		acpi.isa_gsi[i] = i;
	while (p + 2 <= end) {
		const struct madt_entry *e = (const void *)p;

		if (e->length < 2 || p + e->length > end)
			break;
		p += e->length;
		if (e->type == MADT_LAPIC && e->length >= 8) {
			if ((e->lapic.flags & LAPIC_ENABLED) &&
			    acpi.ncpu < NCPU)
				acpi.apic_id[acpi.ncpu++] = e->lapic.apic_id;
		} else if (e->type == MADT_IOAPIC && e->length >= 12 &&
			   !acpi.ioapic_pa) {
			acpi.ioapic_pa = e->ioapic.address;
			acpi.ioapic_gsi_base = e->ioapic.gsi_base;
		} else if (e->type == MADT_OVERRIDE && e->length >= 10 &&
			   e->override.irq < 16) {
			acpi.isa_gsi[e->override.irq] = e->override.gsi;
		}
	}
}

static void
read_table(const struct acpi_header *h)
{
	if (!h)
		return;
	if (memcmp(h->signature, "APIC", 4) == 0) {
		read_madt((const struct madt *)h);
	} else if (memcmp(h->signature, "MCFG", 4) == 0 &&
		   h->length >= sizeof(struct mcfg)) {
		const struct mcfg *m = (const struct mcfg *)h;

		acpi.ecam_pa = m->base;
		acpi.ecam_bus_first = m->bus_first;
		acpi.ecam_bus_last = m->bus_last;
	} else if (memcmp(h->signature, "FACP", 4) == 0 &&
		   h->length >= FADT_PM_TMR_BLK + 4) {
		uint32_t port;

		memcpy(&port, (const uint8_t *)h + FADT_PM_TMR_BLK, 4);
		acpi.pm_timer_port = port;
	}
}

void
acpi_init(void)
{
	const struct rsdp *r = find_rsdp();
	const struct acpi_header *root;
	bool wide;
	size_t n, size;

	if (!r)
		panic("no ACPI tables");
	wide = r->revision >= 2 && r->xsdt;
	root = table_at(wide ? r->xsdt : r->rsdt);
	if (!root)
		panic("the ACPI root table is damaged");
	size = wide ? 8 : 4;
	n = (root->length - sizeof(*root)) / size;
	for (size_t i = 0; i < n; i++) {
		uint64_t pa = 0;

		memcpy(&pa, (const uint8_t *)(root + 1) + i * size, size);
		read_table(table_at(pa));
	}
	if (acpi.ncpu == 0 || !acpi.lapic_pa || !acpi.ioapic_pa)
		panic("ACPI describes no CPUs or interrupt controllers");
}
