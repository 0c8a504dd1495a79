/*
 * printfmt.c: the one formatter behind every printf, declared in inc/stdio.h.
 * Freestanding, without state, integer registers only: compiled for the
 * kernel, for environments and for the libOS.
 */
#include "inc/error.h"
#include "inc/stdio.h"
#include "inc/string.h"

/* Where the text goes, and how one conversion wants to look. */
struct sink {
	void (*put)(int c, void *arg);
	void *arg;
};

struct spec {
	bool left;	/* flag -: pad on the right */
	char pad;	/* ' ', or '0' by flag 0 */
	int width;	/* at least so many characters */
	int precision;	/* at most so many of a string; -1: all */
	int longs;	/* number of l; z counts as one */
};

const char *
error_string(int code)
{
	static const char *const text[E_MAX] = {
#define ERROR_TEXT(n, name, text) [n] = text,
		ERRORS(ERROR_TEXT)
#undef ERROR_TEXT
	};
	/* Negated as unsigned: the most negative int has no counterpart. */
	unsigned n = code < 0 ? -(unsigned)code : (unsigned)code;

	return n < E_MAX ? text[n] : NULL;
}

static void
put_padding(const struct sink *out, char c, int n)
{
	for (; n > 0; n--)
		out->put(c, out->arg);
}

static void
put_bytes(const struct sink *out, const char *s, int n)
{
	for (; n > 0; n--)
		out->put(*s++, out->arg);
}

/* Text of n characters in a field of at least the given width. */
static void
put_field(const struct sink *out, const struct spec *sp, const char *s, int n)
{
	if (!sp->left)
		put_padding(out, ' ', sp->width - n);
	put_bytes(out, s, n);
	if (sp->left)
		put_padding(out, ' ', sp->width - n);
}

static void
put_string(const struct sink *out, const struct spec *sp, const char *s)
{
	size_t n;

	if (!s)
		s = "(null)";
	n = sp->precision >= 0 ? strnlen(s, sp->precision) : strlen(s);
	put_field(out, sp, s, n);
}

/* A number with its prefix ("-", "0x" or ""); zeroes go between the two. */
static void
put_number(const struct sink *out, const struct spec *sp, uint64_t v,
	   unsigned base, const char *prefix)
{
	char buf[24];		/* 2^64 has 22 octal digits */
	char *s = buf + sizeof(buf);
	int ndigits, nprefix = strlen(prefix), fill;

	do
		*--s = "0123456789abcdef"[v % base];
	while ((v /= base) != 0);
	ndigits = buf + sizeof(buf) - s;
	fill = sp->width - ndigits - nprefix;
	if (!sp->left && sp->pad == ' ')
		put_padding(out, ' ', fill);
	put_bytes(out, prefix, nprefix);
	if (!sp->left && sp->pad == '0')
		put_padding(out, '0', fill);
	put_bytes(out, s, ndigits);
	if (sp->left)
		put_padding(out, ' ', fill);
}

static void
put_signed(const struct sink *out, const struct spec *sp, int64_t v)
{
	if (v < 0)
		put_number(out, sp, -(uint64_t)v, 10, "-");
	else
		put_number(out, sp, v, 10, "");
}

static void
put_error(const struct sink *out, const struct spec *sp, int code)
{
	const char *text = error_string(code);
	struct spec plain = { .pad = ' ', .precision = -1 };

	if (text) {
		put_string(out, sp, text);
	} else {
		put_string(out, &plain, "error ");
		put_signed(out, &plain, code);
	}
}

/*
 * What a callee takes from a va_list parameter may or may not be taken for
 * the caller too; in a structure passed by address it is.
 */
struct args {
	va_list ap;
};

static int64_t
next_signed(struct args *a, int longs)
{
	return longs ? va_arg(a->ap, long) : va_arg(a->ap, int);
}

static uint64_t
next_unsigned(struct args *a, int longs)
{
	return longs ? va_arg(a->ap, unsigned long) :
		       va_arg(a->ap, unsigned int);
}

/* A decimal number or '*', the next argument. */
static int
parse_number(const char **fmt, struct args *a)
{
	int n = 0;

	if (**fmt == '*') {
		(*fmt)++;
		return va_arg(a->ap, int);
	}
	for (; **fmt >= '0' && **fmt <= '9'; (*fmt)++)
		n = n * 10 + (**fmt - '0');
	return n;
}

/* Parse what follows '%'; returns where the conversion letter stands. */
static const char *
parse_spec(const char *fmt, struct spec *sp, struct args *a)
{
	*sp = (struct spec){ .pad = ' ', .precision = -1 };
	for (; *fmt == '-' || *fmt == '0'; fmt++) {
		if (*fmt == '-')
			sp->left = true;
		else
			sp->pad = '0';
	}
	sp->width = parse_number(&fmt, a);
	if (sp->width < 0) {
		sp->left = true;
		sp->width = -sp->width;
	}
	if (*fmt == '.') {
		fmt++;
		sp->precision = parse_number(&fmt, a);
	}
	for (; *fmt == 'l' || *fmt == 'z'; fmt++)
		sp->longs++;
	return fmt;
}

/* One conversion; an unknown letter is printed as it stands. */
static void
convert(const struct sink *out, const struct spec *sp, char letter,
	struct args *a)
{
	char c;

	switch (letter) {
	case 'd':
		put_signed(out, sp, next_signed(a, sp->longs));
		break;
	case 'u':
		put_number(out, sp, next_unsigned(a, sp->longs), 10, "");
		break;
	case 'x':
		put_number(out, sp, next_unsigned(a, sp->longs), 16, "");
		break;
	case 'o':
		put_number(out, sp, next_unsigned(a, sp->longs), 8, "");
		break;
	case 'p':
		put_number(out, sp, (uint64_t)va_arg(a->ap, void *), 16, "0x");
		break;
	case 'c':
		c = va_arg(a->ap, int);
		put_field(out, sp, &c, 1);
		break;
	case 's':
		put_string(out, sp, va_arg(a->ap, const char *));
		break;
	case 'e':
		put_error(out, sp, next_signed(a, sp->longs));
		break;
	default:
		out->put('%', out->arg);
		if (letter != '%' && letter != '\0')
			out->put(letter, out->arg);
	}
}

void
vprintfmt(void (*put)(int c, void *arg), void *arg, const char *fmt,
	  va_list ap)
{
	struct sink out = { put, arg };
	struct spec sp;
	struct args a;

	va_copy(a.ap, ap);
	while (*fmt != '\0') {
		if (*fmt != '%') {
			put(*fmt++, arg);
			continue;
		}
		fmt = parse_spec(fmt + 1, &sp, &a);
		convert(&out, &sp, *fmt, &a);
		if (*fmt != '\0')
			fmt++;
	}
	va_end(a.ap);
}

struct buffer {
	char *p;
	char *end;	/* one before the last byte, kept for the '\0' */
	int len;
};

static void
buffer_put(int c, void *arg)
{
	struct buffer *b = arg;

	if (b->p < b->end)
		*b->p++ = c;
	b->len++;
}

int
vsnprintf(char *buf, size_t n, const char *fmt, va_list ap)
{
	struct buffer b = { buf, n > 0 ? buf + n - 1 : buf, 0 };

	vprintfmt(buffer_put, &b, fmt, ap);
	if (n > 0)
		*b.p = '\0';
	return b.len;
}

int
snprintf(char *buf, size_t n, const char *fmt, ...)
{
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(buf, n, fmt, ap);
	va_end(ap);
	return len;
}
