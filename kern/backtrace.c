/*
 * backtrace.c: the chain of calls, by the frame pointers that the kernel is
 * compiled with, each with its function and line (kern/lines.h).
 */
#include "kern/cpu.h"
#include "kern/kernel.h"
#include "kern/lines.h"

#define FRAMES_MAX	20

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

static void
print_frame(uint64_t rip, uint64_t rbp, bool call)
{
	struct lines_place at;

	cprintf("  rip %016lx  rbp %016lx\n", rip, rbp);
	if (lines_find(call ? rip - 1 : rip, &at))
		cprintf("    %s:%u: %s+0x%lx\n", at.file, at.line,
			at.function, at.offset + call);
}

// @exercise backtrace 10 'Print the calls that led here'
void
backtrace(uint64_t rip, uint64_t rbp)
{
	cprintf("Stack backtrace:\n");
	for (int i = 0; i < FRAMES_MAX; i++) {
		print_frame(rip, rbp, i > 0);
		if (!on_stack(rbp))
			break;
		rip = ((uint64_t *)rbp)[1];
		rbp = ((uint64_t *)rbp)[0];
		if (!rip)
			break;
	}
}
// @end

void
backtrace_here(void)
{
	uint64_t *frame = __builtin_frame_address(0);

	/* Our caller's address and frame pointer. */
	backtrace(frame[1] - 1, frame[0]);
}
