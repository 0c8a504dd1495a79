/*
 * entry.S: where a program starts, linked first. The kernel and spawn leave
 * the arguments on the stack in the System V manner:
 *
 *	rsp ->	argc
 *		argv[0] ... argv[argc - 1]
 *		0
 */
	.section .text.entry, "ax", @progbits
	.globl _start
	.type _start, @function
_start:
	xor	%ebp, %ebp		/* the end of every backtrace */
	mov	(%rsp), %rdi		/* argc */
	lea	8(%rsp), %rsi		/* argv */
	and	$-16, %rsp
	call	libmain			/* does not return */
	ud2
	.size _start, . - _start

	.section .note.GNU-stack, "", @progbits
