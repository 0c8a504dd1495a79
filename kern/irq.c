/*
 * irq.c: vectors for devices, and the IOAPIC (Intel 82093AA datasheet), which
 * turns a device's line into a vector on some CPU. Message-signalled
 * interrupts need no IOAPIC: the device writes the vector to the local APIC.
 */
#include "kern/irq.h"
#include "kern/acpi.h"
#include "kern/cpu.h"
#include "kern/kernel.h"
#include "kern/lapic.h"
#include "kern/pmap.h"
#include "inc/trap.h"

/* The IOAPIC's two windows, and its registers by the datasheet's names. */
#define IOREGSEL	0x00
#define IOWIN		0x10
#define IOAPICVER	0x01
#define IOREDTBL(n)	(0x10 + 2 * (n))
#define RED_ACTIVE_LOW	0x02000
#define RED_LEVEL	0x08000
#define RED_MASKED	0x10000

#define NIRQ		(T_IRQ_LAST - T_IRQ_FIRST + 1)

static struct {
	irq_handler fn;
	void *arg;
} handlers[NIRQ];

static volatile uint8_t *ioapic;
static uint32_t ioapic_lines;

static uint32_t
ioapic_read(uint32_t reg)
{
	*(volatile uint32_t *)(ioapic + IOREGSEL) = reg;
	return *(volatile uint32_t *)(ioapic + IOWIN);
}

static void
ioapic_write(uint32_t reg, uint32_t v)
{
	*(volatile uint32_t *)(ioapic + IOREGSEL) = reg;
	*(volatile uint32_t *)(ioapic + IOWIN) = v;
}

/* Mask everything, the old 8259 controllers included. */
void
ioapic_init(void)
{
	outb(0x21, 0xff);
	outb(0xa1, 0xff);
	ioapic = mmio_map(acpi.ioapic_pa, PGSIZE);
	if (!ioapic)
		panic("cannot map the IOAPIC");
	ioapic_lines = (ioapic_read(IOAPICVER) >> 16 & 0xff) + 1;
	for (uint32_t i = 0; i < ioapic_lines; i++) {
		ioapic_write(IOREDTBL(i), RED_MASKED);
		ioapic_write(IOREDTBL(i) + 1, 0);
	}
}

int
irq_alloc(irq_handler fn, void *arg)
{
	for (int i = 0; i < NIRQ; i++) {
		if (handlers[i].fn)
			continue;
		handlers[i].fn = fn;
		handlers[i].arg = arg;
		return T_IRQ_FIRST + i;
	}
	return -E_BUSY;
}

void
irq_free(int vector)
{
	assert(vector >= T_IRQ_FIRST && vector <= T_IRQ_LAST);
	handlers[vector - T_IRQ_FIRST].fn = NULL;
}

int
irq_route_gsi(uint32_t gsi, int vector, int cpu, bool level, bool active_low)
{
	uint32_t line = gsi - acpi.ioapic_gsi_base;
	uint32_t low = vector;

	if (gsi < acpi.ioapic_gsi_base || line >= ioapic_lines)
		return -E_INVAL;
	if (level)
		low |= RED_LEVEL;
	if (active_low)
		low |= RED_ACTIVE_LOW;
	ioapic_write(IOREDTBL(line), RED_MASKED);
	ioapic_write(IOREDTBL(line) + 1, cpus[cpu].apic_id << 24);
	ioapic_write(IOREDTBL(line), low);
	return 0;
}

void
irq_mask_gsi(uint32_t gsi, bool mask)
{
	uint32_t line = gsi - acpi.ioapic_gsi_base;
	uint32_t low;

	if (gsi < acpi.ioapic_gsi_base || line >= ioapic_lines)
		return;
	low = ioapic_read(IOREDTBL(line));
	low = mask ? low | RED_MASKED : low & ~RED_MASKED;
	ioapic_write(IOREDTBL(line), low);
}

void
irq_steer_gsi(uint32_t gsi, int cpu)
{
	uint32_t line = gsi - acpi.ioapic_gsi_base;

	if (gsi >= acpi.ioapic_gsi_base && line < ioapic_lines)
		ioapic_write(IOREDTBL(line) + 1, cpus[cpu].apic_id << 24);
}

/* Intel SDM volume 3A, section 11.11: fixed delivery, edge. */
void
irq_msi_message(int vector, int cpu, uint64_t *addr, uint32_t *data)
{
	*addr = 0xfee00000ul | cpus[cpu].apic_id << 12;
	*data = vector;
}

void
irq_dispatch(int vector)
{
	if (handlers[vector - T_IRQ_FIRST].fn)
		handlers[vector - T_IRQ_FIRST].fn(
			handlers[vector - T_IRQ_FIRST].arg);
}
