/*
 * printf.c: formatted output to the console, and panic.
 *
 * One line's characters go out together: a lock of its own keeps two CPUs
 * apart, because a dataplane core prints without the big kernel lock. A panic
 * ignores the lock: whoever held it may be the one that failed.
 */
#include "kern/console.h"
#include "kern/cpu.h"
#include "kern/kernel.h"
#include "kern/lapic.h"
#include "kern/spinlock.h"
#include "inc/trap.h"

static struct spinlock print_lock = SPINLOCK_INIT("console");
static volatile uint32_t panicking;
static int panic_cpu;

static void
put(int c, void *count)
{
	console_putc(c);
	++*(int *)count;
}

int
vcprintf(const char *fmt, va_list ap)
{
	bool lock = !panicking;
	int count = 0;

	if (lock)
		spin_lock(&print_lock);
	vprintfmt(put, &count, fmt, ap);
	if (lock)
		spin_unlock(&print_lock);
	return count;
}

int
cprintf(const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vcprintf(fmt, ap);
	va_end(ap);
	return n;
}

void
console_write(const char *s, size_t len)
{
	spin_lock(&print_lock);
	for (size_t i = 0; i < len; i++)
		console_putc(s[i]);
	spin_unlock(&print_lock);
}

const struct trapframe *panic_frame;

/*
 * A panic while a panic is reported: where two CPUs panic, the second is as
 * good as halted already. On the same CPU the report itself has failed: say
 * that much, and end the machine by what needs nothing of it.
 */
static void NORETURN
panic_again(const char *file, int line)
{
	static bool again;

	if (cpu_id() == panic_cpu && !again) {
		again = true;
		cprintf("\npanic: again, at %s:%d\n", file, line);
		machine_off(2);
	}
	for (;;)
		__asm__ volatile("hlt");
}

/*
 * Stop the machine: the first CPU to panic reports, the others are halted.
 * Under then=exit the machine ends with its own status, else the monitor
 * takes over, from which the state can still be looked at.
 */
void
panic_at(const char *file, int line, const char *fmt, ...)
{
	char then[16];
	va_list ap;

	cpu_cli();
	if (xchg32(&panicking, 1) != 0)
		panic_again(file, line);
	panic_cpu = cpu_id();
	if (ncpu > 1)
		lapic_ipi_others(T_IPI_STOP);
	cprintf("panic: CPU %d at %s:%d: ", cpu_id(), file, line);
	va_start(ap, fmt);
	vcprintf(fmt, ap);
	va_end(ap);
	cprintf("\n");
	if (panic_frame)
		backtrace(panic_frame->rip, panic_frame->regs.rbp);
	else
		backtrace_here();
	if (!args_get("then", then, sizeof(then)) || strcmp(then, "exit") == 0)
		machine_shutdown(2);
	for (;;)
		monitor(NULL);
}
