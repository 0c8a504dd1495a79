/*
 * evilrandom [SEED]: system calls at random, with arguments chosen among the
 * interesting ones, in children that are ended after a while. Whatever they
 * do, the kernel goes on and loses no page.
 */
#include "inc/lib.h"
#include "inc/testing.h"

#define CHILDREN	8
#define CALLS		3000

static uint64_t seed = 1;

static uint32_t
next_random(void)
{
	seed = seed * 6364136223846793005ul + 1442695040888963407ul;
	return seed >> 33;
}

/* Addresses, sizes, envids and rights in one pot. */
static uint64_t
argument(void)
{
	static const uint64_t pot[] = {
		0, 1, 2, 4, 5, 7, 0x207, 0x407, 0x805, 0x807, 8, 64, 100, 4096,
		1 << 20, UTEMP, UTEXT, UHEAP, UHEAP + PGSIZE, UHEAP + 1,
		USTACKTOP - PGSIZE, UXSTACKTOP - PGSIZE, UTOP, UINFO, UENVS,
		UPAGES, UVPT, ULIM, 1ul << 47, PHYSMAP, KERNBASE, -1ul,
		-PGSIZE,
	};
	uint32_t r = next_random();

	if (r % 8 == 0)
		return sys_getenvid();
	if (r % 8 == 1)
		return r;
	return pot[r % ARRAY_SIZE(pot)];
}

/*
 * Not what prints, and what would end the calls at once; only rarely what may
 * block for good.
 */
static bool
allowed(uint32_t call)
{
	switch (call) {
	case SYS_cputs:
	case SYS_env_destroy:
	case SYS_env_set_trapframe:
	case SYS_exofork:
		return false;
	case SYS_ipc_recv:
	case SYS_ipc_recv_timed:
	case SYS_ipc_send:
	case SYS_ipc_call:
	case SYS_sleep_until:
	case SYS_env_wait:
	case SYS_console_wait:
	case SYS_env_set_status:
		return next_random() % 64 == 0;
	}
	return true;
}

static void
child(uint64_t n)
{
	seed += n * 7919;
	for (int i = 0; i < CALLS; i++) {
		uint32_t call = next_random() % NSYSCALLS;

		test->word[n]++;
		if (allowed(call))
			syscall(call, argument(), argument(), argument(),
				argument(), argument());
	}
}

static void
nothing(void *arg)
{
}

int
main(int argc, char **argv)
{
	envid_t id[CHILDREN];
	int64_t before, calls = 0;

	test_begin();
	seed = argc > 1 ? atoi(argv[1]) : 1;
	check(test_survives(nothing, NULL));	/* the upcall's page is ours */
	before = sys_pages_free();
	for (int round = 0; round < 4; round++, seed++) {
		for (int i = 0; i < CHILDREN; i++) {
			if ((id[i] = fork()) < 0)
				panic("fork: %e", id[i]);
			if (id[i] == 0) {
				child(i);
				exit();
			}
		}
		sys_sleep_until(sys_time_msec() + 100);
		for (int i = 0; i < CHILDREN; i++) {
			sys_env_destroy(id[i]);
			wait(id[i]);
		}
	}
	for (int i = 0; i < CHILDREN; i++)
		calls += test->word[i];
	cprintf("evilrandom: %ld calls\n", calls);
	check_eq(sys_pages_free(), before);
	test_done();
}
