/*
 * head.S: where the libOS is entered, in ring 1: by the kernel once per core,
 * and by the application through `int 0x40`.
 *
 * The processor takes the application's stack pointer and flags aside on the
 * stack at DP_STACK_TOP, which no other ring can see:
 *
 *	DP_STACK_TOP ->	ss
 *			rsp
 *			rflags		(IF cannot be changed in ring 1)
 *			cs
 *	rsp ->		rip
 */
#include "inc/dp.h"
#include "inc/mmu.h"
#include "inc/trap.h"

	.section .image, "a"
	.globl dp_image
dp_image:
	.ascii	"JIXLIBOS"		/* DP_IMAGE_MAGIC */
	.quad	dp_head_start
	.quad	dp_gate

	.text
	.globl dp_head_start
	.type dp_head_start, @function
dp_head_start:
	xorl	%ebp, %ebp		/* ends backtraces */
	andq	$-16, %rsp
	call	dp_main
	ud2				/* it leaves through dp_enter_app */
	.size dp_head_start, . - dp_head_start

// @exercise int40_entry 10 'Enter the libOS from ring 3'
/*
 * ix_enter(op, a, b, c) of the application: its arguments are in the
 * registers of a function call, and like a function it keeps rbx, rbp and
 * r12 to r15 because dp_enter() does. Nothing of the libOS stays behind in
 * the others. An `int 0x40` executed in ring 1 switches no stack: its frame
 * shows ring 1's selector, and it is a bug that ends here.
 */
	.globl dp_gate
	.type dp_gate, @function
dp_gate:
	cld
	cmpl	$(GD_UT | 3), 8(%rsp)
	jne	1f
	subq	$8, %rsp		/* 16-byte alignment for the call */
	call	dp_enter
	addq	$8, %rsp
	xorl	%ecx, %ecx
	xorl	%edx, %edx
	xorl	%esi, %esi
	xorl	%edi, %edi
	xorl	%r8d, %r8d
	xorl	%r9d, %r9d
	xorl	%r10d, %r10d
	xorl	%r11d, %r11d
	iretq
1:	ud2
	.size dp_gate, . - dp_gate
// @end

/* dp_enter_app(entry, rsp): begin the application in ring 3. */
	.globl dp_enter_app
	.type dp_enter_app, @function
dp_enter_app:
	pushq	$(GD_UD | 3)
	pushq	%rsi
	pushq	$(FL_IF | FL_MBS)
	pushq	$(GD_UT | 3)
	pushq	%rdi
	xorl	%eax, %eax
	xorl	%ebx, %ebx
	xorl	%ecx, %ecx
	xorl	%edx, %edx
	xorl	%esi, %esi
	xorl	%edi, %edi
	xorl	%ebp, %ebp
	xorl	%r8d, %r8d
	xorl	%r9d, %r9d
	xorl	%r10d, %r10d
	xorl	%r11d, %r11d
	xorl	%r12d, %r12d
	xorl	%r13d, %r13d
	xorl	%r14d, %r14d
	xorl	%r15d, %r15d
	iretq
	.size dp_enter_app, . - dp_enter_app

	.section .note.GNU-stack, "", @progbits
