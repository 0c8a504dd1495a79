/*
 * testfpu: every environment has its own SSE and x87 registers: they survive
 * yields and preemption, a child starts with its parent's, and they do not
 * leak from one environment to another.
 */
#include "inc/lib.h"
#include "inc/testing.h"

#define CHILDREN	6
#define ROUNDS		200

struct fpu {
	uint64_t xmm[16][2];
	double st[4];
	uint32_t mxcsr;
};

#define EACH_XMM(X) \
	X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) \
	X(8) X(9) X(10) X(11) X(12) X(13) X(14) X(15)

static void
fill(struct fpu *f, uint64_t seed)
{
	for (int i = 0; i < 16; i++) {
		f->xmm[i][0] = seed * 1000003 + i;
		f->xmm[i][1] = ~f->xmm[i][0];
	}
	for (int i = 0; i < 4; i++)
		f->st[i] = seed * 100.0 + i;
	f->mxcsr = 0x1f80 | (seed % 4) << 13;	/* rounding mode */
}

/*
 * Load the registers, spend time (in a loop to be preempted, then in a system
 * call), store them. One statement, so the compiler uses none between.
 */
static void
pass_through(const struct fpu *in, struct fpu *out, uint64_t spins,
	     uint64_t call, envid_t to)
{
#define LOAD(n)		"movups " #n "*16(%[in]), %%xmm" #n "\n"
#define STORE(n)	"movups %%xmm" #n ", " #n "*16(%[out])\n"
	register uint64_t r10 __asm__("r10") = 0;	/* perm */
	register uint64_t r8 __asm__("r8") = UTOP;	/* dstva */

	__asm__ volatile(
		EACH_XMM(LOAD)
		"fldl 256(%[in])\n fldl 264(%[in])\n"
		"fldl 272(%[in])\n fldl 280(%[in])\n"
		"ldmxcsr 288(%[in])\n"
		"1:\n"
		"dec %[spins]\n jnz 1b\n"
		"syscall\n"
		"stmxcsr 288(%[out])\n"
		"fstpl 280(%[out])\n fstpl 272(%[out])\n"
		"fstpl 264(%[out])\n fstpl 256(%[out])\n"
		EACH_XMM(STORE)
		: "+a"(call), [spins] "+c"(spins)
		: [in] "r"(in), [out] "r"(out), "D"(to), "S"(0ul),
		  "d"(UTOP), "r"(r10), "r"(r8)
		: "r11", "memory", "cc", "xmm0", "xmm1", "xmm2",
		  "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9",
		  "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15");
}

static void
check_round(uint64_t seed, uint64_t spins, uint64_t call, envid_t to)
{
	struct fpu in, out;

	memset(&in, 0, sizeof(in));
	fill(&in, seed);
	memset(&out, 0, sizeof(out));
	pass_through(&in, &out, spins, call, to);
	out.mxcsr &= ~0x3f;
	check(memcmp(&in, &out, sizeof(in.xmm)) == 0);
	check(memcmp(in.st, out.st, sizeof(in.st)) == 0);
	check_eq(out.mxcsr, in.mxcsr);
}

static void
set_mxcsr(uint32_t v)
{
	__asm__ volatile("ldmxcsr %0" : : "m"(v));
}

static uint32_t
get_mxcsr(void)
{
	uint32_t v;

	__asm__ volatile("stmxcsr %0" : "=m"(v));
	return v & ~0x3f;	/* without the sticky exception flags */
}

static void
child_main(int n)
{
	/* Inherited over fork, before anything else changes it. */
	check_eq(get_mxcsr(), 0x1f80 | 3 << 13);
	for (int i = 0; i < ROUNDS; i++)
		check_round(n * ROUNDS + i, i % 50 == 0 ? 10000000 : 1,
			    SYS_yield, 0);
}

/*
 * Two that wait for each other and have the CPUs to themselves: each finds
 * itself now on one, now on another, where its registers of an earlier visit
 * may still be.
 */
static void
test_moving(void)
{
	envid_t server = fork(), who;

	if (server < 0)
		panic("fork: %e", server);
	if (server == 0)
		for (;;) {
			ipc_recv(&who, NULL, NULL);
			sys_ipc_try_send(who, 0, (void *)UTOP, 0);
		}
	for (int i = 0; i < 3000; i++)
		check_round(i, i % 64 * 50 + 1, SYS_ipc_call, server);
	sys_env_destroy(server);
}

int
main(int argc, char **argv)
{
	envid_t child[CHILDREN];

	_Static_assert(offsetof(struct fpu, st) == 256, "used in asm");
	_Static_assert(offsetof(struct fpu, mxcsr) == 288, "used in asm");
	test_begin();
	/* Nothing is left of who had the slot before. */
	check_eq(get_mxcsr(), 0x1f80);
	test_moving();
	set_mxcsr(0x1f80 | 3 << 13);
	for (int i = 0; i < CHILDREN; i++) {
		if ((child[i] = fork()) < 0)
			panic("fork: %e", child[i]);
		if (child[i] == 0) {
			child_main(i);
			exit();
		}
	}
	for (int i = 0; i < CHILDREN; i++)
		wait(child[i]);
	check_eq(get_mxcsr(), 0x1f80 | 3 << 13);
	test_done();
}
