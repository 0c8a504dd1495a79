/*
 * switch.S: change from one cooperative thread to another.
 *
 * void thread_switch(uint64_t *save_rsp, uint64_t load_rsp);
 *
 * A waiting thread's stack, from its saved stack pointer upwards:
 *
 *	rsp ->	r15 r14 r13 r12 rbx rbp		what the ABI has us preserve
 *		return address			where thread_switch was called
 *
 * A new thread's stack is laid out the same way by thread.c, with the return
 * address thread_begin, which gives its first function a clean frame.
 */
	.text
	.globl thread_switch
	.type thread_switch, @function
thread_switch:
	pushq	%rbp
	pushq	%rbx
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	movq	%rsp, (%rdi)		/* the old thread can be resumed here */
	movq	%rsi, %rsp		/* on the new thread's stack from now */
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbx
	popq	%rbp
	ret
	.size thread_switch, . - thread_switch

/* First instruction of a new thread. rsp is 16-byte aligned here. */
	.globl thread_begin
	.type thread_begin, @function
thread_begin:
	xorl	%ebp, %ebp		/* ends backtraces */
	call	thread_main		/* does not return */
	ud2
	.size thread_begin, . - thread_begin

	.section .note.GNU-stack, "", @progbits
