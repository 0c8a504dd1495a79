/*
 * eviltrapframe: a parent that sets its child's registers cannot give it a
 * privilege: segments and privileged flags stay the kernel's, and addresses
 * that the processor refuses end the child and not the machine.
 */
#include "inc/lib.h"
#include "inc/testing.h"

static char stack[2 * PGSIZE] ALIGNED(16);

enum { DONE, SEEN_CS, SEEN_SS, SEEN_FLAGS };

/* Runs in the child with the registers that it was given. */
static void
report(void)
{
	uint64_t flags = read_rflags();
	uint16_t cs, ss;

	__asm__ volatile("mov %%cs, %0; mov %%ss, %1" : "=r"(cs), "=r"(ss));
	test->word[SEEN_CS] = cs;
	test->word[SEEN_SS] = ss;
	test->word[SEEN_FLAGS] = flags;
	test->word[DONE] = 1;
	for (;;)
		sys_env_destroy(0);
}

/* Try to set; start the child in any case; true if it got to report(). */
static bool
run_with(const struct trapframe *evil)
{
	envid_t child = test_thread(report, stack + sizeof(stack));

	test->word[DONE] = 0;
	sys_env_set_trapframe(child, evil);
	sys_env_set_status(child, ENV_RUNNABLE);
	wait(child);
	return test->word[DONE];
}

static struct trapframe
good_frame(void)
{
	envid_t child = test_thread(report, stack + sizeof(stack));
	struct trapframe tf;

	memcpy(&tf, (const void *)&envs[ENVX(child)].tf, sizeof(tf));
	sys_env_destroy(child);
	return tf;
}

static void
check_unprivileged(void)
{
	check_eq(test->word[SEEN_CS], GD_UT | 3);
	check_eq(test->word[SEEN_SS], GD_UD | 3);
	check_eq(test->word[SEEN_FLAGS] & (FL_IF | FL_IOPL | FL_NT | FL_TF),
		 FL_IF);
}

/* Whether refused or corrected, the child runs, and without privilege. */
static void
check_tamed(const struct trapframe *evil)
{
	check(run_with(evil));
	check_unprivileged();
}

static void
test_selectors(void)
{
	static const uint16_t cs[] = { GD_KT, GD_KT | 3, GD_LT | 1, 0, 0xfffb };
	static const uint16_t ss[] = { GD_KD, GD_KD | 3, 0, 0xfffb };
	static const uint64_t flags[] = {
		0, FL_IOPL, FL_NT, FL_TF, FL_AC, 1ul << 17, 1ul << 16, ~0ul,
	};
	struct trapframe tf;

	for (size_t i = 0; i < ARRAY_SIZE(cs); i++) {
		tf = good_frame();
		tf.cs = cs[i];
		check_tamed(&tf);
	}
	for (size_t i = 0; i < ARRAY_SIZE(ss); i++) {
		tf = good_frame();
		tf.ss = ss[i];
		check_tamed(&tf);
	}
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		tf = good_frame();
		tf.rflags = flags[i];
		check_tamed(&tf);
		tf.trapno = T_SYSCALL;
		check_tamed(&tf);
	}
}

/* The processor faults in ring 0 on such an rip: the kernel must refuse it. */
static void
test_addresses(void)
{
	static const uint64_t bad[] = {
		1ul << 47, 0xffff7ffffffffffful, 1ul << 63, KERNBASE, PHYSMAP,
		ULIM - 1, UENVS, ~0ul,
	};
	struct trapframe tf;
	envid_t child;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		for (int syscall = 0; syscall < 2; syscall++) {
			tf = good_frame();
			tf.rip = bad[i];
			tf.trapno = syscall ? T_SYSCALL : T_PGFLT;
			child = sys_exofork();
			check_eq(sys_env_set_trapframe(child, &tf),
				 bad[i] >= ULIM ? -E_INVAL : 0);
			sys_env_destroy(child);
			check_eq(run_with(&tf), bad[i] >= ULIM);
			/* Its first push faults, or wraps around. */
			tf = good_frame();
			tf.rsp = bad[i];
			tf.trapno = syscall ? T_SYSCALL : T_PGFLT;
			if (run_with(&tf))
				check_unprivileged();
		}
}

int
main(int argc, char **argv)
{
	struct trapframe tf;

	test_begin();
	tf = good_frame();
	check(run_with(&tf));
	check_unprivileged();
	test_selectors();
	test_addresses();
	test_done();
}
