/*
 * trap.h: exception and interrupt vectors, and the frame in which a trapped
 * environment's registers are kept. One list names the vectors: the IDT
 * (kern/trap.c), the entry stubs (kern/trapentry.S) and the names printed in
 * a trap frame come from it.
 */
#ifndef JIX_INC_TRAP_H
#define JIX_INC_TRAP_H

/*
 * TRAPS(X): X(vector, name, error code pushed by the processor (0/1),
 * highest ring that may raise it by `int`, IST). Vectors not listed are
 * interrupts: no error code, ring 0, no IST.
 */
#define TRAPS(X) \
	X(0, "Divide error", 0, 0, 0) \
	X(1, "Debug", 0, 0, 4) \
	X(2, "Non-Maskable Interrupt", 0, 0, 2) \
	X(3, "Breakpoint", 0, 3, 0) \
	X(4, "Overflow", 0, 3, 0) \
	X(5, "BOUND Range Exceeded", 0, 0, 0) \
	X(6, "Invalid Opcode", 0, 0, 0) \
	X(7, "Device Not Available", 0, 0, 0) \
	X(8, "Double Fault", 1, 0, 1) \
	X(9, "Coprocessor Segment Overrun", 0, 0, 0) \
	X(10, "Invalid TSS", 1, 0, 0) \
	X(11, "Segment Not Present", 1, 0, 0) \
	X(12, "Stack Fault", 1, 0, 0) \
	X(13, "General Protection", 1, 0, 0) \
	X(14, "Page Fault", 1, 0, 0) \
	X(16, "x87 FPU Floating-Point Error", 0, 0, 0) \
	X(17, "Alignment Check", 1, 0, 0) \
	X(18, "Machine-Check", 0, 0, 3) \
	X(19, "SIMD Floating-Point Exception", 0, 0, 0) \
	X(21, "Control Protection", 1, 0, 0)

/* The vectors with an error code, one bit each. */
#define TRAP_ERR_BIT(v, name, err, dpl, ist) + ((err) << (v))
#define TRAPS_WITH_ERR	(0 TRAPS(TRAP_ERR_BIT))

#define T_DIVIDE	0
#define T_DEBUG		1
#define T_NMI		2
#define T_BRKPT		3
#define T_ILLOP		6
#define T_DEVICE	7
#define T_DBLFLT	8
#define T_GPFLT		13
#define T_PGFLT		14
#define T_MCHK		18
#define T_SIMDERR	19

/* Interrupt vectors. */
#define T_IRQ_FIRST	32	/* device interrupts: 32 .. 63 */
#define T_IRQ_LAST	63
#define T_LIBOS		0x40	/* ring 3 enters the libOS (ring 1) */
#define T_DPCALL	0x41	/* the libOS calls the kernel */
#define T_IPI_WAKE	0xf0	/* look at the run queue again */
#define T_IPI_TLB	0xf1	/* flush translations */
#define T_IPI_DP	0xf2	/* a message for a dataplane core */
#define T_IPI_STOP	0xf3	/* halt: another CPU panicked or shuts down */
#define T_TIMER		0xfd	/* this CPU's LAPIC timer */
#define T_LAPIC_ERROR	0xfe
#define T_SPURIOUS	0xff
#define T_SYSCALL	0x100	/* no vector: entered by SYSCALL */

#ifndef __ASSEMBLER__
#include "inc/types.h"

/* The general registers in the order in which the entry code pushes them. */
struct regs {
	uint64_t r15, r14, r13, r12, r11, r10, r9, r8;
	uint64_t rdi, rsi, rbp, rdx, rcx, rbx, rax;
};

/* Registers at a trap. The last five words are the processor's own frame. */
struct trapframe {
	struct regs regs;
	uint64_t trapno;
	uint64_t err;
	uint64_t rip;
	uint64_t cs;
	uint64_t rflags;
	uint64_t rsp;
	uint64_t ss;
};
_Static_assert(sizeof(struct trapframe) == 22 * 8, "entry code and gdb rely");

/*
 * What a page-fault upcall finds on the exception stack. The frame ends as
 * the processor's own does, so the handler returns by IRETQ in ring 3.
 */
struct utrapframe {
	uint64_t fault_va;
	uint64_t err;		/* FEC_* of inc/mmu.h */
	struct regs regs;
	uint64_t rip;
	uint64_t cs;
	uint64_t rflags;
	uint64_t rsp;
	uint64_t ss;
};
#endif

#endif
