/*
 * monitor.c: the kernel monitor, a command line on the console for looking
 * at the machine: entered by a breakpoint, when no environment is left, and
 * after a panic. The commands are in kern/moncmd.c.
 */
#include "kern/monitor.h"
#include "kern/console.h"
#include "kern/env.h"
#include "kern/kernel.h"
#include "kern/trap.h"

#define LINE_MAX	128
#define HISTORY		8
#define ARGS_MAX	16

static char history[HISTORY][LINE_MAX];
static unsigned history_count;
static envid_t stepping;

bool
monitor_steps(const struct env *e)
{
	return stepping == e->id;
}

void
monitor_step(const struct env *e)
{
	stepping = e->id;
}

static void
erase(int n)
{
	while (n-- > 0)
		cprintf("\b \b");
}

/* Replace the line on the screen and in buf by another; its length. */
static int
replace(char *buf, int len, const char *with)
{
	erase(len);
	strlcpy(buf, with, LINE_MAX);
	cprintf("%s", buf);
	return strlen(buf);
}

/* The rest of an arrow key's ESC [ A or B: +1 for up, -1 for down. */
static int
arrow(void)
{
	int c;

	if (console_getc_wait() != '[')
		return 0;
	c = console_getc_wait();
	return c == 'A' ? 1 : c == 'B' ? -1 : 0;
}

/*
 * Read a line with backspace, ^U to erase it and the arrow keys for the
 * lines before it. Without end of line characters.
 */
static void
read_line(char *buf)
{
	int len = 0, back = 0;

	cprintf("K> ");
	for (;;) {
		int c = console_getc_wait();

		if (c == '\r' || c == '\n')
			break;
		if (c == 0x1b) {
			int max = MIN(history_count, (unsigned)HISTORY);

			back = MAX(MIN(back + arrow(), max), 0);
			len = replace(buf, len, back == 0 ? "" :
				      history[(history_count - back) %
					      HISTORY]);
		} else if ((c == '\b' || c == 0x7f) && len > 0) {
			erase(1);
			len--;
		} else if (c == 0x15) {
			len = replace(buf, len, "");
		} else if (c >= ' ' && c < 0x7f && len < LINE_MAX - 1) {
			cprintf("%c", c);
			buf[len++] = c;
		}
		buf[len] = '\0';
	}
	buf[len] = '\0';
	cprintf("\n");
	if (len > 0)
		strlcpy(history[history_count++ % HISTORY], buf, LINE_MAX);
}

static int
split(char *s, char *argv[])
{
	int argc = 0;

	for (;;) {
		while (*s == ' ' || *s == '\t')
			*s++ = '\0';
		if (!*s || argc == ARGS_MAX)
			return argc;
		argv[argc++] = s;
		while (*s && *s != ' ' && *s != '\t')
			s++;
	}
}

/* Run one line; true if the monitor is to be left. */
static bool
run_line(char *line, struct trapframe *tf)
{
	char *argv[ARGS_MAX];
	int argc = split(line, argv);

	if (argc == 0)
		return false;
	for (int i = 0; i < nmonitor_commands; i++)
		if (strcmp(argv[0], monitor_commands[i].name) == 0)
			return monitor_commands[i].run(argc, argv, tf);
	cprintf("Unknown command '%s'; help lists them\n", argv[0]);
	return false;
}

void
monitor(struct trapframe *tf)
{
	char line[LINE_MAX];

	stepping = 0;
	if (tf) {
		tf->rflags &= ~FL_TF;
		cprintf("jix monitor: stopped at %016lx\n", tf->rip);
		trap_print(tf);
	} else {
		cprintf("jix monitor; type help for a list of commands\n");
	}
	do
		read_line(line);
	while (!run_line(line, tf));
}
