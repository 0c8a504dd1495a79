/*
 * evilsyscalls: every system call that takes an address, with addresses that
 * are wild, the kernel's, non-canonical, unaligned, read-only or wrap around,
 * and with lengths far too large: an error code each time, nothing changed.
 */
#include "inc/lib.h"
#include "inc/testing.h"

/* Not readable for a program. */
static const uint64_t unreadable[] = {
	0, 1, UTEMP, UHEAP - 1, USTACKTOP, ULIM - 1, ULIM, 1ul << 47,
	0xffff7ffffffffffful, PHYSMAP, KMMIO, KSTACKS, KCPU, KERNBASE,
	KERNBASE + 0x100000, 1ul << 63, -PGSIZE, ~0ul,
};

/* Readable but not writable. */
static const uint64_t unwritable[] = {
	UTEXT, UINFO, UENVS, UCOUNT, UCOUNT_NS, UCOUNT_QUEUES, UPAGES,
	UVPT + (UTEXT >> 9),
};

static const size_t lengths[] = { 1, 100, 4096, 1 << 20, 1ul << 47, ~0ul };

static char page[PGSIZE] ALIGNED(4096);

static void
test_reading(uint64_t va, size_t len)
{
	void *p = (void *)va;

	check_eq(sys_cputs(p, len), -E_FAULT);
	check(sys_env_set_name(0, p, len) < 0);
}

static void
test_writing(uint64_t va, size_t len)
{
	/* A length beyond what is readable at all is a wrong argument too. */
	check_eq(sys_program_read(0, 0, (void *)va, len), -E_FAULT);
}

static void
test_trapframe(uint64_t va)
{
	envid_t child = sys_exofork();

	check(child > 0);
	check_eq(sys_env_set_trapframe(child, (void *)va), -E_FAULT);
	check_eq(sys_env_destroy(child), 0);
}

/* The last mapped page, then nothing: up to its end yes, beyond it no. */
static void
test_edges(void)
{
	char *edge = (char *)UHEAP;

	check_eq(sys_page_alloc(0, edge, PTE_P | PTE_U | PTE_W), 0);
	edge += PGSIZE;
	check_eq(sys_cputs(edge, 0), 0);
	check_eq(sys_cputs(edge - 1, 2), -E_FAULT);
	/* Nothing of what cannot be printed as a whole. */
	memset(edge - PGSIZE, '!', PGSIZE);
	check_eq(sys_cputs(edge - PGSIZE + 1, PGSIZE), -E_FAULT);
	check_eq(sys_program_read(0, 0, edge - 8, 16), -E_FAULT);
	check_eq(sys_program_read(0, 0, edge - 8, 8), 8);
	check_eq(sys_program_read(0, ~0ul, edge - 8, 8), 0);
	check(sys_program_read(~0u, 0, edge - 8, 8) < 0);
	check(sys_program_read(uinfo->nprogram, 0, edge - 8, 8) < 0);
	/* A frame that begins in memory and ends in the void. */
	check_eq(sys_env_set_trapframe(0, (void *)(edge - 8)), -E_FAULT);
}

static void
test_others(void)
{
	static const uint64_t bad_fs[] = { 1ul << 47, KERNBASE, 1ul << 63 };

	for (size_t i = 0; i < ARRAY_SIZE(bad_fs); i++)
		check_eq(sys_env_set_fs_base(0, bad_fs[i]), -E_INVAL);
	check_eq(sys_env_set_status(0, ENV_FREE), -E_INVAL);
	check_eq(sys_env_set_status(0, ENV_DYING), -E_INVAL);
	check_eq(sys_env_set_status(0, ENV_RUNNING), -E_INVAL);
	check_eq(sys_env_set_status(0, ~0u), -E_INVAL);
	check_eq(sys_env_set_status(-1, ENV_RUNNABLE), -E_BAD_ENV);
	check_eq(sys_env_destroy(-1), -E_BAD_ENV);
	check_eq(sys_env_destroy(0x7fffffff), -E_BAD_ENV);
	check_eq(sys_env_set_pgfault_upcall(-1, NULL), -E_BAD_ENV);
	/* Only the network server counts where everybody looks. */
	check_eq(sys_count_page(page), -E_PERM);
	check_eq(sys_count_page((void *)UCOUNT_NS), -E_INVAL);
	for (uint64_t n = NSYSCALLS; n < NSYSCALLS + 300; n++)
		check_eq(syscall(n, 0, 0, 0, 0, 0), -E_INVAL);
	check_eq(syscall(~0ul, 0, 0, 0, 0, 0), -E_INVAL);
	check_eq(syscall(1ul << 32 | SYS_getenvid, 0, 0, 0, 0, 0), -E_INVAL);
	check_eq(syscall(1ul << 63 | SYS_getenvid, 0, 0, 0, 0, 0), -E_INVAL);
}

/* The kernel goes upwards, in which direction the caller ever goes. */
static void
test_direction(void)
{
	uint64_t result = SYS_getenvid;
	envid_t child;

	__asm__ volatile("std; syscall; cld" : "+a"(result)
			 : : "rcx", "r11", "memory", "cc");
	check_eq(result, sys_getenvid());
	child = fork();
	check(child >= 0);
	if (child == 0) {
		/* By a fault, too: the page has yet to be copied. */
		__asm__ volatile("std; movb $1, %0; cld" : "=m"(page[0])
				 : : "memory", "cc");
		test->word[0] = page[0];
		exit();
	}
	wait(child);
	check_eq(test->word[0], 1);
}

int
main(int argc, char **argv)
{
	test_begin();
	for (size_t i = 0; i < ARRAY_SIZE(unreadable); i++) {
		for (size_t k = 0; k < ARRAY_SIZE(lengths); k++) {
			test_reading(unreadable[i], lengths[k]);
			test_writing(unreadable[i], lengths[k]);
		}
		test_trapframe(unreadable[i]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(unwritable); i++)
		for (size_t k = 0; k < ARRAY_SIZE(lengths); k++)
			test_writing(unwritable[i], lengths[k]);
	test_trapframe((uint64_t)page + PGSIZE * 1000);
	test_edges();
	test_others();
	test_direction();
	test_done();
}
