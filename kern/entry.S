/*
 * entry.S: where the loader jumps to (boot/): 64-bit mode, interrupts off,
 * the loader's page tables, rdi = physical address of struct bootinfo, which
 * is mapped there too. Sets the first stack and enters C.
 */
#include "inc/memlayout.h"

	.section .text.entry, "ax"
	.globl kern_entry
	.type kern_entry, @function
kern_entry:
	.cfi_startproc
	.cfi_undefined %rip		/* the outermost frame */
	cld
	movabsq	$boot_stack_top, %rsp
	xorl	%ebp, %ebp		/* ends backtraces */
	call	kern_init
1:	hlt
	jmp	1b
	.cfi_endproc
	.size kern_entry, . - kern_entry

	.bss
	.balign 4096
	.globl boot_stack_top
boot_stack:
	.space 0x8000
boot_stack_top:

	.section .note.GNU-stack, "", @progbits
