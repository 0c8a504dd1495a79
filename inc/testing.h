/*
 * testing.h: what the test programs share (lib/testing.c). A test begins with
 * test_begin(), checks, forks as it likes, and ends with test_done(), which
 * prints `NAME: OK` only if no check failed in any of its environments.
 */
#ifndef JIX_INC_TESTING_H
#define JIX_INC_TESTING_H

#include "inc/types.h"

#define TEST_PAGE	0x0000000e00000000ul

/* A page shared by the test and all its descendants. */
struct test_page {
	uint32_t failures;
	uint32_t returned;		/* test_survives: fn came back */
	volatile uint64_t word[256];	/* for the test's own use */
};

static struct test_page *const test = (struct test_page *)TEST_PAGE;

/* Map the page. The environment that ends without test_done has failed. */
void test_begin(void);
/* The verdict; ends the environment. */
void test_done(void) __attribute__((noreturn));

/* Report and count a failure; the test goes on. */
void test_fail(const char *file, int line, const char *what);
/* The same if got differs from want; both are shown. */
void test_equal(const char *file, int line, const char *what, int64_t got,
		int64_t want);
#define check(x) \
	do { \
		if (!(x)) \
			test_fail(__FILE__, __LINE__, #x); \
	} while (0)
#define check_eq(got, want) \
	test_equal(__FILE__, __LINE__, #got, (int64_t)(got), (int64_t)(want))

/* Run fn(arg) in a forked child: did it come back, or was the child ended? */
bool test_survives(void (*fn)(void *arg), void *arg);
/* Wait until a word of the shared page has this value. */
void test_await(int word, uint64_t value);
/*
 * Make a child with the memory of the caller, all of it shared, not copied,
 * and let it run fn on the given stack (its upper end). fn must not return.
 * The child's envid, not yet runnable; its registers may still be changed.
 */
envid_t test_thread(void (*fn)(void), void *stack_top);

#endif
