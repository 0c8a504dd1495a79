/*
 * testsleep: the clock goes forward and agrees with the TSC; sleepers wake at
 * their time and in its order, not before; a timed receive gives up in time.
 */
#include "inc/lib.h"
#include "inc/testing.h"

static int64_t
tsc_msec(void)
{
	return read_tsc() / (uinfo->tsc_hz / 1000);
}

static void
test_order(void)
{
	static const int delay[] = { 60, 20, 100, 40, 80 };
	uint64_t start = sys_time_msec();
	envid_t child[ARRAY_SIZE(delay)];

	for (size_t i = 0; i < ARRAY_SIZE(delay); i++) {
		if ((child[i] = fork()) < 0)
			panic("fork: %e", child[i]);
		if (child[i] == 0) {
			check_eq(sys_sleep_until(start + delay[i]), 0);
			test->word[i + 1] = sys_time_msec() - start;
			exit();
		}
	}
	for (size_t i = 0; i < ARRAY_SIZE(delay); i++)
		wait(child[i]);
	for (size_t i = 0; i < ARRAY_SIZE(delay); i++)
		check((int)test->word[i + 1] >= delay[i]);
}

int
main(int argc, char **argv)
{
	int64_t t, last = sys_time_msec(), c0, c1;
	envid_t who = 1;

	test_begin();
	for (int i = 0; i < 1000; i++) {
		t = sys_time_msec();
		check(t >= last);
		last = t;
	}
	c0 = tsc_msec();
	t = sys_time_msec();
	check_eq(sys_sleep_until(t + 50), 0);
	check(sys_time_msec() >= t + 50);
	c1 = tsc_msec();
	check(c1 - c0 >= 49);
	check_eq(sys_sleep_until(0), 0);		/* long past */
	check_eq(sys_sleep_until(t), 0);

	t = sys_time_msec();
	check_eq(ipc_recv_timed(&who, NULL, NULL, 30), -E_TIMEOUT);
	check_eq(who, 0);
	check(sys_time_msec() >= t + 30);
	check_eq(ipc_recv_timed(&who, NULL, NULL, 0), -E_TIMEOUT);
	test_order();
	test_done();
}
