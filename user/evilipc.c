/*
 * evilipc: IPC with wrong partners, addresses and rights is refused, and
 * gives the receiver nothing that the sender may not give.
 */
#include "inc/lib.h"
#include "inc/testing.h"

#define R	(PTE_P | PTE_U)
#define RW	(R | PTE_W)
#define PAGE	((char *)UHEAP)
#define NOPAGE	((void *)UTOP)

static void
test_partners(void)
{
	static const envid_t bad[] = {
		-1, 0x7fffffff, 1, 1 << 20, -0x80000000,
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		check_eq(sys_ipc_try_send(bad[i], 1, NOPAGE, 0), -E_BAD_ENV);
		check_eq(sys_ipc_send(bad[i], 1, NOPAGE, 0), -E_BAD_ENV);
		check_eq(sys_ipc_call(bad[i], 1, NOPAGE, 0, NOPAGE),
			 -E_BAD_ENV);
	}
	check_eq(sys_ipc_try_send(0, 1, NOPAGE, 0), -E_IPC_NOT_RECV);
	check(sys_ipc_send(0, 1, NOPAGE, 0) < 0);	/* for ever */
	check(sys_ipc_call(0, 1, NOPAGE, 0, NOPAGE) < 0);
}

/* To a child that receives all the time: the arguments are what is wrong. */
static void
test_pages(envid_t child)
{
	static const uint64_t unmapped[] = { 0, UTEMP, UHEAP + 4 * PGSIZE };
	static const uint32_t bad_perm[] = {
		0, PTE_P, PTE_U, RW | PTE_X, R | PTE_PS, R | 1u << 31,
	};
	uint64_t v = 7;

	for (size_t i = 0; i < ARRAY_SIZE(unmapped); i++)
		check_eq(sys_ipc_send(child, v, (void *)unmapped[i], R),
			 -E_INVAL);
	check_eq(sys_ipc_send(child, v, PAGE + 1, R), -E_INVAL);
	check_eq(sys_ipc_send(child, v, (void *)(UTOP - 1), R), -E_INVAL);
	for (size_t i = 0; i < ARRAY_SIZE(bad_perm); i++)
		check_eq(sys_ipc_send(child, v, PAGE, bad_perm[i]), -E_INVAL);
	/* Read-only here, writable there; constants as code. */
	check_eq(sys_ipc_send(child, v, (void *)UTEXT, RW), -E_INVAL);
	check_eq(sys_page_map(0, PAGE, 0, PAGE + PGSIZE, R), 0);
	check_eq(sys_ipc_send(child, v, PAGE + PGSIZE, RW), -E_INVAL);
	check_eq(sys_ipc_send(child, v, PAGE + PGSIZE, R | PTE_X), -E_INVAL);
	/* An address of the kernel's half means "no page". */
	check_eq(sys_ipc_send(child, v, (void *)KERNBASE, RW), 0);
	check_eq(sys_ipc_send(child, v, (void *)UENVS, RW), 0);
}

static void
receiver(void)
{
	uint32_t perm;

	for (;;) {
		if (ipc_recv(NULL, PAGE, &perm) == 0)
			exit();
		check_eq(perm, 0);
		check_eq(uvpt_lookup(PAGE), 0);
	}
}

int
main(int argc, char **argv)
{
	envid_t child;

	test_begin();
	test_partners();
	check_eq(sys_ipc_recv((void *)1), -E_INVAL);
	check_eq(sys_ipc_recv((void *)(UTOP - 1)), -E_INVAL);
	check_eq(sys_ipc_recv_timed((void *)1, 1), -E_INVAL);
	check_eq(sys_ipc_call(1, 1, NOPAGE, 0, (void *)(UTOP - 1)), -E_INVAL);
	if ((child = fork()) < 0)
		panic("fork: %e", child);
	if (child == 0)
		receiver();
	check_eq(sys_page_alloc(0, PAGE, RW), 0);
	test_pages(child);
	check_eq(sys_ipc_send(child, 0, NOPAGE, 0), 0);
	wait(child);
	test_done();
}
