/*
 * dp.c: secure bindings: the control plane's system calls (inc/syscall.h,
 * dp_*), the record of who owns what, and revocation. Environments of type
 * ENV_TYPE_CONTROL only. Big kernel lock held throughout.
 */
#include "kern/dp.h"
#include "kern/exact.h"
#include "kern/kernel.h"
#include "kern/lapic.h"
#include "kern/nic.h"
#include "kern/syscall.h"
#include "kern/trace.h"

struct dp dps[DP_MAX];

static void
map_entry_page(uint64_t va)
{
	struct page_info *pp = page_alloc(ALLOC_ZERO);
	pte_t *pte = pt_walk(kern_pml4, va, true);

	if (!pp || !pte)
		panic("no memory for dataplane entry stacks");
	pp->refs = 1;
	*pte = page2pa(pp) | PTE_P | PTE_W | PTE_NX;
}

void
dp_init(void)
{
	extern uint64_t dp_kern_cr3;

	/* The word lies in text, which only this alias can write. */
	*(uint64_t *)pa2kva((uint64_t)&dp_kern_cr3 - KERNBASE) = kern_pml4_pa;
	for (int cpu = 0; cpu < ncpu; cpu++) {
		map_entry_page(KENTRY_IDT(cpu));
		for (int ist = 1; ist <= KENTRY_ISTS; ist++)
			map_entry_page(KENTRY_IST_TOP(cpu, ist) - PGSIZE);
		map_entry_page(KENTRY_TOP(cpu) - PGSIZE);
	}
}

static int
lookup(struct env *e, uint32_t id, struct dp **out)
{
	if (e->type != ENV_TYPE_CONTROL)
		return -E_PERM;
	if (id >= DP_MAX || dps[id].state == DP_FREE)
		return -E_NOT_FOUND;
	*out = &dps[id];
	return 0;
}

/* As lookup, for calls that need the dataplane not to run yet. */
static int
lookup_new(struct env *e, uint32_t id, struct dp **out)
{
	int r = lookup(e, id, out);

	if (r == 0 && (*out)->state != DP_NEW)
		r = -E_BUSY;
	return r;
}

/* --- Revocation ----------------------------------------------------------- */

/* Take all cores back: those not yet taken over lose the promise. */
static void
take_cores(struct dp *dp)
{
	for (int i = 0; i < dp->ncores; i++) {
		struct dp_core *k = &dp->core[i];

		if (k->state == DP_CORE_BOUND) {
			if (cpus[k->cpu].dp == k)
				cpus[k->cpu].dp = NULL;
			k->state = DP_CORE_OUT;
			k->info.reason = DP_LEFT_REVOKED;
		} else if (k->state == DP_CORE_RUNNING) {
			k->request = DP_REQ_LEAVE;
			lapic_ipi(k->cpu, T_IPI_DP);
		}
	}
	for (int i = 0; i < dp->ncores; i++)
		while (__atomic_load_n(&dp->core[i].state, __ATOMIC_ACQUIRE) ==
		       DP_CORE_RUNNING)
			cpu_pause();
}

static void
wake_waiter(struct dp *dp)
{
	struct env *e = dp->waiter;

	dp->waiter = NULL;
	if (!e || e->wait != WAIT_DP)
		return;
	env_set_result(e, dp->state);
	env_wake(e);
}

/* Everything back: cores, flows, queues, memory. */
static void
revoke(struct dp *dp)
{
	take_cores(dp);
	for (int i = 0; i < dp->ncores; i++)
		dp_queue_unbind(&dp->core[i]);
	export_lock();
	dp_mem_free(dp);
	dp->ncores = 0;
	dp->state = DP_FREE;
	export_unlock();
	wake_waiter(dp);
}

/* Has the dataplane ended? A core that died takes the others with it. */
static void
check_end(struct dp *dp)
{
	int out = 0;
	bool died = false;

	for (int i = 0; i < dp->ncores; i++) {
		struct dp_core *k = &dp->core[i];

		if (__atomic_load_n(&k->state, __ATOMIC_ACQUIRE) !=
		    DP_CORE_OUT)
			continue;
		out++;
		died |= k->info.reason != DP_LEFT_EXIT;
	}
	if (died)
		take_cores(dp);
	if (!died && out < dp->ncores)
		return;
	for (int i = 0; i < dp->ncores; i++)
		dp_queue_unbind(&dp->core[i]);
	dp->state = died ? DP_KILLED : DP_EXITED;
	wake_waiter(dp);
}

static void
answer_requests(struct dp *dp)
{
	for (int i = 0; i < dp->ncores; i++) {
		struct dp_core *k = &dp->core[i];
		uint32_t n;

		n = __atomic_exchange_n(&k->ask_pages, 0, __ATOMIC_ACQUIRE);
		if (n)
			__atomic_store_n(&k->answer, dp_heap_grow(dp, n),
					 __ATOMIC_RELEASE);
	}
}

void
dp_ipi(void)
{
	for (int i = 0; i < DP_MAX; i++) {
		if (dps[i].state != DP_RUNNING)
			continue;
		answer_requests(&dps[i]);
		check_end(&dps[i]);
	}
}

void
dp_env_gone(struct env *e)
{
	for (int i = 0; i < DP_MAX; i++) {
		if (dps[i].state == DP_FREE)
			continue;
		if (dps[i].waiter == e)
			dps[i].waiter = NULL;
		if (dps[i].owner == e->id)
			revoke(&dps[i]);
	}
}

/* --- System calls --------------------------------------------------------- */

int64_t
call_dp_create(struct env *e, int32_t nic, uint32_t bound_ms)
{
	if (e->type != ENV_TYPE_CONTROL)
		return -E_PERM;
	if (nic >= nnics)
		return -E_NO_DEV;
	for (int i = 0; i < DP_MAX; i++) {
		struct dp *dp = &dps[i];

		if (dp->state != DP_FREE)
			continue;
		memset(dp, 0, sizeof(*dp));
		dp->id = i;
		dp->state = DP_NEW;
		dp->owner = e->id;
		dp->nic = nic < 0 ? -1 : nic;
		dp->bound_ms = bound_ms;
		dp->heap_end = IX_HEAP;
		return i;
	}
	return -E_BUSY;
}

/* May cpu be given away? CPU 0 stays with the environments. */
static bool
cpu_available(int32_t cpu)
{
	if (cpu <= 0 || cpu >= ncpu || cpus[cpu].dp)
		return false;
	for (int i = 0; i < DP_MAX; i++)
		for (int c = 0; c < dps[i].ncores; c++)
			if (dps[i].state == DP_NEW &&
			    dps[i].core[c].cpu == cpu)
				return false;
	return true;
}

int64_t
call_dp_bind_core(struct env *e, uint32_t id, int32_t cpu)
{
	struct dp_core *k;
	struct dp *dp;
	int r = lookup_new(e, id, &dp);

	if (r < 0)
		return r;
	for (int c = ncpu - 1; cpu < 0 && c > 0; c--)
		if (cpu_available(c))
			cpu = c;
	if (cpu < 0 || !cpu_available(cpu) || dp->ncores == NCPU)
		return -E_BUSY;
	k = &dp->core[dp->ncores];
	memset(k, 0, sizeof(*k));
	k->dp = dp;
	k->index = dp->ncores;
	k->cpu = k->info.cpu = cpu;
	k->queue = -1;
	r = dp_root_create(dp, k);
	if (r < 0)
		return r;
	k->state = k->info.state = DP_CORE_BOUND;
	return dp->ncores++;
}

int64_t
call_dp_alloc(struct env *e, uint32_t id, int32_t core, uint64_t va,
	      uint32_t n, uint32_t perm)
{
	struct dp *dp;
	int r = lookup_new(e, id, &dp);

	if (r < 0)
		return r;
	return dp_mem_alloc(dp, core, va, n, (perm & PTE_W) |
			    (perm & PTE_X));
}

/* Copy between the control plane and dataplane memory. */
static int64_t
mem_copy(struct dp *dp, int32_t core, uint64_t va, void *buf, size_t len,
	 bool write)
{
	size_t done = 0;

	if (core < 0)
		core = 0;
	if (core >= dp->ncores)
		return -E_INVAL;
	while (done < len) {
		size_t left;
		char *p = dp_mem_kva(&dp->core[core], va + done, &left);
		char *u = (char *)buf + done;
		int r;

		if (!p)
			return -E_FAULT;
		left = MIN(left, len - done);
		r = write ? copy_from_user(p, u, left) :
			    copy_to_user(u, p, left);
		if (r < 0)
			return r;
		done += left;
	}
	return (int64_t)done;
}

int64_t
call_dp_write(struct env *e, uint32_t id, int32_t core, uint64_t va,
	      const void *buf, size_t len)
{
	struct dp *dp;
	int r = lookup(e, id, &dp);

	if (r < 0)
		return r;
	return mem_copy(dp, core, va, (void *)buf, len, true);
}

int64_t
call_dp_read(struct env *e, uint32_t id, int32_t core, uint64_t va, void *buf,
	     size_t len)
{
	struct dp *dp;
	int r = lookup(e, id, &dp);

	if (r < 0)
		return r;
	return mem_copy(dp, core, va, buf, len, false);
}

int64_t
call_dp_bind_queue(struct env *e, uint32_t id, uint32_t core, uint32_t queue)
{
	struct dp *dp;
	int r = lookup_new(e, id, &dp);

	if (r < 0)
		return r;
	if (core >= (uint32_t)dp->ncores)
		return -E_INVAL;
	r = dp_queue_bind(dp, &dp->core[core], queue);
	if (r == 0) {
		const struct nic *nic = nic_get(dp->nic);
		struct nic_queue_regs regs;

		nic_queue_regs(nic, queue, &regs);
		return (int64_t)regs.tx_tail << 32 | regs.rx_tail << 8 |
		       nic->ops->kind;
	}
	return r;
}

// @exercise reta 5 'Hand flow groups to queues'
int64_t
call_dp_flows(struct env *e, uint32_t id, uint32_t first, uint32_t count,
	      uint32_t core)
{
	struct nic *nic;
	struct dp *dp;
	int r = lookup(e, id, &dp);

	if (r < 0)
		return r;
	if (core >= (uint32_t)dp->ncores || dp->core[core].queue < 0)
		return -E_INVAL;
	nic = nic_get(dp->nic);
	if (first > nic->ops->nreta || count > nic->ops->nreta - first)
		return -E_INVAL;
	for (uint32_t i = 0; i < count && r == 0; i++)
		r = nic_rss_set(nic, first + i, dp->core[core].queue);
	return r;
}
// @end

int64_t
call_dp_start(struct env *e, uint32_t id)
{
	const struct dp_image *image;
	struct dp *dp;
	size_t left;
	int r = lookup_new(e, id, &dp);

	if (r < 0)
		return r;
	if (dp->ncores == 0)
		return -E_INVAL;
	image = dp_mem_kva(&dp->core[0], DP_TEXT, &left);
	if (!image || image->magic != DP_IMAGE_MAGIC ||
	    image->start - DP_TEXT >= left || image->gate - DP_TEXT >= left)
		return -E_NOT_EXEC;
	dp->gate_rip = image->gate;
	for (int i = 0; i < dp->ncores; i++) {
		struct dp_core *k = &dp->core[i];

		k->start_rip = image->start;
		if (!dp_mem_kva(k, DP_COMMON, &left) ||
		    !dp_mem_kva(k, DP_SYS, &left))
			return -E_INVAL;
		k->stats = (void *)(dp_stats_pages + k->cpu * PGSIZE);
		memset((void *)k->stats, 0, PGSIZE);
		r = dp_map_page(dp, k, DP_STATS, kva2pa((void *)k->stats),
				PTE_W | PTE_NX);
		if (r < 0)
			return r;
		dp_gates_init(k);
	}
	exact_short_turns();
	dp->state = DP_RUNNING;
	for (int i = 0; i < dp->ncores; i++) {
		cpus[dp->core[i].cpu].dp = &dp->core[i];
		lapic_ipi(dp->core[i].cpu, T_IPI_DP);
	}
	return 0;
}

int64_t
call_dp_stop(struct env *e, uint32_t id)
{
	struct dp *dp;
	int r = lookup(e, id, &dp);

	if (r < 0)
		return r;
	if (dp->state == DP_RUNNING && dp->owner != e->id) {
		/* Its owner learns of it and frees what is left. */
		take_cores(dp);
		check_end(dp);
		return 0;
	}
	revoke(dp);
	return 0;
}

int64_t
call_dp_inspect(struct env *e, uint32_t id, struct dp_info *out)
{
	struct dp_info info;
	struct dp *dp;
	int r = lookup(e, id, &dp);

	if (r < 0)
		return r;
	memset(&info, 0, sizeof(info));
	if (dp->nic >= 0)
		nic_link(nic_get(dp->nic));	/* keeps uinfo */
	info.id = dp->id;
	info.state = dp->state;
	info.nic = dp->nic;
	info.ncores = dp->ncores;
	info.pages_2m = dp->npages;
	info.tables = dp->ntables;
	info.owner = dp->owner;
	for (int i = 0; i < dp->ncores; i++) {
		info.core[i] = dp->core[i].info;
		info.core[i].groups = dp_queue_groups(&dp->core[i]);
	}
	return copy_to_user(out, &info, sizeof(info));
}

int64_t
call_dp_event(struct env *e, uint32_t id)
{
	struct dp *dp;
	int r = lookup(e, id, &dp);

	if (r < 0)
		return r;
	if (dp->state != DP_RUNNING)
		return dp->state;
	if (dp->waiter)
		return -E_BUSY;
	dp->waiter = e;
	env_block(e, WAIT_DP);
	return 0;
}
