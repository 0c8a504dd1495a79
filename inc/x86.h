/*
 * x86.h: the processor's instructions as inline functions, for every part.
 * The privileged ones fault outside ring 0.
 */
#ifndef JIX_INC_X86_H
#define JIX_INC_X86_H

#include "inc/types.h"

static inline void
outb(uint16_t port, uint8_t v)
{
	__asm__ volatile("outb %0, %1" : : "a"(v), "Nd"(port));
}

static inline uint8_t
inb(uint16_t port)
{
	uint8_t v;

	__asm__ volatile("inb %1, %0" : "=a"(v) : "Nd"(port));
	return v;
}

static inline void
outw(uint16_t port, uint16_t v)
{
	__asm__ volatile("outw %0, %1" : : "a"(v), "Nd"(port));
}

static inline uint16_t
inw(uint16_t port)
{
	uint16_t v;

	__asm__ volatile("inw %1, %0" : "=a"(v) : "Nd"(port));
	return v;
}

static inline void
outl(uint16_t port, uint32_t v)
{
	__asm__ volatile("outl %0, %1" : : "a"(v), "Nd"(port));
}

static inline uint32_t
inl(uint16_t port)
{
	uint32_t v;

	__asm__ volatile("inl %1, %0" : "=a"(v) : "Nd"(port));
	return v;
}

static inline void
cpu_pause(void)
{
	__asm__ volatile("pause" : : : "memory");
}

static inline void
cpu_sti(void)
{
	__asm__ volatile("sti" : : : "memory");
}

static inline void
cpu_cli(void)
{
	__asm__ volatile("cli" : : : "memory");
}

/* Enable interrupts and halt: no interrupt can slip in between the two. */
static inline void
cpu_sti_hlt(void)
{
	__asm__ volatile("sti; hlt" : : : "memory");
}

static inline uint64_t
read_tsc(void)
{
	uint32_t lo, hi;

	__asm__ volatile("rdtsc" : "=a"(lo), "=d"(hi));
	return (uint64_t)hi << 32 | lo;
}

static inline uint64_t
read_msr(uint32_t msr)
{
	uint32_t lo, hi;

	__asm__ volatile("rdmsr" : "=a"(lo), "=d"(hi) : "c"(msr));
	return (uint64_t)hi << 32 | lo;
}

static inline void
write_msr(uint32_t msr, uint64_t v)
{
	__asm__ volatile("wrmsr" : : "c"(msr), "a"((uint32_t)v),
			 "d"((uint32_t)(v >> 32)) : "memory");
}

#define X86_REG_ACCESS(reg) \
	static inline uint64_t \
	read_##reg(void) \
	{ \
		uint64_t v; \
		__asm__ volatile("mov %%" #reg ", %0" : "=r"(v)); \
		return v; \
	} \
	static inline void \
	write_##reg(uint64_t v) \
	{ \
		__asm__ volatile("mov %0, %%" #reg : : "r"(v) : "memory"); \
	}
X86_REG_ACCESS(cr0)
X86_REG_ACCESS(cr2)
X86_REG_ACCESS(cr3)
X86_REG_ACCESS(cr4)
#undef X86_REG_ACCESS

static inline uint64_t
read_rsp(void)
{
	uint64_t v;

	__asm__ volatile("mov %%rsp, %0" : "=r"(v));
	return v;
}

static inline uint64_t
read_rbp(void)
{
	uint64_t v;

	__asm__ volatile("mov %%rbp, %0" : "=r"(v));
	return v;
}

static inline uint64_t
read_rflags(void)
{
	uint64_t v;

	__asm__ volatile("pushfq; popq %0" : "=r"(v));
	return v;
}

static inline void
invlpg(const void *va)
{
	__asm__ volatile("invlpg (%0)" : : "r"(va) : "memory");
}

static inline void
cpuid(uint32_t leaf, uint32_t sub, uint32_t r[4])
{
	__asm__ volatile("cpuid" : "=a"(r[0]), "=b"(r[1]), "=c"(r[2]),
			 "=d"(r[3]) : "a"(leaf), "c"(sub));
}

/* Atomically store v in *p and return what was there. */
static inline uint32_t
xchg32(volatile uint32_t *p, uint32_t v)
{
	__asm__ volatile("xchgl %0, %1" : "+m"(*p), "+r"(v) : : "memory");
	return v;
}

#endif
