/*
 * testuvpt: what the kernel shows is true and read-only: page tables, pages,
 * environments, counters, machine.
 */
#include "inc/lib.h"
#include "inc/testing.h"

static int variable;

static void
write_to(void *p)
{
	*(volatile uint8_t *)p = 1;
}

static void
test_page_tables(void)
{
	void *va = (void *)UHEAP;
	pte_t pte;

	check_eq(uvpt_lookup(NULL), 0);
	check_eq(uvpt_lookup(va), 0);
	check_eq(sys_page_alloc(0, va, PTE_P | PTE_U | PTE_W), 0);
	pte = uvpt_lookup(va);
	check_eq(pte & (PTE_P | PTE_U | PTE_W), PTE_P | PTE_U | PTE_W);
	check(pte & PTE_NX);
	check_eq(pageref(va), 1);
	check_eq(pages[PTE_ADDR(pte) >> PGSHIFT].kind, PAGE_USED);
	check_eq(sys_page_map(0, va, 0, (char *)va + PGSIZE, PTE_P | PTE_U), 0);
	check_eq(pageref(va), 2);
	check_eq(PTE_ADDR(uvpt_lookup((char *)va + PGSIZE)), PTE_ADDR(pte));
	check_eq(sys_page_unmap(0, (char *)va + PGSIZE), 0);
	check_eq(pageref(va), 1);
	check_eq(sys_page_unmap(0, va), 0);
	check_eq(uvpt_lookup(va), 0);

	check_eq(pte_perm(uvpt_lookup(main)) & (PTE_W | PTE_X), PTE_X);
	check_eq(pte_perm(uvpt_lookup(&variable)) & (PTE_W | PTE_X), PTE_W);
	check_eq(pte_perm(uvpt_lookup("text")) & (PTE_W | PTE_X), 0);
	/* The stack has a guard page above and below. */
	check_eq(uvpt_lookup((void *)USTACKTOP), 0);
	check(uvpt_lookup((void *)(USTACKTOP - PGSIZE)) & PTE_W);
	check_eq(uvpt_lookup((void *)(USTACKTOP - 17 * PGSIZE)), 0);
}

static void
test_envs(void)
{
	envid_t me = sys_getenvid(), child;

	check_eq(thisenv->id, me);
	check_eq(thisenv->status, ENV_RUNNING);
	check_eq(thisenv->type, ENV_TYPE_USER);
	check(strcmp((const char *)thisenv->name, "testuvpt") == 0);
	check((uint32_t)thisenv->cpu < uinfo->ncpu);
	child = sys_exofork();
	check(child > 0);
	check_eq(envs[ENVX(child)].id, child);
	check_eq(envs[ENVX(child)].parent_id, me);
	check_eq(envs[ENVX(child)].status, ENV_NOT_RUNNABLE);
	check_eq(sys_env_destroy(child), 0);
	check_eq(envs[ENVX(child)].status, ENV_FREE);
	check_eq(sys_env_destroy(child), -E_BAD_ENV);
}

static uint64_t
all_syscalls(void)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < uinfo->ncpu; i++)
		n += ucount[i].c.syscalls;
	return n;
}

static void
test_counters(void)
{
	uint64_t mine = thisenv->count.syscalls, all = all_syscalls();

	for (int i = 0; i < 10; i++)
		sys_getenvid();
	check_eq(thisenv->count.syscalls - mine, 10);
	check(all_syscalls() - all >= 10);
	check(thisenv->count.traps >= thisenv->count.syscalls);
}

static void
test_machine(void)
{
	bool found = false;
	uint64_t free = 0;

	check_eq(uinfo->magic, UINFO_MAGIC);
	check(uinfo->ncpu >= 1 && uinfo->ncpu <= NCPU);
	check_eq(uinfo->cpu[0].role, CPU_SHARED);
	check(uinfo->tsc_hz > 1000000);
	check(read_tsc() > uinfo->boot_tsc);
	for (uint32_t i = 0; i < uinfo->nprogram; i++)
		found |= strcmp((const char *)uinfo->program[i],
				"testuvpt") == 0;
	check(found);
	for (uint32_t i = 0; i < uinfo->npages; i++)
		free += pages[i].kind == PAGE_FREE;
	check(free > 0 && free <= (uint64_t)sys_pages_free());
}

static void
read_from(void *va)
{
	(void)*(volatile uint64_t *)va;
}

/* The next environment in a slot has another id and nothing of the last. */
static void
test_reuse(void)
{
	envid_t first = sys_exofork(), second;

	check(first > 0);
	check_eq(sys_env_set_pgfault_upcall(first, (void *)UTEXT), 0);
	check_eq(sys_env_destroy(first), 0);
	second = sys_exofork();
	check(second > 0 && second != first);
	check_eq(ENVX(second), ENVX(first));
	check_eq(envs[ENVX(second)].pgfault_upcall, 0);
	check_eq(sys_env_destroy(first), -E_BAD_ENV);
	check_eq(sys_env_destroy(second), 0);
}

int
main(int argc, char **argv)
{
	static const uint64_t kernel_pte = UVPT +
		(((KERNBASE + PG2SIZE) & ((1ul << 48) - 1)) >> 9);
	static const uint64_t windows[] = {
		UINFO, UCOUNT, UENVS, UPAGES, UVPT,
	};

	test_begin();
	test_page_tables();
	test_envs();
	test_counters();
	test_machine();
	for (size_t i = 0; i < ARRAY_SIZE(windows); i++)
		check(!test_survives(write_to, (void *)windows[i]));
	check(!test_survives(write_to, (void *)&UVPT_L0[UTEXT >> PGSHIFT]));
	check(!test_survives(read_from, (void *)kernel_pte));
	test_reuse();
	test_done();
}
