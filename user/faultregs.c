/*
 * faultregs: a page fault handled by the environment changes no register and
 * no flag of the code that it interrupts, and the handler sees them as they
 * were. Direction flag set: the library's entry code must clear it.
 */
#include "inc/lib.h"

/* In the order of struct regs; then flags and stack pointer. */
struct snapshot {
	struct regs regs;
	uint64_t rflags;
	uint64_t rsp;
	uint8_t xmm[2][16];
};

struct snapshot before, during, after;
extern char faulting_insn[], after_fault[];
void touch_with_known_registers(void);

static uint64_t seen_rip, seen_va;

/* Store every register in the structure `name`; changes none. */
#define STORE(name) \
	"mov %r15, " name "+0\n mov %r14, " name "+8\n" \
	"mov %r13, " name "+16\n mov %r12, " name "+24\n" \
	"mov %r11, " name "+32\n mov %r10, " name "+40\n" \
	"mov %r9, " name "+48\n mov %r8, " name "+56\n" \
	"mov %rdi, " name "+64\n mov %rsi, " name "+72\n" \
	"mov %rbp, " name "+80\n mov %rdx, " name "+88\n" \
	"mov %rcx, " name "+96\n mov %rbx, " name "+104\n" \
	"mov %rax, " name "+112\n" \
	"pushfq\n popq " name "+120\n" \
	"mov %rsp, " name "+128\n" \
	"movups %xmm0, " name "+136\n movups %xmm15, " name "+152\n"

#define LOAD(reg, n)	"movabs $0x" #n #n #n #n #n #n #n #n ", %" #reg "\n"

__asm__(".text\n"
	"touch_with_known_registers:\n"
	"push %rbx\n push %rbp\n push %r12\n push %r13\n push %r14\n"
	"push %r15\n pushfq\n"
	LOAD(rax, a1) "movq %rax, %xmm0\n"
	LOAD(rbx, b2) "movq %rbx, %xmm15\n"
	LOAD(rax, 10) LOAD(rbx, 21) LOAD(rcx, 32) LOAD(rdx, 43)
	LOAD(rsi, 54) LOAD(rdi, 65) LOAD(rbp, 76) LOAD(r8, 87)
	LOAD(r9, 98) LOAD(r10, a9) LOAD(r11, ba) LOAD(r12, cb)
	LOAD(r13, dc) LOAD(r14, ed) LOAD(r15, fe)
	"pushq $0xcd7\n popfq\n"	/* CF PF AF ZF SF DF OF, IF stays */
	STORE("before")
	"faulting_insn: movl $0x1234, 0x400000\n"	/* UTEMP */
	"after_fault:\n"
	STORE("after")
	"popfq\n"
	"pop %r15\n pop %r14\n pop %r13\n pop %r12\n pop %rbp\n pop %rbx\n"
	"ret\n");

static void
handler(struct utrapframe *utf)
{
	int r;

	seen_va = utf->fault_va;
	seen_rip = utf->rip;
	during.regs = utf->regs;
	during.rflags = utf->rflags & ~(1ul << 16);	/* RF, its own */
	during.rsp = utf->rsp;
	/* Spoil what the entry code must restore. */
	__asm__ volatile("pxor %%xmm0, %%xmm0; pxor %%xmm15, %%xmm15"
			 : : : "xmm0", "xmm15");
	r = sys_page_alloc(0, (void *)UTEMP, PTE_P | PTE_U | PTE_W);
	if (r < 0)
		panic("page_alloc: %e", r);
}

/* Compare the general registers, flags and rsp. */
static bool
same(const struct snapshot *a, const struct snapshot *b)
{
	return memcmp(a, b, offsetof(struct snapshot, xmm)) == 0;
}

int
main(int argc, char **argv)
{
	bool ok;

	set_pgfault_handler(handler);
	touch_with_known_registers();
	ok = seen_va == UTEMP && seen_rip == (uint64_t)faulting_insn &&
	     same(&before, &during);
	cprintf("Registers in UTrapframe %s\n", ok ? "OK" : "MISMATCH");
	ok = *(int *)UTEMP == 0x1234 && same(&before, &after) &&
	     memcmp(before.xmm, after.xmm, sizeof(before.xmm)) == 0;
	cprintf("Registers after page-fault %s\n", ok ? "OK" : "MISMATCH");
	return 0;
}
