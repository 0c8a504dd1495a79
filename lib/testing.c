/*
 * testing.c: what the test programs share, see inc/testing.h.
 */
#include "inc/lib.h"
#include "inc/testing.h"

void
test_begin(void)
{
	int r = sys_page_alloc(0, test, PTE_P | PTE_U | PTE_W | PTE_SHARE);

	if (r < 0)
		panic("test_begin: %e", r);
}

void
test_done(void)
{
	if (test->failures == 0)
		cprintf("%s: OK\n", binaryname);
	else
		cprintf("%s: FAILED, %u checks\n", binaryname, test->failures);
	exit();
}

void
test_fail(const char *file, int line, const char *what)
{
	__atomic_fetch_add(&test->failures, 1, __ATOMIC_RELAXED);
	cprintf("%s: check failed at %s:%d: %s\n", binaryname, file, line,
		what);
}

/* Small negative numbers are errors. */
static void
print_value(char *buf, size_t size, int64_t v)
{
	if (v < 0 && v > -E_MAX)
		snprintf(buf, size, "%ld (%s)", v, error_string(v));
	else
		snprintf(buf, size, "%ld (0x%lx)", v, v);
}

void
test_equal(const char *file, int line, const char *what, int64_t got,
	   int64_t want)
{
	char a[48], b[48];

	if (got == want)
		return;
	__atomic_fetch_add(&test->failures, 1, __ATOMIC_RELAXED);
	print_value(a, sizeof(a), got);
	print_value(b, sizeof(b), want);
	cprintf("%s: check failed at %s:%d: %s is %s, expected %s\n",
		binaryname, file, line, what, a, b);
}

bool
test_survives(void (*fn)(void *arg), void *arg)
{
	envid_t child;

	test->returned = 0;
	child = fork();
	if (child < 0)
		panic("fork: %e", child);
	if (child == 0) {
		fn(arg);
		test->returned = 1;
		exit();
	}
	wait(child);
	return test->returned;
}

void
test_await(int word, uint64_t value)
{
	while (test->word[word] != value) {
		cpu_pause();	/* where CPUs take turns: it is the next's */
		sys_yield();
	}
}

static int
share_page(void *va, pte_t pte, void *arg)
{
	return sys_page_map(0, va, *(envid_t *)arg, va, pte_perm(pte));
}

envid_t
test_thread(void (*fn)(void), void *stack_top)
{
	struct trapframe tf;
	envid_t child;
	int r;

	if ((child = sys_exofork()) < 0)
		panic("exofork: %e", child);
	if ((r = uvpt_walk(share_page, &child)) < 0)
		panic("sharing memory: %e", r);
	memcpy(&tf, (const void *)&envs[ENVX(child)].tf, sizeof(tf));
	tf.rip = (uint64_t)fn;
	tf.rsp = ROUNDDOWN((uint64_t)stack_top, 16) - 8;
	tf.rflags = FL_IF | FL_MBS;
	if ((r = sys_env_set_trapframe(child, &tf)) < 0)
		panic("env_set_trapframe: %e", r);
	return child;
}
