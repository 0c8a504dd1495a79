/*
 * printf.c: formatted output of programs. The text of one call is collected
 * and leaves in as few system calls as its length allows, so that lines of
 * several environments do not tear each other.
 */
#include "inc/lib.h"

#define CONSOLE	(-1)

struct out {
	int fdnum;		/* or CONSOLE */
	int used;
	int total;
	char buf[512];
};

static void
out_flush(struct out *o)
{
	if (o->fdnum == CONSOLE)
		sys_cputs(o->buf, o->used);
	else
		write(o->fdnum, o->buf, o->used);
	o->used = 0;
}

static void
out_put(int c, void *arg)
{
	struct out *o = arg;

	if (o->used == sizeof(o->buf))
		out_flush(o);
	o->buf[o->used++] = c;
	o->total++;
}

static int
print_to(int fdnum, const char *fmt, va_list ap)
{
	struct out o;

	o.fdnum = fdnum;
	o.used = o.total = 0;
	vprintfmt(out_put, &o, fmt, ap);
	out_flush(&o);
	return o.total;
}

int
vcprintf(const char *fmt, va_list ap)
{
	return print_to(CONSOLE, fmt, ap);
}

int
cprintf(const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = print_to(CONSOLE, fmt, ap);
	va_end(ap);
	return n;
}

/* A program that the kernel started has none open: then, the console. */
int
printf(const char *fmt, ...)
{
	struct fd *fd;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = print_to(fd_lookup(1, &fd) < 0 ? CONSOLE : 1, fmt, ap);
	va_end(ap);
	return n;
}

int
fprintf(int fdnum, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = print_to(fdnum, fmt, ap);
	va_end(ap);
	return n;
}
