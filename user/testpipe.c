/*
 * testpipe: a pipe carries bytes in order between environments, more than it
 * holds at once; its ends notice that the other is closed, also when its
 * last holder was killed; several writers do not spoil each other.
 */
#include "inc/lib.h"
#include "inc/testing.h"

#define BIG	20000

static const char text[] =
	"Now is the time for all good men to come to the aid of their party.";

static char buf[BIG];

static envid_t
checked_fork(void)
{
	envid_t id = fork();

	if (id < 0)
		panic("fork: %e", id);
	return id;
}

static void
make_pipe(int p[2])
{
	int r = pipe(p);

	if (r < 0)
		panic("pipe: %e", r);
}

static void
test_text(void)
{
	envid_t child;
	int p[2];

	make_pipe(p);
	if ((child = checked_fork()) == 0) {
		close(p[1]);
		check_eq(readn(p[0], buf, sizeof(buf)), strlen(text));
		check(strcmp(buf, text) == 0);
		cprintf("pipe read closed properly\n");
		exit();
	}
	close(p[0]);
	check_eq(write(p[1], text, strlen(text)), strlen(text));
	close(p[1]);
	wait(child);
}

/* Ten times the pipe's size, in pieces of odd sizes on both ends. */
static void
test_big(void)
{
	envid_t child;
	ssize_t n;
	int p[2], sum = 0;

	make_pipe(p);
	if ((child = checked_fork()) == 0) {
		close(p[0]);
		for (int i = 0; i < BIG; i++)
			buf[i] = i * 7 + i / 256;
		for (int i = 0, k = 1; i < BIG; i += k, k = k * 5 % 4001) {
			k = MIN(k, BIG - i);
			check_eq(write(p[1], buf + i, k), k);
		}
		exit();
	}
	close(p[1]);
	for (int k = 1; (n = read(p[0], buf, k)) > 0; k = k * 3 % 3001)
		for (int i = 0; i < n; i++, sum++)
			check_eq(buf[i], (char)(sum * 7 + sum / 256));
	check_eq(n, 0);
	check_eq(sum, BIG);
	close(p[0]);
	wait(child);
}

static void
test_reader_gone(void)
{
	envid_t child;
	int p[2];

	make_pipe(p);
	if ((child = checked_fork()) == 0) {
		close(p[0]);
		while (write(p[1], "x", 1) == 1)
			;
		check_eq(write(p[1], "x", 1), -E_EOF);
		cprintf("pipe write closed properly\n");
		exit();
	}
	close(p[1]);
	check_eq(read(p[0], buf, 1), 1);
	check_eq(pipeisclosed(p[0]), 0);
	close(p[0]);
	wait(child);
}

/* A writer that is killed has closed its end. */
static void
test_killed(void)
{
	envid_t child;
	int p[2];

	make_pipe(p);
	if ((child = checked_fork()) == 0) {
		write(p[1], "hi", 2);
		for (;;)
			sys_yield();
	}
	close(p[1]);
	check_eq(readn(p[0], buf, 2), 2);
	check_eq(pipeisclosed(p[0]), 0);
	sys_env_destroy(child);
	check_eq(read(p[0], buf, 1), 0);
	check_eq(pipeisclosed(p[0]), 1);
	close(p[0]);
}

/* Four writers, one byte at a time: the sums come out. */
static void
test_many_writers(void)
{
	int count[4] = { 0 }, p[2];

	make_pipe(p);
	for (int w = 0; w < 4; w++)
		if (checked_fork() == 0) {
			close(p[0]);
			for (int i = 0; i < 300; i++)
				write(p[1], &"abcd"[w], 1);
			exit();
		}
	close(p[1]);
	while (read(p[0], buf, 1) == 1)
		count[(buf[0] - 'a') & 3]++;
	for (int w = 0; w < 4; w++)
		check_eq(count[w], 300);
	close(p[0]);
}

int
main(int argc, char **argv)
{
	test_begin();
	test_text();
	test_big();
	test_reader_gone();
	test_killed();
	test_many_writers();
	if (test->failures == 0)
		cprintf("pipe tests passed\n");
	test_done();
}
