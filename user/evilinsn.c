/*
 * evilinsn: each instruction that ring 3 must not execute, in a child of its
 * own: the child is ended, the machine goes on. The kernel prints a report
 * for each; at the end this program says whether one got through.
 */
#include "inc/lib.h"
#include "inc/testing.h"

static uint8_t buf[64] ALIGNED(16);

/* Operands: rax and rdx zero unless said otherwise, rbx at a buffer. */
#define INSNS(X) \
	X(cli, "cli") \
	X(sti, "sti") \
	X(hlt, "hlt") \
	X(in, "in $0x60, %%al") \
	X(in_dx, "mov $0x3f8, %%edx; in %%dx, %%al") \
	X(out, "out %%al, $0xf4") \
	X(out_dx, "mov $0xcf8, %%edx; out %%eax, %%dx") \
	X(insb, "mov $0x60, %%edx; mov %%rbx, %%rdi; insb") \
	X(outsb, "mov $0xe9, %%edx; mov %%rbx, %%rsi; outsb") \
	X(lgdt, "lgdt (%%rbx)") \
	X(lidt, "lidt (%%rbx)") \
	X(lldt, "lldt %%ax") \
	X(ltr, "mov $0x40, %%eax; ltr %%ax") \
	X(sgdt, "sgdt (%%rbx)") \
	X(sidt, "sidt (%%rbx)") \
	X(sldt, "sldt %%ax") \
	X(str, "str %%ax") \
	X(smsw, "smsw %%ax") \
	X(lmsw, "lmsw %%ax") \
	X(clts, "clts") \
	X(read_cr0, "mov %%cr0, %%rax") \
	X(write_cr0, "mov %%rax, %%cr0") \
	X(read_cr2, "mov %%cr2, %%rax") \
	X(read_cr3, "mov %%cr3, %%rax") \
	X(write_cr3, "mov %%rax, %%cr3") \
	X(read_cr4, "mov %%cr4, %%rax") \
	X(write_cr4, "mov %%rax, %%cr4") \
	X(read_cr8, "mov %%cr8, %%rax") \
	X(read_dr7, "mov %%dr7, %%rax") \
	X(write_dr7, "mov %%rax, %%dr7") \
	X(rdmsr, "mov $0xc0000080, %%ecx; rdmsr") \
	X(wrmsr, "mov $0xc0000080, %%ecx; wrmsr") \
	X(rdpmc, "xor %%ecx, %%ecx; rdpmc") \
	X(swapgs, "swapgs") \
	X(sysretq, "lea 1f(%%rip), %%rcx; mov $0x202, %%r11; sysretq; 1:") \
	X(sysexit, "sysexitl") \
	X(sysenter, "sysenter") \
	X(invlpg, "invlpg (%%rbx)") \
	X(rsm, "rsm") \
	X(ud2, "ud2") \
	X(xsetbv, "xor %%ecx, %%ecx; xsetbv") \
	X(stac, "stac") \
	X(clac, "clac") \
	X(vmcall, "vmcall") \
	X(vmrun, "vmrun") \
	X(int_ipi, "int $0xf1") \
	X(int_timer, "int $0xfd") \
	X(int_irq, "int $0x21") \
	X(int_nmi, "int $2") \
	X(int_double, "int $8") \
	X(int_protection, "int $13") \
	X(int_mcheck, "int $18") \
	X(int_libos, "int $0x40") \
	X(int_dpcall, "int $0x41") \
	X(int_linux, "int $0x80") \
	X(iretq_ring0, "mov %%rsp, %%rcx; push $0x10; push %%rcx; push $2; " \
		       "push $0x08; lea 1f(%%rip), %%rax; push %%rax; " \
		       "iretq; 1:") \
	X(iretq_ring1, "mov %%rsp, %%rcx; push $0x39; push %%rcx; push $2; " \
		       "push $0x31; lea 1f(%%rip), %%rax; push %%rax; " \
		       "iretq; 1:") \
	X(iretq_noncanonical, "mov %%rsp, %%rcx; push $0x23; push %%rcx; " \
			      "push $2; push $0x2b; mov $1, %%eax; " \
			      "shl $47, %%rax; push %%rax; iretq") \
	X(lretq_ring0, "push $0x08; lea 1f(%%rip), %%rax; push %%rax; " \
		       "lretq; 1:") \
	X(ljmp_ring0, "lea 1f(%%rip), %%rax; mov %%eax, (%%rbx); " \
		      "movw $0x08, 4(%%rbx); ljmp *(%%rbx); 1:") \
	X(ljmp_ring1, "lea 1f(%%rip), %%rax; mov %%eax, (%%rbx); " \
		      "movw $0x31, 4(%%rbx); ljmp *(%%rbx); 1:") \
	X(ljmp_tss, "movw $0x40, 4(%%rbx); ljmp *(%%rbx)") \
	X(lcall_tss, "movw $0x40, 4(%%rbx); lcall *(%%rbx)") \
	X(mov_ss_ring0, "mov $0x10, %%eax; mov %%ax, %%ss") \
	X(mov_ds_tss, "mov $0x43, %%eax; mov %%ax, %%ds") \
	X(mov_fs_beyond, "mov $0xfffb, %%eax; mov %%ax, %%fs") \
	X(jump_noncanonical, "mov $1, %%eax; shl $47, %%rax; jmp *%%rax") \
	X(jump_kernel, "mov $-0x80000000, %%rax; jmp *%%rax") \
	X(load_noncanonical, "mov $1, %%eax; shl $47, %%rax; mov (%%rax), " \
			     "%%al") \
	X(stack_noncanonical, "mov $1, %%eax; shl $47, %%rax; " \
			      "mov %%rax, %%rsp; push %%rax") \
	X(stack_kernel, "mov $-0x80000000, %%rsp; push %%rax") \
	X(icebp, ".byte 0xf1") \
	X(int3, "int3") \
	X(int_breakpoint, "int $3") \
	X(overflow, "int $4")

#define INSN_FUNCTION(name, text) \
	static void \
	do_##name(void *arg) \
	{ \
		__asm__ volatile(text \
				 : : "a"(0), "d"(0), "b"(buf) \
				 : "rcx", "rsi", "rdi", "r11", "memory"); \
	}
INSNS(INSN_FUNCTION)

static const struct insn {
	const char *name;
	void (*fn)(void *arg);
} insns[] = {
#define INSN_ENTRY(name, text) { #name, do_##name },
	INSNS(INSN_ENTRY)
};

/*
 * A processor refuses these to ring 3; QEMU's emulator, which has no caches,
 * lets them pass and does nothing.
 */
static void
flush_caches(void *arg)
{
	__asm__ volatile("wbinvd; invd" : : : "memory");
}

/* What ring 3 may execute, but without effect on these flags. */
static void
test_popf(void)
{
	uint64_t flags;

	__asm__ volatile("pushq $0x3002; popfq; pushfq; popq %0"
			 : "=r"(flags) : : "cc", "memory");
	check(flags & FL_IF);
	check_eq(flags & FL_IOPL, 0);
}

/* Single step and nested task flags over a system call. */
static void
trap_flag(void *arg)
{
	__asm__ volatile("mov %0, %%eax; pushq $0x102; popfq; syscall"
			 : : "i"(SYS_getenvid)
			 : "rax", "rcx", "r11", "cc", "memory");
}

static void
nested_task(void *arg)
{
	__asm__ volatile("pushq $0x4002; popfq" : : : "cc", "memory");
	check_eq(sys_getenvid(), thisenv->id);
	sys_yield();
	__asm__ volatile("pushq $0x2; popfq" : : : "cc", "memory");
}

int
main(int argc, char **argv)
{
	const char *only = argc > 1 ? argv[1] : NULL;

	test_begin();
	for (size_t i = 0; i < ARRAY_SIZE(insns); i++) {
		if (only && strcmp(only, insns[i].name) != 0)
			continue;
		cprintf("evilinsn: %s\n", insns[i].name);
		if (test_survives(insns[i].fn, NULL))
			test_fail(__FILE__, __LINE__, insns[i].name);
	}
	test_survives(flush_caches, NULL);
	test_popf();
	check(test_survives(nested_task, NULL));
	test_survives(trap_flag, NULL);
	test_done();
}
