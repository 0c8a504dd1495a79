/*
 * pci.h: PCI Express configuration space through ECAM (PCI Express Base
 * Specification, 7.2.2), just enough to find a device, map its registers and
 * route its interrupts. Used at boot, before the other CPUs start, and by the
 * NIC drivers under the big kernel lock.
 */
#ifndef JIX_KERN_PCI_H
#define JIX_KERN_PCI_H

#include "inc/types.h"

#define PCI_BARS	6

/* Configuration registers (type 0 header). */
#define PCI_ID			0x00
#define PCI_COMMAND		0x04
#define PCI_COMMAND_IO		0x0001
#define PCI_COMMAND_MEMORY	0x0002
#define PCI_COMMAND_MASTER	0x0004
#define PCI_COMMAND_INTX_OFF	0x0400
#define PCI_STATUS_CAP_LIST	(1u << 20)	/* bit 4 of STATUS */
#define PCI_CLASS		0x08
#define PCI_HEADER		0x0c
#define PCI_HEADER_TYPE(v)	((v) >> 16 & 0x7f)
#define PCI_HEADER_MULTI	(1u << 23)
#define PCI_HEADER_BRIDGE	1
#define PCI_BAR0		0x10
#define PCI_BAR_IO		1u
#define PCI_BAR_64BIT		4u
#define PCI_BAR_MEM_MASK	0xfffffff0u
#define PCI_BRIDGE_BUSES	0x18
#define PCI_CAP_POINTER		0x34
#define PCI_INTERRUPT		0x3c
#define PCI_CAP_MSIX		0x11

struct pci_bar {
	physaddr_t pa;		/* 0: none, or an I/O BAR */
	uint64_t size;		/* bytes */
};

struct pci_dev {
	uint8_t bus, slot, func;
	uint16_t vendor, device;
	uint32_t class;		/* class, subclass, interface: 24 bits */
	volatile uint8_t *config;	/* its 4 KB of configuration space */
	struct pci_bar bar[PCI_BARS];
	uint8_t pin;		/* INTA# is 1; 0: no INTx */
	volatile uint32_t *msix_table;	/* set by pci_msix_enable */
	uint32_t msix_vectors;
};

/* Find all devices behind acpi.ecam_pa. Once, at boot. */
void pci_init(void);

/* The devices found, in order of bus, slot, function; null past the last. */
struct pci_dev *pci_device(int index);

uint32_t pci_read(const struct pci_dev *d, uint32_t reg);
void pci_write(const struct pci_dev *d, uint32_t reg, uint32_t v);

/*
 * Let the device answer at its memory BARs and do DMA, and learn where the
 * BARs are and how large. 0, or -E_IO if no memory BAR has an address.
 */
int pci_attach(struct pci_dev *d);

/* Configuration offset of a capability, 0 if the device has none such. */
uint32_t pci_capability(const struct pci_dev *d, uint8_t id);

/*
 * Switch from INTx to MSI-X with every vector masked. The number of vectors,
 * or -E_NOT_SUPP. Maps the vector table.
 */
int pci_msix_enable(struct pci_dev *d);
/* Send vector `entry` as this message, unmasked. 0 or -E_INVAL. */
int pci_msix_set(struct pci_dev *d, uint32_t entry, uint64_t addr,
		 uint32_t data);

/*
 * The global system interrupt of the device's INTx line on the q35 machine's
 * bus 0, slots 0 to 24, or -E_NOT_SUPP. Its chipset rotates the four lines
 * over GSI 20-23 by slot and pin.
 */
int pci_intx_gsi(const struct pci_dev *d);

#endif
