/*
 * regs.h: the general registers in the order of struct regs (inc/trap.h), as
 * macros for the two ways into the kernel: trapentry.S and dpentry.S.
 */
#ifndef JIX_KERN_REGS_H
#define JIX_KERN_REGS_H

	/* PUSH_REGS OP: save the registers, each by the instruction OP. */
	.macro PUSH_REGS op
	\op	%rax
	\op	%rbx
	\op	%rcx
	\op	%rdx
	\op	%rbp
	\op	%rsi
	\op	%rdi
	\op	%r8
	\op	%r9
	\op	%r10
	\op	%r11
	\op	%r12
	\op	%r13
	\op	%r14
	\op	%r15
	.endm

	.macro POP_REGS
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%r11
	popq	%r10
	popq	%r9
	popq	%r8
	popq	%rdi
	popq	%rsi
	popq	%rbp
	popq	%rdx
	popq	%rcx
	popq	%rbx
	popq	%rax
	.endm

#endif
