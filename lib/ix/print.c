/*
 * print.c: formatted output of dataplane applications: the text of one call
 * goes to the console in as few crossings as its length allows.
 */
#include "inc/assert.h"
#include "inc/libix.h"

struct out {
	int used, total;
	char buf[512];
};

static void
flush(struct out *o)
{
	ix_enter(IX_OP_PRINT, (uint64_t)o->buf, o->used, 0);
	o->used = 0;
}

static void
put(int c, void *arg)
{
	struct out *o = arg;

	if (o->used == sizeof(o->buf))
		flush(o);
	o->buf[o->used++] = c;
	o->total++;
}

int
vcprintf(const char *fmt, va_list ap)
{
	struct out o;

	o.used = o.total = 0;
	vprintfmt(put, &o, fmt, ap);
	flush(&o);
	return o.total;
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

int
printf(const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vcprintf(fmt, ap);
	va_end(ap);
	return n;
}

void
panic_at(const char *file, int line, const char *fmt, ...)
{
	va_list ap;

	cprintf("panic in core %u at %s:%d: ", ix_core(), file, line);
	va_start(ap, fmt);
	vcprintf(fmt, ap);
	va_end(ap);
	cprintf("\n");
	ix_exit(-1);
}
