/* setjmp.S: see inc/setjmp.h, whose jmp_buf gives the offsets. */
	.text
	.globl setjmp
	.type setjmp, @function
setjmp:
	mov	%rbx, 0(%rdi)
	mov	%rbp, 8(%rdi)
	mov	%r12, 16(%rdi)
	mov	%r13, 24(%rdi)
	mov	%r14, 32(%rdi)
	mov	%r15, 40(%rdi)
	lea	8(%rsp), %rax		/* the caller's rsp afterwards */
	mov	%rax, 48(%rdi)
	mov	(%rsp), %rax		/* return address */
	mov	%rax, 56(%rdi)
	xor	%eax, %eax
	ret
	.size setjmp, . - setjmp

	.globl longjmp
	.type longjmp, @function
longjmp:
	mov	0(%rdi), %rbx
	mov	8(%rdi), %rbp
	mov	16(%rdi), %r12
	mov	24(%rdi), %r13
	mov	32(%rdi), %r14
	mov	40(%rdi), %r15
	mov	48(%rdi), %rsp
	mov	%esi, %eax
	test	%eax, %eax		/* 0 would look like the first return */
	jnz	1f
	inc	%eax
1:	jmp	*56(%rdi)
	.size longjmp, . - longjmp

	.section .note.GNU-stack, "", @progbits
