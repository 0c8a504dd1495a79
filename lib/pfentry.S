/*
 * pfentry.S: page-fault upcall. The kernel enters here in ring 3, on the
 * exception stack, with rsp at a struct utrapframe (inc/trap.h):
 *
 *		ss  rsp  rflags  cs  rip
 *		rax rbx rcx rdx rbp rsi rdi r8 ... r15
 *		err
 *	rsp ->	fault_va
 *
 * A handler that faults itself gets the next frame below its own. It may use
 * the SSE registers, which the interrupted code still needs: they are saved
 * here, the general ones by the kernel.
 */
	.text
	.globl pgfault_upcall
	.type pgfault_upcall, @function
pgfault_upcall:
// @exercise pgfault_upcall 5 'Enter a page-fault handler and return'
	cld
	mov	%rsp, %rbx		/* preserved by the handler */
	sub	$512, %rsp
	and	$-16, %rsp
	fxsave64 (%rsp)
	mov	%rbx, %rdi
	call	pgfault_dispatch	/* (struct utrapframe *) */
	fxrstor64 (%rsp)
	lea	16(%rbx), %rsp		/* past fault_va and err */
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%r11
	pop	%r10
	pop	%r9
	pop	%r8
	pop	%rdi
	pop	%rsi
	pop	%rbp
	pop	%rdx
	pop	%rcx
	pop	%rbx
	pop	%rax
	iretq				/* rip, cs, rflags, rsp, ss: the rest */
// @end
	.size pgfault_upcall, . - pgfault_upcall

	.section .note.GNU-stack, "", @progbits
