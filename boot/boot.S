/*
 * The boot sector.  The BIOS reads the disk's first sector to physical address
 * 0x7c00 and jumps there in real mode: 16-bit code, segments, 1 MiB of memory,
 * and the BIOS's own services behind software interrupts.  Of the 512 bytes
 * the last two are a signature, so there is room for one thing: to read stage
 * 2, the 63 sectors that follow, to the addresses that follow, and go on there
 * (entry.S).  On failure it says so on the screen and on the serial line.
 */

#include "boot/boot.h"

	.code16
	.section .sector, "ax", @progbits
	.globl	boot_start
boot_start:
	cli				# no interrupts without a stack
	cld				# string instructions go upwards
	ljmp	$0, $1f			# cs may be 0x7c0 with ip 0: make it 0
1:	xorw	%ax, %ax
	movw	%ax, %ds		# segment 0 for all: addresses are
	movw	%ax, %es		# plain offsets below 64 KiB
	movw	%ax, %ss
	movw	$boot_start, %sp	# the stack grows down from 0x7c00
	sti				# the BIOS wants its interrupts
	movb	%dl, boot_drive		# the BIOS left the drive's number

	/*
	 * Old BIOS calls address a disk by cylinder, head and sector.  The
	 * "extensions" number sectors from 0, up to 64 bits.  Are they here?
	 */
	movb	$0x41, %ah		# INT 13h, 41h: check extensions
	movw	$0x55aa, %bx		# the answer has these bytes swapped
	int	$0x13
	jc	no_extensions
	cmpw	$0xaa55, %bx
	jne	no_extensions
	testb	$1, %cl			# bit 0: packet calls, such as 42h
	jz	no_extensions

	movb	$0x42, %ah		# INT 13h, 42h: read by packet
	movb	boot_drive, %dl
	movw	$packet, %si
	int	$0x13
	jc	no_disk
	jmp	loader_start		# on to stage 2, in real mode still

no_extensions:
	movw	$extensions_message, %si
	jmp	fail
no_disk:
	movw	$disk_message, %si

	/*
	 * Show the line at si on top of the screen and on COM1, then stop.
	 */
fail:	cli
	movw	$COM1_LCR, %dx
	movb	$LCR_DLAB, %al
	outb	%al, %dx
	movw	$COM1_DATA, %dx
	movb	$COM1_DIVISOR, %al	# its low half
	outb	%al, %dx
	movw	$COM1_IER, %dx
	movb	$0, %al			# and its high half
	outb	%al, %dx
	movw	$COM1_LCR, %dx
	movb	$LCR_8N1, %al
	outb	%al, %dx
	movw	$COM1_IER, %dx
	movb	$0, %al			# no interrupts from it
	outb	%al, %dx

	movw	$VGA_SEGMENT, %ax	# make the first row red and empty
	movw	%ax, %es
	xorw	%di, %di
	movw	$(WHITE_ON_RED << 8 | ' '), %ax
	movw	$VGA_COLUMNS, %cx
	rep stosw

	xorw	%di, %di
next:	lodsb				# al = *si++
	testb	%al, %al		# a 0 ends the line
	jz	stop
	cmpb	$' ', %al		# the serial line's CR and LF are
	jb	send			# not for the screen
	movb	$WHITE_ON_RED, %ah
	stosw				# a cell: character and colour
send:	movb	%al, %ah
	movw	$COM1_LSR, %dx
1:	inb	%dx, %al		# wait for room for a byte
	testb	$LSR_THRE, %al
	jz	1b
	movw	$COM1_DATA, %dx
	movb	%ah, %al
	outb	%al, %dx
	jmp	next

stop:	movb	$EXIT_BOOT, %al		# leave QEMU, where it allows that
	outb	%al, $EXIT_PORT
1:	hlt				# elsewhere: wait for ever
	jmp	1b

extensions_message:
	.asciz	"\r\nJIX boot: the BIOS lacks INT 13h extensions\r\n"
disk_message:
	.asciz	"\r\nJIX boot: cannot read the disk (stage 2)\r\n"

	.balign	4
packet:	.byte	16, 0			# size of this packet; must be 0
	.word	STAGE2_SECTORS		# how many sectors
	.word	loader_start, 0		# to where: offset, segment
	.quad	1			# from which sector

	.globl	boot_drive
boot_drive:
	.byte	0

	.section .note.GNU-stack, "", @progbits
