/*
 * t_printfmt.c: the formatter of kernel and programs against the host's, and
 * what it has of its own: %e, small buffers, unknown conversions.
 */
#include <limits.h>
#include <string.h>

#include "test.h"

#define snprintf	jix_snprintf
#define vsnprintf	jix_vsnprintf
#include "lib/printfmt.c"
#undef snprintf
#undef vsnprintf

/* Both must give the same text and length. */
#define SAME(...) \
	do { \
		char a[200], b[200]; \
		int x = snprintf(a, sizeof(a), __VA_ARGS__); \
		int y = jix_snprintf(b, sizeof(b), __VA_ARGS__); \
		CHECK_EQ(y, x); \
		CHECK(strcmp(a, b) == 0); \
	} while (0)

TEST(integers)
{
	SAME("%d|%5d|%-5d|%05d|%d|%-6d|", 0, 42, 42, -42, INT_MIN, -7);
	SAME("%u|%o|%x|%08x|%8x|%-8x|", UINT_MAX, 8u, 255u, 0xbeefu, 1u, 2u);
	SAME("%ld|%lu|%lx|%016lx|", LONG_MIN, ULONG_MAX, 1ul << 63, 0x123ul);
	SAME("%lld|%llu|%zu|%zd|", LLONG_MIN, ULLONG_MAX, (size_t)5,
	     (ssize_t)-5);
	SAME("%*d|%-*d|%0*d|", 6, 5, 6, 5, 6, -5);
	SAME("%*d|", -6, 5);
	SAME("%1d|%01d|%lo", 12345, -12345, ~0ul);
}

TEST(text)
{
	SAME("%s|%10s|%-10s|%.2s|%.*s|%10.1s|%.0s|", "abc", "abc", "abc",
	     "abc", 1, "xyz", "xyz", "xyz");
	SAME("%c|%5c|%-5c|%%|100%%", 'a', 'b', 'c');
	SAME("no conversion, %s", "");
}

TEST(precision_needs_no_end)
{
	char raw[3] = { 'a', 'b', 'c' }, buf[8];

	CHECK_EQ(jix_snprintf(buf, sizeof(buf), "%.3s", raw), 3);
	CHECK(strcmp(buf, "abc") == 0);
}

TEST(small_buffers)
{
	char buf[8] = "zzzzzzz";

	CHECK_EQ(jix_snprintf(buf, 4, "hello %d", 5), 7);
	CHECK(strcmp(buf, "hel") == 0 && buf[4] == 'z');
	CHECK_EQ(jix_snprintf(buf, 1, "%s", "abc"), 3);
	CHECK(buf[0] == '\0' && buf[1] == 'e');
	CHECK_EQ(jix_snprintf(NULL, 0, "abc"), 3);
}

static int
own(char *buf, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = jix_vsnprintf(buf, 100, fmt, ap);
	va_end(ap);
	return n;
}

TEST(own_conversions)
{
	char buf[100];

	own(buf, "%e|%e|%15e|", E_NO_MEM, -E_NO_MEM, -E_FAULT);
	CHECK(strcmp(buf, "out of memory|out of memory|    bad address|") == 0);
	own(buf, "%e|%e|%e", -99, 99, INT_MIN);
	CHECK(strcmp(buf, "error -99|error 99|error -2147483648") == 0);
	own(buf, "%p|%s|%q|%", (void *)0x1234, NULL);
	CHECK(strcmp(buf, "0x1234|(null)|%q|%") == 0);
	CHECK(error_string(0) == NULL && error_string(E_MAX) == NULL);
}
