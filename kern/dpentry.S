/*
 * dpentry.S: the way into the kernel and out of it on a core that is bound to
 * a dataplane. This code lies in pages of its own, which are mapped at the
 * same address in the kernel's tables and in every restricted root.
 *
 * The processor comes here on the core's private entry stack (TSS.RSP0, or an
 * IST stack, in the CPU's slot of KENTRY) with the restricted root loaded.
 * Ring 1 can read and write that stack while it runs, so only the words
 * pushed since the entry count. The stub completes a struct trapframe as
 * kern/trapentry.S does, loads the kernel's root from a word that ring 1 can
 * only read, copies the frame to the CPU's ordinary kernel stack, where
 * nobody else can write, and calls dp_trap() there.
 *
 * An interruption of ring 0 itself (an NMI at any moment, an interrupt while
 * dp_wait halts) keeps its frame where it is and returns to it: it assumes
 * nothing about CR3 and puts back what it found.
 */
#include "inc/dp.h"
#include "inc/memlayout.h"
#include "inc/mmu.h"
#include "inc/trap.h"
#include "kern/regs.h"

#define FRAME_CS	144		/* of struct trapframe */
#define FRAME_WORDS	22

	.section .stub.text, "ax"

	/* 256 stubs of 16 bytes: vector n enters at dp_stubs + 16 * n. */
	.globl dp_stubs
	.balign 16
dp_stubs:
	.set	vector, 0
	.rept	256
	.balign 16
	.if	(vector > 31) || !((TRAPS_WITH_ERR >> (vector & 31)) & 1)
	pushq	$0			/* the processor pushes none */
	.endif
	pushq	$vector
	jmp	dp_entry
	.set	vector, vector + 1
	.endr

	.type dp_entry, @function
dp_entry:
	PUSH_REGS pushq
	pushq	$FL_MBS			/* no AC, DF, NT, TF; IF is off */
	popfq
	testb	$3, FRAME_CS(%rsp)
	jz	dp_from_kernel
	movq	dp_kern_cr3(%rip), %rax
	movq	%rax, %cr3
	/* The CPU's number is in the stack pointer. */
	movq	%rsp, %rsi
	movabsq	$KENTRY, %rax
	movq	%rsp, %rdi
	subq	%rax, %rdi
	shrq	$KENTRY_SHIFT, %rdi
	incq	%rdi
	shlq	$KSTACK_SHIFT, %rdi
	movabsq	$(KSTACKS - FRAME_WORDS * 8), %rax
	addq	%rax, %rdi
	movq	%rdi, %rsp
	movl	$FRAME_WORDS, %ecx
	rep movsq
	movq	%rsp, %rdi
	xorl	%ebp, %ebp		/* ends backtraces */
	call	dp_trap
	ud2				/* it leaves by dp_resume */
	.size dp_entry, . - dp_entry

	.type dp_from_kernel, @function
dp_from_kernel:
	movq	%cr3, %rbx
	movq	dp_kern_cr3(%rip), %rax
	movq	%rax, %cr3
	movq	%rsp, %rbp
	movq	%rsp, %rdi
	/* From an entry stack, go on on the CPU's own NMI stack. */
	movabsq	$KENTRY, %rax
	movq	%rsp, %rcx
	subq	%rax, %rcx
	cmpq	$(NCPU << KENTRY_SHIFT), %rcx
	jae	1f
	shrq	$KENTRY_SHIFT, %rcx
	shlq	$KSTACK_SHIFT, %rcx
	movabsq	$KIST_TOP(0, 2), %rsp
	addq	%rcx, %rsp
1:	andq	$-16, %rsp
	call	dp_trap_kernel
	movq	%rbp, %rsp
	movq	%rbx, %cr3
	POP_REGS
	addq	$16, %rsp
	iretq
	.size dp_from_kernel, . - dp_from_kernel

/*
 * dp_resume(tf, root): tf lies on this CPU's entry stack; go to ring 1 or 3
 * on the restricted root.
 */
	.globl dp_resume
	.type dp_resume, @function
dp_resume:
	movq	%rdi, %rsp
	movq	%rsi, %cr3
	POP_REGS
	addq	$16, %rsp		/* trapno, err */
	iretq
	.size dp_resume, . - dp_resume

	/* Written once at boot, through the kernel's other mapping. */
	.globl dp_kern_cr3
	.balign 8
dp_kern_cr3:
	.quad	0

	.section .note.GNU-stack, "", @progbits
