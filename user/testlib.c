/*
 * testlib: parts of the library that no other test is about: arguments,
 * setjmp, descriptors, printing to them.
 */
#include "inc/lib.h"
#include "inc/testing.h"

static void
test_args(void)
{
	char *argv[] = {
		"prog", "-vn5", "-s", "text", "-x", "--", "-file", "b", NULL
	};
	struct args a;
	char *s;

	args_start(&a, ARRAY_SIZE(argv) - 1, argv);
	check_eq(args_option(&a), 'v');
	check_eq(args_option(&a), 'n');
	check_eq(args_number(&a, 1, 9), 5);
	check_eq(args_option(&a), 's');
	s = args_value(&a);
	check(s && strcmp(s, "text") == 0);
	check_eq(args_option(&a), 'x');
	check_eq(args_option(&a), 0);
	s = args_next(&a);
	check(s && strcmp(s, "-file") == 0);
	s = args_next(&a);
	check(s && strcmp(s, "b") == 0);
	check(args_next(&a) == NULL);
	check(args_value(&a) == NULL);

	args_start(&a, 0, argv);
	check_eq(args_option(&a), 0);
	check(args_next(&a) == NULL);
}

/* A number that is none, or out of range, ends the program. */
static void
bad_number(void *text)
{
	char *argv[] = { "testlib", "-n", text, NULL };
	struct args a;

	args_start(&a, 3, argv);
	args_option(&a);
	args_number(&a, 1, 9);
}

static jmp_buf back;

static void __attribute__((noinline))
jump(int depth)
{
	if (depth > 0)
		jump(depth - 1);
	if (depth == 0)
		longjmp(back, 0);
	check(0);			/* skipped over by longjmp */
}

static void
test_setjmp(void)
{
	volatile int times = 0;
	int r = setjmp(back);

	if (r == 0) {
		check_eq(times++, 0);
		jump(5);
	}
	check_eq(r, 1);			/* 0 is turned into 1 */
	if (times++ == 1) {
		if ((r = setjmp(back)) == 0)
			longjmp(back, 77);
		check_eq(r, 77);
	}
	check_eq(times, 2);
}

static void
test_descriptors(void)
{
	char buf[8];
	int p[2];

	check_eq(read(0, buf, 1), -E_INVAL);
	check_eq(write(-1, buf, 1), -E_INVAL);
	check_eq(write(MAXFD, buf, 1), -E_INVAL);
	check_eq(close(5), -E_INVAL);
	check_eq(dup(5, 6), -E_INVAL);
	check_eq(opencons(), 0);
	check_eq(iscons(0), 1);
	check_eq(dup(0, 7), 7);
	check_eq(dup(0, MAXFD), -E_INVAL);
	check_eq(close(0), 0);
	check_eq(iscons(7), 1);
	check_eq(write(7, "console\n", 8), 8);
	close_all();
	check_eq(iscons(7), -E_INVAL);

	for (int i = 0; i < MAXFD; i++)
		check_eq(opencons(), i);
	check_eq(opencons(), -E_MAX_OPEN);
	check_eq(pipe(p), -E_MAX_OPEN);
	close(4);
	check_eq(pipe(p), -E_MAX_OPEN);	/* room for one end only */
	check_eq(opencons(), 4);
	close_all();
}

static void
test_print(void)
{
	char text[1000], buf[1100];
	int p[2];

	check_eq(pipe(p), 0);
	check_eq(p[1], 1);
	check_eq(read(p[1], buf, 1), -E_INVAL);
	check_eq(write(p[0], buf, 1), -E_INVAL);
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	check_eq(printf("%s%d", text, 123), 1002);
	close(p[1]);
	check_eq(readn(p[0], buf, sizeof(buf)), 1002);
	check(memcmp(buf, text, 999) == 0 && memcmp(buf + 999, "123", 3) == 0);
	close(p[0]);
}

int
main(int argc, char **argv)
{
	test_begin();
	test_args();
	check(!test_survives(bad_number, "10"));
	check(!test_survives(bad_number, "5x"));
	check(!test_survives(bad_number, ""));
	test_setjmp();
	test_descriptors();
	test_print();
	test_done();
}
