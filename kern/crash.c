/*
 * crash.c: break the kernel on purpose, for the graded tests. The boot
 * argument crash=KIND does one of the things that must never happen, before
 * the first program starts; the report of it is what is tested. CPU 0, with
 * the big kernel lock.
 */
#include "kern/kernel.h"
#include "kern/trap.h"
#include "inc/memlayout.h"
#include "inc/mmu.h"
#include "inc/x86.h"

/* A value that the compiler knows nothing about. */
static volatile uint64_t no_limit = ~0ul;

/* Call itself depth times, then show the way there. */
static void __attribute__((noinline))
crash_nested(uint64_t depth)
{
	if (depth > 0)
		crash_nested(depth - 1);
	else
		backtrace_here();
	barrier();		/* no tail call: each depth keeps its frame */
}

/* Use up the stack. */
static int __attribute__((noinline))
crash_overflow(uint64_t depth)
{
	volatile char room[256];

	room[0] = depth;
	return depth == no_limit ? 0 : crash_overflow(depth + 1) + room[0];
}

static void
crash_write(const void *address)
{
	volatile char *p = (volatile char *)((uint64_t)address & no_limit);

	*p = 0;
	cprintf("crash: wrote to %p\n", address);
}

static void
crash_execute(void)
{
	static unsigned char code[] = { 0xc3 };		/* ret */
	void (*volatile function)(void) = (void (*)(void))code;

	function();
	cprintf("crash: executed data\n");
}

/* Windows that user code may read, SMAP closes to the kernel. */
static void
crash_smap(void)
{
	volatile char *p = (volatile char *)(UINFO & no_limit);

	cprintf("crash: read %d from a user page\n", *p);
}

/* A panic whose report fails in turn. */
static void
crash_again(void)
{
	panic_frame = (const struct trapframe *)(8 & no_limit);
	panic("asked for by the boot arguments");
}

/* No IDT, and a trap: the processor gives up. */
static void
crash_triple(void)
{
	struct table_desc none = { 0, 0 };

	__asm__ volatile("lidt %0; int3" : : "m"(none));
}

void
crash_test(void)
{
	char kind[16];

	if (!args_get("crash", kind, sizeof(kind)))
		return;
	if (strcmp(kind, "backtrace") == 0)
		crash_nested(5);
	else if (strcmp(kind, "panic") == 0)
		panic("asked for by the boot arguments, %d", 42);
	else if (strcmp(kind, "again") == 0)
		crash_again();
	else if (strcmp(kind, "stack") == 0)
		crash_overflow(0);
	else if (strcmp(kind, "null") == 0)
		crash_write((void *)8);
	else if (strcmp(kind, "text") == 0)
		crash_write(kern_text_start);
	else if (strcmp(kind, "rodata") == 0)
		crash_write("read-only");
	else if (strcmp(kind, "execute") == 0)
		crash_execute();
	else if (strcmp(kind, "smap") == 0)
		crash_smap();
	else if (strcmp(kind, "triple") == 0)
		crash_triple();
	else if (strcmp(kind, "hang") == 0)
		__asm__ volatile("cli; 1: jmp 1b");
	else
		cprintf("jix: crash=%s is unknown\n", kind);
}
