/*
 * testtls: _Thread_local variables have their initial values, the alignment
 * they ask for, and are copied by fork like other memory.
 */
#include "inc/lib.h"
#include "inc/testing.h"

static _Thread_local int answer = 42;
static _Thread_local int zero;
static _Thread_local char text[] = "thread-local";
static _Thread_local char line[64] ALIGNED(64);

static uint64_t other;

static uint64_t
self_pointer(void)
{
	uint64_t self;

	__asm__ volatile("mov %%fs:0, %0" : "=r"(self));
	return self;
}

int
main(int argc, char **argv)
{
	envid_t child;
	uint64_t self;

	test_begin();
	check_eq(answer, 42);
	check_eq(zero, 0);
	check(strcmp(text, "thread-local") == 0);
	check_eq((uint64_t)line % 64, 0);
	self = self_pointer();
	check((char *)self > line && (char *)self - line < 512);

	answer = 1;
	if ((child = fork()) < 0)
		panic("fork: %e", child);
	if (child == 0) {
		check_eq(answer, 1);
		answer = 2;
		line[5] = 9;
		/* The base is this environment's own: it must not stay. */
		other = (uint64_t)&other;
		check_eq(sys_env_set_fs_base(0, (uint64_t)&other), 0);
		check_eq(self_pointer(), (uint64_t)&other);
		exit();
	}
	sys_yield();
	wait(child);
	check_eq(self_pointer(), self);
	check_eq(answer, 1);
	check_eq(line[5], 0);
	test_done();
}
