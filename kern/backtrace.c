/*
 * backtrace.c: the chain of calls, by the frame pointers that the kernel is
 * compiled with.
 */
#include "kern/cpu.h"
#include "kern/kernel.h"

#define FRAMES_MAX	64

static bool
on_stack(uint64_t rbp)
{
	extern char boot_stack_top[];
	uint64_t boot_top = (uint64_t)boot_stack_top;

	if (rbp & 7)
		return false;
	return (rbp >= KSTACKS && rbp < KSTACKS + NCPU * KSTACK_SLOT - 16) ||
		(rbp >= boot_top - 0x8000 && rbp < boot_top - 16);
}

void
backtrace(uint64_t rip, uint64_t rbp)
{
	cprintf("Stack backtrace:\n");
	for (int i = 0; i < FRAMES_MAX; i++) {
		cprintf("  rip %016lx  rbp %016lx\n", rip, rbp);
		if (!on_stack(rbp))
			break;
		rip = ((uint64_t *)rbp)[1];
		rbp = ((uint64_t *)rbp)[0];
		if (!rip)
			break;
	}
}
