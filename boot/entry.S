/*
 * Stage 2's assembly: what C cannot say.  Three pieces:
 *
 *	loader_start	from the boot sector's real mode to 32-bit C
 *	bios_call	from C to a BIOS service and back
 *	kernel_jump	from C to the kernel in 64-bit mode
 *
 * Everything here lies below 64 KiB (boot.ld), so that an address means the
 * same in all three modes.
 */

#include "inc/bootinfo.h"
#include "inc/mmu.h"

/* Selectors of this file's own; inc/bootinfo.h has the kernel's two. */
#define SEL_CODE32	0x18
#define SEL_CODE16	0x20
#define SEL_DATA16	0x28

	.section .text.entry, "ax", @progbits

	/*
	 * Stage 2 begins: real mode, all segments 0, stack below 0x7c00.
	 */
	.code16
	.globl	loader_start
loader_start:
	cli				# off until a BIOS call needs them
	lgdt	gdt_pointer
	movl	%cr0, %eax
	orl	$CR0_PE, %eax
	movl	%eax, %cr0		# protected mode, code still 16-bit
	ljmp	$SEL_CODE32, $1f	# a new cs makes it 32-bit

	.code32
1:	movw	$BOOT_SEL_DATA, %ax	# 4 GiB segments from address 0:
	movw	%ax, %ds		# pointers are physical addresses
	movw	%ax, %es
	movw	%ax, %ss
	movw	%ax, %fs
	movw	%ax, %gs
	movl	$boot_start, %esp	# the same stack, 32 bits wide

	movl	$bss_start, %edi	# C expects zeroed data
	movl	$bss_end, %ecx
	subl	%edi, %ecx
	xorl	%eax, %eax
	rep stosb

	movzbl	boot_drive, %eax
	pushl	%eax
	call	loader_main		# never returns

	/*
	 * void bios_call(uint8_t vector, struct bios_regs *regs)
	 *
	 * BIOS services are real-mode code.  Go back there, load the registers
	 * from *regs, do what the instruction INT vector does, store the
	 * registers to *regs, and return in protected mode.
	 *
	 *	40(%esp)	regs
	 *	36(%esp)	vector
	 *	32(%esp)	return address
	 *	 0(%esp)	C's registers, by PUSHA
	 */
	.globl	bios_call
bios_call:
	pushal
	movzbl	36(%esp), %eax
	movl	(, %eax, 4), %eax	# the vector table begins at address 0:
	movl	%eax, service		# 2 bytes of offset, 2 of segment
	movl	40(%esp), %eax
	movl	%eax, regs_first
	addl	$36, %eax		# struct bios_regs is 36 bytes long
	movl	%eax, regs_end
	movl	%esp, c_stack

	ljmp	$SEL_CODE16, $1f	# 16-bit code, still protected
	.code16
1:	movw	$SEL_DATA16, %ax	# real mode keeps the limits it finds:
	movw	%ax, %ds		# let them be its usual 64 KiB
	movw	%ax, %es
	movw	%ax, %ss
	movw	%ax, %fs
	movw	%ax, %gs
	movl	%cr0, %eax
	andl	$~CR0_PE, %eax
	movl	%eax, %cr0		# real mode
	ljmp	$0, $2f			# cs: a segment again, no selector
2:	xorw	%ax, %ax
	movw	%ax, %ds
	movw	%ax, %es
	movw	%ax, %ss
	movw	%ax, %fs
	movw	%ax, %gs

	/*
	 * Interrupts are off, so sp may serve as a pointer for a moment:
	 * pop the registers out of the structure as if it were a stack.
	 *
	 *	34(%sp)	flags
	 *	32(%sp)	es
	 *	 0(%sp)	edi esi ebp - ebx edx ecx eax, in POPA's order
	 */
	movw	regs_first, %sp
	popal
	popw	%es
	movw	%cs:c_stack, %sp

	/*
	 * INT pushes flags, cs and ip, clears IF, and jumps through the vector
	 * table.  So do we; the pushed IF lets interrupts in after the return.
	 */
	pushw	$FL_IF
	lcallw	*%cs:service
	cli

	movw	%cs:regs_end, %sp	# push what came back, top first
	pushfw				# CF among the flags means failure
	pushw	%es
	pushal

	xorw	%ax, %ax		# the BIOS may have changed ds
	movw	%ax, %ds
	lgdt	gdt_pointer		# and has been in protected mode itself
	movl	%cr0, %eax
	orl	$CR0_PE, %eax
	movl	%eax, %cr0
	ljmp	$SEL_CODE32, $3f
	.code32
3:	movw	$BOOT_SEL_DATA, %ax
	movw	%ax, %ds
	movw	%ax, %es
	movw	%ax, %ss
	movw	%ax, %fs
	movw	%ax, %gs
	movl	c_stack, %esp
	cld
	popal
	ret

	/*
	 * void kernel_jump(uint64_t entry, struct bootinfo *info,
	 *		    void *page_tables)
	 *
	 *	16(%esp)	page_tables: the PML4 comes first
	 *	12(%esp)	info
	 *	 8(%esp)	entry, upper half
	 *	 4(%esp)	entry, lower half
	 *
	 * Long mode is reached in this order: PAE, the page tables, LME, and
	 * paging last, which makes the processor set EFER.LMA.
	 */
	.globl	kernel_jump
kernel_jump:
	movl	4(%esp), %ebx
	movl	8(%esp), %ebp
	movl	12(%esp), %edi
	movl	16(%esp), %eax
	movl	%eax, %cr3
	movl	%cr4, %eax
	orl	$CR4_PAE, %eax
	movl	%eax, %cr4
	movl	$MSR_EFER, %ecx
	rdmsr				# edx:eax = EFER
	orl	$(EFER_LME | EFER_NXE), %eax	# long mode; no-execute bits
	wrmsr
	movl	%cr0, %eax
	orl	$(CR0_PG | CR0_WP), %eax	# read-only binds ring 0, too
	movl	%eax, %cr0		# long mode, code still 32-bit
	ljmp	$BOOT_SEL_CODE, $1f	# a new cs makes it 64-bit

	.code64
1:	movl	%ebx, %ebx		# a 32-bit move clears the upper half,
	movl	%edi, %edi		# which the switch leaves undefined
	movl	$BOOT_STACK_TOP, %esp
	shlq	$32, %rbp
	orq	%rbp, %rbx		# rbx = entry
	xorl	%ebp, %ebp		# the end of any backtrace
	jmp	*%rbx
	.code32

	/*
	 * Segment descriptors.  In all: base 0, ring 0, present, marked as
	 * accessed, so that loading one never writes here.
	 */
	.section .data
	.balign	8
gdt:	.quad	0			# 0x00: unusable, by definition
	.quad	0x00209b0000000000	# 0x08: code, 64-bit
	.quad	0x00cf93000000ffff	# 0x10: data, up to 4 GiB
	.quad	0x00cf9b000000ffff	# 0x18: code, 32-bit, up to 4 GiB
	.quad	0x00009b000000ffff	# 0x20: code, 16-bit, up to 64 KiB
	.quad	0x000093000000ffff	# 0x28: data, up to 64 KiB
gdt_end:
	.balign	4
	.word	0			# so that the base below is aligned
gdt_pointer:
	.word	gdt_end - gdt - 1
	.long	gdt

service:	.long	0		# bios_call: the service's far address
regs_first:	.long	0		# where *regs begins
regs_end:	.long	0		# and ends
c_stack:	.long	0		# C's esp meanwhile

	.section .note.GNU-stack, "", @progbits
