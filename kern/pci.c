/*
 * pci.c: enumeration by ECAM, base address registers, MSI-X. The firmware has
 * given every BAR its address; this code only reads them back.
 */
#include "kern/acpi.h"
#include "kern/kernel.h"
#include "kern/pci.h"
#include "kern/pmap.h"

#define PCI_DEVICES_MAX	48
#define ECAM_BUS_SHIFT	20	/* 1 MB of configuration space per bus */
#define ECAM_FUNC_SHIFT	12	/* 4 KB per function */

/* MSI-X capability (PCI Local Bus 3.0, 6.8.2). */
#define MSIX_CONTROL_ENABLE	(1u << 31)
#define MSIX_CONTROL_MASKALL	(1u << 30)
#define MSIX_CONTROL_SIZE(v)	(((v) >> 16 & 0x7ff) + 1)
#define MSIX_TABLE		4	/* offset of the table pointer */
#define MSIX_TABLE_BIR(v)	((v) & 7)
#define MSIX_TABLE_OFFSET(v)	((v) & ~7u)
#define MSIX_ENTRY_SIZE		16
#define MSIX_ENTRY_WORDS	4
#define MSIX_VECTOR_MASKED	1u

static struct pci_dev pci_devices[PCI_DEVICES_MAX];
static int pci_ndevices;

uint32_t
pci_read(const struct pci_dev *d, uint32_t reg)
{
	return *(volatile uint32_t *)(d->config + reg);
}

void
pci_write(const struct pci_dev *d, uint32_t reg, uint32_t v)
{
	*(volatile uint32_t *)(d->config + reg) = v;
}

struct pci_dev *
pci_device(int index)
{
	if (index < 0 || index >= pci_ndevices)
		return NULL;
	return &pci_devices[index];
}

static void pci_scan_bus(uint32_t bus);

/* Record one function; go down if it is a bridge. Its header register. */
static uint32_t
pci_scan_function(volatile uint8_t *config, uint32_t bus, uint32_t slot,
		  uint32_t func)
{
	struct pci_dev d = {
		.bus = bus, .slot = slot, .func = func, .config = config,
	};
	uint32_t id = pci_read(&d, PCI_ID);
	uint32_t header, secondary;

	if ((id & 0xffff) == 0xffff)
		return 0;
	header = pci_read(&d, PCI_HEADER);
	if (PCI_HEADER_TYPE(header) == PCI_HEADER_BRIDGE) {
		secondary = pci_read(&d, PCI_BRIDGE_BUSES) >> 8 & 0xff;
		if (secondary > bus)
			pci_scan_bus(secondary);
		return header;
	}
	d.vendor = id & 0xffff;
	d.device = id >> 16;
	d.class = pci_read(&d, PCI_CLASS) >> 8;
	d.pin = pci_read(&d, PCI_INTERRUPT) >> 8 & 0xff;
	if (pci_ndevices < PCI_DEVICES_MAX)
		pci_devices[pci_ndevices++] = d;
	return header;
}

static void
pci_scan_bus(uint32_t bus)
{
	volatile uint8_t *base;
	uint32_t slot, func, header, nfunc;

	if (bus < acpi.ecam_bus_first || bus > acpi.ecam_bus_last)
		return;
	base = mmio_map(acpi.ecam_pa + ((uint64_t)(bus - acpi.ecam_bus_first)
					<< ECAM_BUS_SHIFT),
			1u << ECAM_BUS_SHIFT);
	if (!base)
		return;
	for (slot = 0; slot < 32; slot++) {
		nfunc = 1;
		for (func = 0; func < nfunc; func++) {
			header = pci_scan_function(
				base + ((slot << 3 | func) << ECAM_FUNC_SHIFT),
				bus, slot, func);
			if (func == 0 && (header & PCI_HEADER_MULTI))
				nfunc = 8;
		}
	}
}

void
pci_init(void)
{
	if (acpi.ecam_pa)
		pci_scan_bus(acpi.ecam_bus_first);
}

/*
 * Learn address and size of memory BAR n: the bits that stay zero after
 * writing ones are the size (PCI Local Bus 3.0, 6.2.5.1). Decoding is off
 * meanwhile. The number of registers that the BAR takes.
 */
static int
pci_size_bar(struct pci_dev *d, int n)
{
	uint32_t reg = PCI_BAR0 + 4 * n;
	uint32_t lo = pci_read(d, reg), hi = 0;
	uint64_t mask;
	bool wide = !(lo & PCI_BAR_IO) && (lo & PCI_BAR_64BIT) &&
		    n + 1 < PCI_BARS;

	if (lo & PCI_BAR_IO)
		return 1;
	pci_write(d, reg, ~0u);
	mask = (pci_read(d, reg) & PCI_BAR_MEM_MASK) | 0xffffffffull << 32;
	pci_write(d, reg, lo);
	if (wide) {
		hi = pci_read(d, reg + 4);
		pci_write(d, reg + 4, ~0u);
		mask = (mask & 0xffffffff) |
		       (uint64_t)pci_read(d, reg + 4) << 32;
		pci_write(d, reg + 4, hi);
	}
	if ((uint32_t)mask != 0) {
		d->bar[n].pa = (uint64_t)hi << 32 | (lo & PCI_BAR_MEM_MASK);
		d->bar[n].size = ~mask + 1;
	}
	return wide ? 2 : 1;
}

// @exercise pci_attach 5 'Attach a PCI device'
int
pci_attach(struct pci_dev *d)
{
	uint32_t command = pci_read(d, PCI_COMMAND) & 0xffff;
	bool found = false;
	int n;

	pci_write(d, PCI_COMMAND, command & ~(PCI_COMMAND_IO |
					      PCI_COMMAND_MEMORY));
	for (n = 0; n < PCI_BARS; n += pci_size_bar(d, n))
		;
	for (n = 0; n < PCI_BARS; n++)
		found |= d->bar[n].pa != 0;
	if (!found)
		return -E_IO;
	pci_write(d, PCI_COMMAND,
		  command | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	return 0;
}
// @end

uint32_t
pci_capability(const struct pci_dev *d, uint8_t id)
{
	uint32_t reg, v;
	int hops;

	if (!(pci_read(d, PCI_COMMAND) & PCI_STATUS_CAP_LIST))
		return 0;
	reg = pci_read(d, PCI_CAP_POINTER) & 0xfc;
	/* 48 capabilities fill the space: a longer chain is a loop. */
	for (hops = 0; reg >= 0x40 && hops < 48; hops++) {
		v = pci_read(d, reg);
		if ((v & 0xff) == id)
			return reg;
		reg = v >> 8 & 0xfc;
	}
	return 0;
}

int
pci_msix_enable(struct pci_dev *d)
{
	uint32_t cap = pci_capability(d, PCI_CAP_MSIX);
	uint32_t control, table, i;
	struct pci_bar *bar;

	if (!cap)
		return -E_NOT_SUPP;
	control = pci_read(d, cap);
	table = pci_read(d, cap + MSIX_TABLE);
	if (MSIX_TABLE_BIR(table) >= PCI_BARS)
		return -E_NOT_SUPP;
	bar = &d->bar[MSIX_TABLE_BIR(table)];
	d->msix_vectors = MSIX_CONTROL_SIZE(control);
	if (!bar->pa || MSIX_TABLE_OFFSET(table) +
			d->msix_vectors * MSIX_ENTRY_SIZE > bar->size)
		return -E_NOT_SUPP;
	d->msix_table = mmio_map(bar->pa + MSIX_TABLE_OFFSET(table),
				 d->msix_vectors * MSIX_ENTRY_SIZE);
	if (!d->msix_table)
		return -E_NO_MEM;

	pci_write(d, cap, control | MSIX_CONTROL_ENABLE | MSIX_CONTROL_MASKALL);
	for (i = 0; i < d->msix_vectors; i++)
		d->msix_table[i * MSIX_ENTRY_WORDS + 3] = MSIX_VECTOR_MASKED;
	pci_write(d, PCI_COMMAND, (pci_read(d, PCI_COMMAND) & 0xffff) |
				  PCI_COMMAND_INTX_OFF);
	pci_write(d, cap, (control | MSIX_CONTROL_ENABLE) &
			  ~MSIX_CONTROL_MASKALL);
	return (int)d->msix_vectors;
}

int
pci_msix_set(struct pci_dev *d, uint32_t entry, uint64_t addr, uint32_t data)
{
	volatile uint32_t *e;

	if (!d->msix_table || entry >= d->msix_vectors)
		return -E_INVAL;
	e = d->msix_table + entry * MSIX_ENTRY_WORDS;
	e[3] = MSIX_VECTOR_MASKED;
	e[0] = (uint32_t)addr;
	e[1] = (uint32_t)(addr >> 32);
	e[2] = data;
	e[3] = 0;
	return 0;
}

int
pci_intx_gsi(const struct pci_dev *d)
{
	if (d->bus != 0 || d->slot > 24 || d->pin < 1 || d->pin > 4)
		return -E_NOT_SUPP;
	return 20 + ((d->slot + d->pin - 1) & 3);
}
