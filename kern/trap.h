/*
 * trap.h: entering and leaving the kernel.
 */
#ifndef JIX_KERN_TRAP_H
#define JIX_KERN_TRAP_H

#include "inc/mmu.h"
#include "inc/trap.h"

/* Fill in an entry of an interrupt table; type is GATE_* of inc/mmu.h. */
void gate_set(struct gate *g, uint64_t entry, uint16_t selector, int ist,
	      uint8_t type);
void trap_init(void);		/* build the IDT, once */
void trap_load(void);		/* load it on this CPU */
/* From the entry code, for every trap, interrupt and system call. */
void trap(struct trapframe *tf);
/* Restore tf and leave for ring 3; by SYSRET if it came by SYSCALL. */
void trap_return(struct trapframe *tf) __attribute__((noreturn));
void trap_print(const struct trapframe *tf);
const char *trap_name(uint64_t trapno);

/* Per-CPU SYSCALL entry points: LSTAR of CPU n is at n * SYSCALL_ENTRY_SIZE. */
extern char syscall_entry[];
#define SYSCALL_ENTRY_SIZE	64

#endif
