/*
 * acpi.h: what the firmware's tables say: CPUs, interrupt controllers, PCI
 * configuration space. Tables are checked (signature, length, sum) and read
 * once at boot.
 */
#ifndef JIX_KERN_ACPI_H
#define JIX_KERN_ACPI_H

#include "inc/memlayout.h"
#include "inc/types.h"

struct acpi_info {
	int ncpu;
	uint32_t apic_id[NCPU];
	physaddr_t lapic_pa;
	physaddr_t ioapic_pa;
	uint32_t ioapic_gsi_base;
	uint32_t isa_gsi[16];	/* ISA IRQ to GSI, overrides applied */
	physaddr_t ecam_pa;	/* PCI configuration space, 0 if none */
	uint8_t ecam_bus_first;
	uint8_t ecam_bus_last;
	uint16_t pm_timer_port;	/* ACPI PM timer, 0 if none */
};

extern struct acpi_info acpi;

void acpi_init(void);

#endif
