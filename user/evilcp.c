/*
 * evilcp: the calls of the control plane with everything wrong that can be:
 * each is refused, whoever may not make them is refused all, and nothing
 * stays behind. Needs two NICs and two CPUs. The kernel gives this program the
 * control plane's rights by its name.
 */
#include "inc/dp.h"
#include "inc/lib.h"
#include "inc/testing.h"

static char buf[4096];

/* Every call on dataplane id must give this error. */
static void
all_refused(uint32_t id, int error)
{
	struct dp_info info;

	check_eq(sys_dp_bind_core(id, -1), error);
	check_eq(sys_dp_alloc(id, 0, DP_SYS, 1, PTE_W), error);
	check_eq(sys_dp_write(id, 0, DP_SYS, buf, 8), error);
	check_eq(sys_dp_read(id, 0, DP_SYS, buf, 8), error);
	check_eq(sys_dp_bind_queue(id, 0, 0), error);
	check_eq(sys_dp_flows(id, 0, 1, 0), error);
	check_eq(sys_dp_start(id), error);
	check_eq(sys_dp_stop(id), error);
	check_eq(sys_dp_inspect(id, &info), error);
	check_eq(sys_dp_event(id), error);
}

static void
no_rights(void)
{
	envid_t child = fork();

	if (child == 0) {
		check_eq(sys_dp_create(1, 0), -E_PERM);
		all_refused(0, -E_PERM);
		exit();
	}
	check(child > 0);
	wait(child);
	buf[0] = 1;	/* ours again: the kernel writes no shared page */
}

/* Addresses, numbers of pages and rights that a dataplane may not have. */
static void
bad_memory(uint32_t id)
{
	static const struct {
		int core;
		uint64_t va, n;
		uint32_t perm;
	} bad[] = {
		{ 0, 0, 1, PTE_W }, { 0, DP_SYS + 4096, 1, PTE_W },
		{ 0, DP_SYS, 0, PTE_W }, { 0, DP_SYS, 2, PTE_W },
		{ 0, DP_SYS, 0xffffffff, PTE_W }, { 1, DP_SYS, 1, PTE_W },
		{ NCPU, DP_SYS, 1, PTE_W }, { -2, DP_SYS, 1, PTE_W },
		{ DP_SHARED, DP_SYS, 1, PTE_W }, { 0, DP_COMMON, 1, PTE_W },
		{ DP_SHARED, DP_COMMON, 513, PTE_W },
		{ 0, IX_TEXT, 1, PTE_W },
		{ DP_SHARED, IX_TEXT, 1, PTE_W | PTE_X },
		{ DP_SHARED, IX_TEXT, 0x100000, PTE_W },
		{ DP_SHARED, DP_TEXT, 1, PTE_W | PTE_X },
		{ DP_SHARED, IX_CORES_END, 1, PTE_W },
		{ 0, DP_REGS, 1, PTE_W }, { 0, UINFO, 1, PTE_W },
		{ 0, UVPT, 1, PTE_W }, { 0, KERNBASE, 1, PTE_W },
		{ 0, PHYSMAP, 1, PTE_W }, { 0, KENTRY, 1, PTE_W },
		{ 0, KCPU, 1, PTE_W }, { 0, 1ul << 47, 1, PTE_W },
		{ 0, ~0ul - PG2SIZE + 1, 1, PTE_W },
	};

	for (uint32_t i = 0; i < ARRAY_SIZE(bad); i++)
		check_eq(sys_dp_alloc(id, bad[i].core, bad[i].va, bad[i].n,
				      bad[i].perm), -E_INVAL);
	check_eq(sys_dp_alloc(id, 0, DP_SYS, 1, PTE_W), 0);
	check_eq(sys_dp_alloc(id, 0, DP_SYS, 1, PTE_W), -E_INVAL);
}

/* Copies to and from places that are not the dataplane's, or not ours. */
static void
bad_copies(uint32_t id)
{
	static const uint64_t bad[] = {
		0, DP_SYS - 4, DP_SYS_END - 4, DP_RXPOOL, DP_DATA, UINFO,
		UCOUNT, UVPT, KERNBASE, KERNBASE + 0x200000, PHYSMAP, KENTRY,
		KCPU,
		1ul << 47, ~0ul - 7,
	};
	static const uint64_t ours[] = { 0, KERNBASE, PHYSMAP, ~0ul - 7 };

	for (uint32_t i = 0; i < ARRAY_SIZE(bad); i++) {
		check_eq(sys_dp_write(id, 0, bad[i], buf, 8), -E_FAULT);
		check_eq(sys_dp_read(id, 0, bad[i], buf, 8), -E_FAULT);
	}
	for (uint32_t i = 0; i < ARRAY_SIZE(ours); i++) {
		void *p = (void *)ours[i];

		check_eq(sys_dp_write(id, 0, DP_SYS, p, 8), -E_FAULT);
		check_eq(sys_dp_read(id, 0, DP_SYS, p, 8), -E_FAULT);
		check_eq(sys_dp_inspect(id, p), -E_FAULT);
	}
	check_eq(sys_dp_write(id, 0, DP_SYS, buf, ~0ul), -E_FAULT);
	check_eq(sys_dp_read(id, 1, DP_SYS, buf, 8), -E_INVAL);
	check_eq(sys_dp_read(id, NCPU, DP_SYS, buf, 8), -E_INVAL);
	check_eq(sys_dp_read(id, 0, DP_SYS, buf, 8), 8);
}

static void
bad_queues(uint32_t id)
{
	int64_t other = sys_dp_create(1, 0);
	struct dp_info info;

	check_eq(sys_dp_bind_queue(id, 1, 0), -E_INVAL);
	check_eq(sys_dp_bind_queue(id, ~0u, 0), -E_INVAL);
	check_eq(sys_dp_bind_queue(id, 0, 8), -E_INVAL);
	check_eq(sys_dp_bind_queue(id, 0, ~0u), -E_INVAL);
	check_eq(sys_dp_flows(id, 0, 1, 0), -E_INVAL);
	check(sys_dp_bind_queue(id, 0, 3) >= 0);
	check_eq(sys_dp_bind_queue(id, 0, 4), -E_INVAL);
	check_eq(sys_dp_flows(id, 0, 129, 0), -E_INVAL);
	check_eq(sys_dp_flows(id, 128, 1, 0), -E_INVAL);
	check_eq(sys_dp_flows(id, ~0u, 2, 0), -E_INVAL);
	check_eq(sys_dp_flows(id, 1, ~0u, 0), -E_INVAL);
	check_eq(sys_dp_flows(id, 0, 1, 1), -E_INVAL);
	/* None of them has moved a part of what it named. */
	check_eq(sys_dp_inspect(id, &info), 0);
	check_eq(info.core[0].groups, 0);
	check_eq(sys_dp_flows(id, 5, 2, 0), 0);
	check_eq(sys_dp_inspect(id, &info), 0);
	check_eq(info.core[0].groups, 2);
	check(other >= 0);
	check_eq(sys_dp_bind_core(other, 1), -E_BUSY);
	check_eq(sys_dp_start(other), -E_INVAL);
	check_eq(sys_dp_stop(other), 0);
}

/* Images that cannot be; then one that begins with zeros, and dies of it. */
static void
bad_images(uint32_t id)
{
	struct dp_image image = { 0, DP_TEXT + 64, DP_TEXT + 64 };

	check_eq(sys_dp_start(id), -E_NOT_EXEC);
	check_eq(sys_dp_alloc(id, DP_SHARED, DP_TEXT, 1, PTE_X), 0);
	check_eq(sys_dp_start(id), -E_NOT_EXEC);
	image.magic = DP_IMAGE_MAGIC;
	for (int i = 0; i < 4; i++) {
		static const uint64_t at[] = { 0, DP_TEXT - 1,
			DP_TEXT + PG2SIZE, KERNBASE };
		struct dp_image wrong = image;

		*(i % 2 ? &wrong.start : &wrong.gate) = at[i];
		check_eq(sys_dp_write(id, 0, DP_TEXT, &wrong, sizeof(wrong)),
			 sizeof(wrong));
		check_eq(sys_dp_start(id), -E_NOT_EXEC);
	}
	sys_dp_write(id, 0, DP_TEXT, &image, sizeof(image));
	check_eq(sys_dp_start(id), -E_INVAL);	/* no common region */
	check_eq(sys_dp_alloc(id, DP_SHARED, DP_COMMON, 1, PTE_W), 0);
	check_eq(sys_dp_start(id), 0);
	check_eq(sys_dp_start(id), -E_BUSY);
	check_eq(sys_dp_alloc(id, DP_SHARED, IX_TEXT, 1, PTE_W), -E_BUSY);
	check_eq(sys_dp_bind_core(id, -1), -E_BUSY);
	check_eq(sys_dp_bind_queue(id, 0, 5), -E_BUSY);
	check_eq(sys_dp_event(id), DP_KILLED);
	check_eq(sys_dp_start(id), -E_BUSY);
}

int
main(int argc, char **argv)
{
	int64_t id;

	test_begin();
	no_rights();
	for (uint32_t i = 0; i < DP_MAX; i++)
		all_refused(i, -E_NOT_FOUND);
	all_refused(DP_MAX, -E_NOT_FOUND);
	all_refused(~0u, -E_NOT_FOUND);
	check_eq(sys_dp_create(uinfo->nnic, 0), -E_NO_DEV);
	check_eq(sys_dp_create(0x7fffffff, 0), -E_NO_DEV);
	id = sys_dp_create(1, 0);
	check(id >= 0);
	check_eq(sys_dp_bind_core(id, 0), -E_BUSY);
	check_eq(sys_dp_bind_core(id, uinfo->ncpu), -E_BUSY);
	check_eq(sys_dp_bind_core(id, 0x7fffffff), -E_BUSY);
	check_eq(sys_dp_bind_core(id, -1), 0);
	check_eq(sys_dp_bind_core(id, -1), -E_BUSY);
	check_eq(sys_dp_bind_queue(id, 0, 0), -E_INVAL);	/* no rings */
	bad_memory(id);
	bad_copies(id);
	bad_queues(id);
	bad_images(id);
	check_eq(sys_dp_stop(id), 0);
	all_refused(id, -E_NOT_FOUND);
	test_done();
}
