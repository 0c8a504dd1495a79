/*
 * readline.c: a line from the console, with erasing: backspace or DEL takes
 * back a character, ^U the line; ^D on an empty line is the end of input.
 */
#include "inc/lib.h"

#define CTRL(c)	((c) & 0x1f)
#define DEL	0x7f

static char line[1024];

/* Take back the last n characters of len; the new length. */
static int
erase(int len, int n)
{
	for (; n > 0 && len > 0; n--, len--)
		cprintf("\b \b");
	return len;
}

char *
readline(const char *prompt)
{
	int len = 0, c;

	if (prompt)
		cprintf("%s", prompt);
	for (;;) {
		c = getchar();
		if (c < 0 || (c == CTRL('D') && len == 0))
			return NULL;
		if (c == '\r' || c == '\n') {
			cputchar('\n');
			line[len] = '\0';
			return line;
		}
		if (c == '\b' || c == DEL) {
			len = erase(len, 1);
		} else if (c == CTRL('U')) {
			len = erase(len, len);
		} else if (c >= ' ' && len < (int)sizeof(line) - 1) {
			cputchar(c);
			line[len++] = c;
		}
	}
}
