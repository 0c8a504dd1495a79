/*
 * entry.S: where a dataplane application starts, on each of its cores; and
 * ix_enter(), the one way into the libOS.
 */
	.section .text.entry, "ax", @progbits
	.globl _start
	.type _start, @function
_start:
	xorl	%ebp, %ebp		/* the end of every backtrace */
	movq	%rsp, %rdi		/* tells the core */
	andq	$-16, %rsp
	call	ix_start		/* does not return */
	ud2
	.size _start, . - _start

/*
 * ix_enter(op, a, b, c): the libOS finds the arguments where a function call
 * puts them, and keeps what a function keeps.
 */
	.text
	.globl ix_enter
	.type ix_enter, @function
ix_enter:
	int	$0x40
	ret
	.size ix_enter, . - ix_enter

	.section .note.GNU-stack, "", @progbits
