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
#define UTF_RIP		(17 * 8)
#define UTF_RSP		(20 * 8)

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
	/*
	 * Return by popf and ret, which takes rip from below the interrupted
	 * stack's top. (iretq in ring 3 fails under SMAP in QEMU before 9.1.)
	 * On the exception stack that place is the ss of this very frame.
	 */
	mov	UTF_RIP(%rbx), %rax
	mov	UTF_RSP(%rbx), %rcx
	lea	-8(%rcx), %rcx
	mov	%rax, (%rcx)
	mov	%rcx, UTF_RSP(%rbx)
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
	lea	16(%rsp), %rsp		/* past rip and cs */
	popfq
	pop	%rsp
	ret
// @end
	.size pgfault_upcall, . - pgfault_upcall

	.section .note.GNU-stack, "", @progbits
