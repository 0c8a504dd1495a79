/*
 * trapentry.S: the way into the kernel and out of it on time-shared CPUs.
 *
 * Every entry builds a struct trapframe (inc/trap.h) on this CPU's kernel
 * stack and calls trap(). For an exception or interrupt the processor has
 * switched to TSS.RSP0 (or to an IST stack) and pushed ss .. rip; the stub
 * adds the error code, if the processor did not, and the vector:
 *
 *	 RSP0 ->  ss
 *		  rsp			(of the interrupted code)
 *		  rflags
 *		  cs
 *		  rip
 *		  err			(0 where the processor pushes none)
 *		  trapno
 *		  rax rbx rcx rdx rbp rsi rdi r8 ... r15
 *	 rdi ->
 *
 * SYSCALL switches nothing: rip is in rcx, rflags in r11, rsp is the user's.
 * Each CPU has an entry point of its own that knows its stack, so that no
 * per-CPU register is needed.
 */
#include "inc/memlayout.h"
#include "inc/mmu.h"
#include "inc/trap.h"
#include "kern/regs.h"

#define CLAC \
	9: .byte 0x0f, 0x01, 0xca; \
	.pushsection .clac_sites, "a"; .quad 9b; .popsection

	.macro PUSH reg
	pushq	\reg
	.cfi_adjust_cfa_offset 8
	.endm

	/* Push the interrupted code's register; gdb shows it in that frame. */
	.macro SAVE reg
	PUSH	\reg
	.cfi_rel_offset \reg, 0
	.endm

	.text

/*
 * 256 stubs of 16 bytes: vector n enters at trap_stubs + 16 * n. Those whose
 * vectors push an error code (8, 10-14, 17, 21) must not push a zero.
 */
	.globl trap_stubs
	.balign 16
trap_stubs:
	.set	vector, 0
	.rept	256
	.balign 16
	.if	(vector > 31) || !((TRAPS_WITH_ERR >> (vector & 31)) & 1)
	pushq	$0
	.endif
	pushq	$vector
	jmp	trap_common
	.set	vector, vector + 1
	.endr

// @exercise trap_entry 10 'Save the registers, call trap(), return'
	.type trap_common, @function
trap_common:
	.cfi_startproc
	.cfi_signal_frame
	.cfi_def_cfa %rsp, 56		/* trapno, err, rip .. ss */
	.cfi_offset %rip, -40
	.cfi_offset %rsp, -16
	cld
	CLAC
	PUSH_REGS SAVE
	movq	%rsp, %rdi
	call	trap			/* comes back only to kernel code */
	POP_REGS
	.cfi_adjust_cfa_offset -120
	addq	$16, %rsp		/* trapno, err */
	.cfi_adjust_cfa_offset -16
	iretq
	.cfi_endproc
	.size trap_common, . - trap_common
// @end

/*
 * SYSCALL entry, one per CPU. r10 carries an argument, so the user's stack
 * pointer waits in this CPU's slot of syscall_rsp for a moment; interrupts
 * are off (SFMASK).
 */
	.globl syscall_entry
	.balign 64
syscall_entry:
	.set	cpu, 0
	.rept	NCPU
	.balign 64
	movq	%rsp, syscall_rsp + 8 * cpu(%rip)
	movabsq	$(KSTACKS + (cpu + 1) * KSTACK_SLOT), %rsp
	pushq	$(GD_UD | 3)
	pushq	syscall_rsp + 8 * cpu(%rip)
	jmp	syscall_common
	.set	cpu, cpu + 1
	.endr

	.type syscall_common, @function
syscall_common:
	.cfi_startproc
	.cfi_signal_frame
	.cfi_def_cfa %rsp, 16
	.cfi_register %rip, %rcx
	.cfi_offset %rsp, -16
	PUSH %r11			/* rflags */
	PUSH $(GD_UT | 3)
	PUSH %rcx			/* rip */
	.cfi_offset %rip, -40
	PUSH $0				/* err */
	PUSH $T_SYSCALL
	PUSH_REGS SAVE
	movq	%rsp, %rdi
	call	trap
	ud2				/* trap does not return */
	.cfi_endproc
	.size syscall_common, . - syscall_common

/*
 * trap_return_iret(tf), trap_return_sysret(tf): restore the frame at rdi,
 * wherever it lies, and go to ring 3. IRETQ restores every register; SYSRETQ
 * takes rip from rcx and rflags from r11, which a system call gives up anyway.
 * kern/trap.c chooses.
 */
	.globl trap_return_iret
	.type trap_return_iret, @function
trap_return_iret:
	movq	%rdi, %rsp
	POP_REGS
	addq	$16, %rsp		/* trapno, err */
	iretq
	.size trap_return_iret, . - trap_return_iret

	.globl trap_return_sysret
	.type trap_return_sysret, @function
trap_return_sysret:
	movq	%rdi, %rsp
	POP_REGS
	movq	16(%rsp), %rcx		/* rip */
	movq	32(%rsp), %r11		/* rflags */
	movq	40(%rsp), %rsp
	sysretq
	.size trap_return_sysret, . - trap_return_sysret

/* sched_halt_on(stack_top): nothing on the stack is needed any more. */
	.globl sched_halt_on
	.type sched_halt_on, @function
sched_halt_on:
	.cfi_startproc
	.cfi_undefined %rip		/* the outermost frame */
	movq	%rdi, %rsp
	xorl	%ebp, %ebp
	call	sched_idle		# does not return
	ud2
	.cfi_endproc
	.size sched_halt_on, . - sched_halt_on

	.bss
	.balign 64
syscall_rsp:
	.space	8 * NCPU

	.section .note.GNU-stack, "", @progbits
