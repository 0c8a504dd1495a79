/*
 * irq.h: device interrupts. A driver asks for a vector and routes its
 * device's line (IOAPIC) or message (MSI-X) to it. Handlers run in ring 0
 * with interrupts off and with the big kernel lock held; the local APIC is
 * told the end of the interrupt after the handler returns.
 */
#ifndef JIX_KERN_IRQ_H
#define JIX_KERN_IRQ_H

#include "inc/types.h"

typedef void (*irq_handler)(void *arg);

/* A free vector (T_IRQ_FIRST..LAST) bound to fn(arg); -E_BUSY if none. */
int irq_alloc(irq_handler fn, void *arg);
void irq_free(int vector);
/* Deliver a global system interrupt to `cpu` at `vector`. 0 or -E_INVAL. */
int irq_route_gsi(uint32_t gsi, int vector, int cpu, bool level,
		  bool active_low);
void irq_mask_gsi(uint32_t gsi, bool mask);
/* From now on to that CPU; no effect on a line that is not there. */
void irq_steer_gsi(uint32_t gsi, int cpu);
/* The address and data of the MSI that raises `vector` on `cpu`. */
void irq_msi_message(int vector, int cpu, uint64_t *addr, uint32_t *data);

/* From kern/trap.c: run the handler of a vector, if it has one. */
void irq_dispatch(int vector);

#endif
