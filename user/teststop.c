/*
 * teststop: a child that was preempted and then stopped by its parent goes on
 * with every register as it was. While it runs on another CPU it can be
 * neither stopped nor given other registers, and while it is blocked it does
 * not forget what it waits for.
 */
#include "inc/lib.h"
#include "inc/testing.h"

enum { ROUNDS, SPOILT };

/* Count in memory for ever; all else stays in registers and is looked at. */
static void
spin(void)
{
	__asm__ volatile(
		"mov $0x1111, %%rax; mov $0x2222, %%rcx; mov $0x3333, %%rdx\n"
		"mov $0x4444, %%rsi; mov $0x5555, %%r11\n"
		"1: incq (%0)\n"
		"cmp $0x1111, %%rax; jne 2f; cmp $0x2222, %%rcx; jne 2f\n"
		"cmp $0x3333, %%rdx; jne 2f; cmp $0x4444, %%rsi; jne 2f\n"
		"cmp $0x5555, %%r11; je 1b\n"
		"2: movq $1, (%1)\n"
		: : "r"(&test->word[ROUNDS]), "r"(&test->word[SPOILT])
		: "rax", "rcx", "rdx", "rsi", "r11", "memory", "cc");
	exit();
}

static envid_t
start(void (*fn)(void))
{
	envid_t child = fork();

	if (child < 0)
		panic("fork: %e", child);
	if (child == 0)
		fn();
	return child;
}

/* Yields until the child has gone on. */
static void
await_round(void)
{
	uint64_t seen = test->word[ROUNDS];

	while (test->word[ROUNDS] == seen && !test->word[SPOILT])
		sys_yield();
}

/* One CPU: while we run, the child waits for its turn. */
static void
test_stopped(envid_t child)
{
	for (int i = 0; i < 3; i++) {
		uint64_t seen;

		await_round();
		check_eq(sys_env_set_status(child, ENV_NOT_RUNNABLE), 0);
		seen = test->word[ROUNDS];
		for (int k = 0; k < 10; k++)
			sys_yield();
		check_eq(test->word[ROUNDS], seen);
		check_eq(sys_env_set_status(child, ENV_RUNNABLE), 0);
	}
	await_round();
	check_eq(test->word[SPOILT], 0);
}

/* More CPUs than environments: the child runs all the time. */
static void
test_running(envid_t child)
{
	const volatile struct env *e = &envs[ENVX(child)];
	struct trapframe tf;

	await_round();
	memcpy(&tf, (const void *)&e->tf, sizeof(tf));
	tf.rip = 0;
	while (e->status != ENV_RUNNING)
		sys_yield();
	check_eq(sys_env_set_trapframe(child, &tf), -E_BUSY);
	check_eq(sys_env_set_status(child, ENV_NOT_RUNNABLE), -E_BUSY);
	await_round();
	check_eq(test->word[SPOILT], 0);
}

static void
sleep_long(void)
{
	sys_sleep_until(sys_time_msec() + 1000000);
	exit();
}

static void
test_blocked(void)
{
	envid_t child = start(sleep_long);
	const volatile struct env *e = &envs[ENVX(child)];
	struct trapframe tf;

	while (e->status != ENV_NOT_RUNNABLE || e->wait != WAIT_SLEEP)
		sys_yield();
	memcpy(&tf, (const void *)&e->tf, sizeof(tf));
	check_eq(sys_env_set_trapframe(child, &tf), -E_BUSY);
	check_eq(sys_env_set_status(child, ENV_RUNNABLE), 0);
	check_eq(e->wait, WAIT_SLEEP);
	sys_env_destroy(child);
	wait(child);
}

int
main(int argc, char **argv)
{
	envid_t child;

	test_begin();
	child = start(spin);
	if (uinfo->ncpu == 1)
		test_stopped(child);
	else
		test_running(child);
	sys_env_destroy(child);
	wait(child);
	test_blocked();
	test_done();
}
