/*
 * dpqueue.c: NIC queue pairs of dataplane cores. The rings lie in the core's
 * private memory at fixed addresses (inc/dp.h); the kernel tells the NIC
 * where, and maps the two pages of registers with the queue's tails.
 */
#include "kern/dp.h"
#include "kern/kernel.h"
#include "kern/nic.h"

/* The queue's interrupt, on the bound core, without the big lock. */
static void
queue_interrupt(void *arg)
{
	struct dp_core *k = arg;
	struct nic *nic = nic_get(k->dp->nic);

	nic->ops->irq_mask(nic, k->queue);
	k->wake = true;
}

void
dp_queue_arm(struct dp_core *k)
{
	struct nic *nic;

	if (k->queue < 0)
		return;
	nic = nic_get(k->dp->nic);
	nic->ops->irq_arm(nic, k->queue);
}

static int
map_registers(struct dp *dp, struct dp_core *k, struct nic *nic)
{
	const uint64_t perm = PTE_W | PTE_NX | PTE_PCD | PTE_PWT;
	struct nic_queue_regs regs;
	int r;

	nic_queue_regs(nic, k->queue, &regs);
	r = dp_map_page(dp, k, DP_REGS, regs.rx_page, perm);
	if (r == 0)
		r = dp_map_page(dp, k, DP_REGS_TX, regs.tx_page, perm);
	return r;
}

int
dp_queue_bind(struct dp *dp, struct dp_core *k, uint32_t queue)
{
	struct nic *nic = dp->nic < 0 ? NULL : nic_get(dp->nic);
	char *rx, *tx;
	size_t left;
	int r;

	if (!nic)
		return -E_NO_DEV;
	rx = dp_mem_kva(k, DP_RX_RING, &left);
	tx = dp_mem_kva(k, DP_TX_RING, &left);
	if (!rx || !tx || k->queue >= 0)
		return -E_INVAL;
	r = nic_claim(nic, queue, NIC_OWNER_DP + dp->id);
	if (r < 0)
		return r;
	k->queue = k->info.queue = queue;
	r = nic_start_queue(nic, queue, kva2pa(rx), DP_RX_SLOTS, kva2pa(tx),
			    DP_TX_SLOTS);
	if (r == 0)
		r = map_registers(dp, k, nic);
	if (r == 0)
		r = nic_irq_bind(nic, queue, queue_interrupt, k, k->cpu);
	if (r < 0)
		dp_queue_unbind(k);
	return r;
}

void
dp_queue_unbind(struct dp_core *k)
{
	struct nic *nic;

	if (k->queue < 0)
		return;
	nic = nic_get(k->dp->nic);
	for (uint32_t i = 0; i < nic->ops->nreta; i++)
		if (nic->reta[i] == k->queue)
			nic_rss_set(nic, i, 0);
	nic_irq_unbind(nic, k->queue);
	if (nic_stop_queue(nic, k->queue) == 0) {
		nic_release(nic, k->queue);
	} else {
		cprintf("%s: queue %d does not stop: it and its dataplane's "
			"memory stay out of use\n", nic->name, k->queue);
		k->dp->dma_stuck = true;
	}
	k->queue = -1;
}

uint32_t
dp_queue_groups(const struct dp_core *k)
{
	const struct nic *nic = k->queue < 0 ? NULL : nic_get(k->dp->nic);
	uint32_t n = 0;

	for (uint32_t i = 0; nic && i < nic->ops->nreta; i++)
		n += nic->reta[i] == k->queue;
	return n;
}
