/*
 * test.h: unit tests on the host.  A test program includes this file and the
 * sources that it tests, declares tests with TEST(name) { ... }, and states
 * what must hold with CHECK() and CHECK_EQ().  A test's first failed check
 * ends it; the next test runs.  The last line is `N passed, N failed`.
 */
#ifndef JIX_HOST_TEST_TEST_H
#define JIX_HOST_TEST_TEST_H

#include <setjmp.h>
#include <stdio.h>

struct test {
	const char *name;
	void (*run)(void);
	struct test *next;
};

static struct test *test_first, **test_last = &test_first;
static jmp_buf test_failed;

#define TEST(n) \
	static void test_##n(void); \
	static struct test test_entry_##n = { #n, test_##n, NULL }; \
	__attribute__((constructor)) static void \
	test_add_##n(void) \
	{ \
		*test_last = &test_entry_##n; \
		test_last = &test_entry_##n.next; \
	} \
	static void test_##n(void)

#define CHECK(x) \
	do { \
		if (!(x)) { \
			printf("%s:%d: %s does not hold\n", __FILE__, \
			    __LINE__, #x); \
			longjmp(test_failed, 1); \
		} \
	} while (0)

/* For integers of any type up to 64 bits. */
#define CHECK_EQ(got, expected) \
	do { \
		long long got_ = (long long)(got); \
		long long expected_ = (long long)(expected); \
		if (got_ != expected_) { \
			printf("%s:%d: %s is %lld (%#llx), expected %lld " \
			    "(%#llx)\n", __FILE__, __LINE__, #got, got_, \
			    got_, expected_, expected_); \
			longjmp(test_failed, 1); \
		} \
	} while (0)

int
main(void)
{
	/* Static: it must survive the longjmp. */
	static int passed, failed;
	static struct test *t;

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (t = test_first; t; t = t->next) {
		if (setjmp(test_failed)) {
			printf("FAIL %s\n", t->name);
			failed++;
			continue;
		}
		t->run();
		printf("ok %s\n", t->name);
		passed++;
	}
	printf("%d passed, %d failed\n", passed, failed);
	return failed != 0 || passed == 0;
}

#endif
