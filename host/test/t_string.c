/*
 * t_string.c: lib/string.c against the host's functions. Its memory functions
 * are x86-64 instructions: on another host there is nothing to compare.
 */
#include "test.h"

#if defined(__x86_64__)
#include <stdlib.h>
#include <string.h>

#define memset	jix_memset
#define memcpy	jix_memcpy
#define memmove	jix_memmove
#define memcmp	jix_memcmp
#define memchr	jix_memchr
#define strlen	jix_strlen
#define strnlen	jix_strnlen
#define strcmp	jix_strcmp
#define strncmp	jix_strncmp
#define strchr	jix_strchr
#define strstr	jix_strstr
#define strlcpy	jix_strlcpy
#define strtol	jix_strtol
#define strtoull jix_strtoull
#define atoi	jix_atoi
#include "lib/string.c"
#undef memset
#undef memcpy
#undef memmove
#undef memcmp
#undef memchr
#undef strlen
#undef strnlen
#undef strcmp
#undef strncmp
#undef strchr
#undef strstr
#undef strtol
#undef atoi

static int
sign(int v)
{
	return (v > 0) - (v < 0);
}

/* The same operation on two equal arrays leaves them equal. */
TEST(memory)
{
	unsigned char x[64], y[64];

	srand(1);
	for (int round = 0; round < 100000; round++) {
		int d = rand() % 32, s = rand() % 32, n = rand() % 33;

		for (int i = 0; i < 64; i++)
			x[i] = y[i] = rand() % 4;
		CHECK_EQ(sign(jix_memcmp(x + d, x + s, n)),
			 sign(memcmp(x + d, x + s, n)));
		CHECK(jix_memchr(x + d, 3, n) == memchr(x + d, 3, n));
		memmove(x + d, x + s, n);
		CHECK(jix_memmove(y + d, y + s, n) == y + d);
		CHECK(memcmp(x, y, 64) == 0);
		memset(x + d, s + 200, n);
		CHECK(jix_memset(y + d, s + 200, n) == y + d);
		CHECK(memcmp(x, y, 64) == 0);
		memcpy(x, x + 32, n);
		CHECK(jix_memcpy(y, y + 32, n) == y);
		CHECK(memcmp(x, y, 64) == 0);
	}
}

TEST(strings)
{
	static const char *const s[] = {
		"", "a", "ab", "abc", "abd", "b", "aab", "\xff", "abcabd",
	};
	size_t n = sizeof(s) / sizeof(s[0]);

	for (size_t i = 0; i < n; i++) {
		CHECK_EQ(jix_strlen(s[i]), strlen(s[i]));
		CHECK_EQ(jix_strnlen(s[i], 2), strnlen(s[i], 2));
		CHECK(jix_strchr(s[i], 'b') == strchr(s[i], 'b'));
		CHECK(jix_strchr(s[i], 0) == strchr(s[i], 0));
		for (size_t k = 0; k < n; k++) {
			CHECK_EQ(sign(jix_strcmp(s[i], s[k])),
				 sign(strcmp(s[i], s[k])));
			CHECK_EQ(sign(jix_strncmp(s[i], s[k], 2)),
				 sign(strncmp(s[i], s[k], 2)));
			CHECK(jix_strstr(s[i], s[k]) == strstr(s[i], s[k]));
		}
	}
}

TEST(copy_with_bound)
{
	char buf[4] = "zzz";

	CHECK_EQ(jix_strlcpy(buf, "abcdef", 4), 6);
	CHECK(strcmp(buf, "abc") == 0);
	CHECK_EQ(jix_strlcpy(buf, "x", 4), 1);
	CHECK(strcmp(buf, "x") == 0);
	CHECK_EQ(jix_strlcpy(buf, "y", 0), 1);
	CHECK(strcmp(buf, "x") == 0);
}

TEST(numbers)
{
	static const char *const s[] = {
		"12", "-0x1f", "0x", "077", "  +9z", "zz", "", "0xg", "08",
		"ff", "-", "9223372036854775807", "\t\n7",
	};
	static const int base[] = { 0, 10, 16, 36 };
	char *a, *b;

	for (size_t i = 0; i < sizeof(s) / sizeof(s[0]); i++)
		for (size_t k = 0; k < 4; k++) {
			if (base[k] > 10 && jix_strlen(s[i]) > 15)
				continue;	/* would overflow */
			CHECK_EQ(jix_strtol(s[i], &a, base[k]),
				 strtol(s[i], &b, base[k]));
			CHECK(a == b);
		}
	CHECK(jix_strtoull("18446744073709551615", NULL, 10) == ~0ul);
	CHECK_EQ(jix_atoi("-42x"), -42);
}
#endif
