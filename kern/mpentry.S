/*
 * mpentry.S: the first steps of every CPU but the boot CPU. A STARTUP
 * interrupt begins here in real mode at MPENTRY_PA, where mp_start
 * (kern/cpu.c) has copied this code, with the two parameters at the end
 * filled in. It goes to 64-bit mode at once: protected mode and paging are
 * switched on together, as the manual allows (AMD64 APM volume 2, section
 * 14.6.1), with the kernel's own tables, which map this page for the moment.
 */
#include "inc/memlayout.h"
#include "inc/mmu.h"

#define MPENTRY_PA	0x8000
#define REL(x)		((x) - mpentry_start + MPENTRY_PA)

	.section .rodata
	.balign 16
	.globl mpentry_start, mpentry_end, mpentry_cr3, mpentry_stack
	.code16
mpentry_start:
	cli
	cld
	xorw	%ax, %ax
	movw	%ax, %ds
	movl	$(CR4_PAE), %eax
	movl	%eax, %cr4
	movl	REL(mpentry_cr3), %eax	/* the root table lies below 4 GB */
	movl	%eax, %cr3
	movl	$MSR_EFER, %ecx
	rdmsr
	orl	$(EFER_LME | EFER_NXE), %eax
	wrmsr
	lgdtl	REL(mpentry_gdtr)
	movl	$(CR0_PE | CR0_PG | CR0_WP | CR0_NE | CR0_MP), %eax
	movl	%eax, %cr0
	ljmpl	$GD_KT, $REL(mpentry64)

	.code64
mpentry64:
	movl	$GD_KD, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	movq	REL(mpentry_stack), %rsp
	xorl	%ebp, %ebp
	movabsq	$mp_main, %rax
	pushq	$0			/* ends backtraces */
	jmpq	*%rax

	.balign 8
mpentry_gdt:
	.quad	0
	.quad	0x00af9b000000ffff	/* GD_KT */
	.quad	0x00cf93000000ffff	/* GD_KD */
mpentry_gdtr:
	.word	23
	.long	REL(mpentry_gdt)
	.balign 8
mpentry_cr3:
	.quad	0
mpentry_stack:
	.quad	0
mpentry_end:

	.section .note.GNU-stack, "", @progbits
