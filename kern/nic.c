/*
 * nic.c: what is the same for all NICs: finding them at boot, who has which
 * queue pair, starting and stopping queues, interrupt handlers, link state
 * and statistics. See nic.h for the contracts.
 */
#include "kern/kernel.h"
#include "kern/nic.h"
#include "kern/pmap.h"

struct nic nics[NIC_MAX];
int nnics;

static const struct nic_ops *const nic_drivers[] = { &igb_ops, &e1000_ops };

/* An INTx line, possibly shared, and the vector that it raises. */
struct nic_line {
	int gsi;
	int vector;
	int cpu;
};
static struct nic_line nic_lines[NIC_MAX];
static int nic_nlines;

struct nic *
nic_get(uint32_t index)
{
	return index < (uint32_t)nnics ? &nics[index] : NULL;
}

void
nic_link_changed(struct nic *nic)
{
	nic->link = nic->ops->link_up(nic);
	uinfo->nic[nic->index].link = nic->link;
}

bool
nic_link(struct nic *nic)
{
	if (unlikely(!nic->link))
		nic_link_changed(nic);
	return nic->link;
}

static void
nic_print_one(const struct nic *nic)
{
	const uint8_t *m = nic->mac;

	cprintf("%s: %s at %02x:%02x.%u, %02x:%02x:%02x:%02x:%02x:%02x, "
		"%u queue%s, link %s\n",
		nic->name, nic->ops->model, nic->pci->bus, nic->pci->slot,
		nic->pci->func, m[0], m[1], m[2], m[3], m[4], m[5],
		nic->ops->nqueues, nic->ops->nqueues == 1 ? "" : "s",
		nic->link ? "up" : "starting");
}

/* Start the device d with its driver; fill in the next entry of nics[]. */
static int
nic_attach(struct pci_dev *d, const struct nic_ops *ops)
{
	struct nic *nic = &nics[nnics];
	size_t n = strlen(ops->prefix);
	struct uinfo_nic *u;
	int r;

	*nic = (struct nic){ .ops = ops, .pci = d, .index = nnics, .gsi = -1 };
	/* A prefix that ends in a digit keeps its distance: "e1000.1". */
	snprintf(nic->name, sizeof(nic->name), "%s%s%d", ops->prefix,
		 ops->prefix[n - 1] <= '9' ? "." : "", nnics);
	r = pci_attach(d);
	if (r < 0)
		return r;
	if (d->bar[0].size < ops->regs_size)
		return -E_IO;
	nic->regs_pa = d->bar[0].pa;
	nic->regs = mmio_map(nic->regs_pa, ops->regs_size);
	if (!nic->regs)
		return -E_NO_MEM;
	r = ops->attach(nic);
	if (r < 0)
		return r;

	u = &uinfo->nic[nnics++];
	uinfo->nnic = nnics;
	strlcpy(u->name, nic->name, sizeof(u->name));
	memcpy(u->mac, nic->mac, sizeof(u->mac));
	u->queues = ops->nqueues;
	u->csum = ops->kind == RING_ADV;
	u->pci_bdf = (uint32_t)d->bus << 8 | d->slot << 3 | d->func;
	nic_link(nic);
	nic_print_one(nic);
	return 0;
}

void
nic_init(void)
{
	struct pci_dev *d;
	size_t k;
	int i, r;

	pci_init();
	for (i = 0; (d = pci_device(i)) != NULL && nnics < NIC_MAX; i++) {
		for (k = 0; k < ARRAY_SIZE(nic_drivers); k++) {
			if (d->vendor != nic_drivers[k]->vendor ||
			    d->device != nic_drivers[k]->device)
				continue;
			r = nic_attach(d, nic_drivers[k]);
			if (r < 0)
				cprintf("%s at %02x:%02x.%u: %e\n",
					nic_drivers[k]->model, d->bus,
					d->slot, d->func, r);
		}
	}
	netcall_init();
}

int
nic_claim(struct nic *nic, uint32_t q, uint32_t owner)
{
	if (q >= nic->ops->nqueues)
		return -E_INVAL;
	if (nic->owner[q] != NIC_OWNER_NONE)
		return -E_BUSY;
	nic->owner[q] = owner;
	return 0;
}

void
nic_release(struct nic *nic, uint32_t q)
{
	assert(q < nic->ops->nqueues);
	assert(!((nic->enabled[NIC_RX] | nic->enabled[NIC_TX]) & 1u << q));
	nic->owner[q] = NIC_OWNER_NONE;
}

static int
nic_start_ring(struct nic *nic, uint32_t q, enum nic_dir dir, physaddr_t pa,
	       uint32_t slots)
{
	int r;

	nic->ops->queue_setup(nic, q, dir, pa, slots);
	r = nic->ops->queue_enable(nic, q, dir);
	if (r == 0)
		nic->enabled[dir] |= 1u << q;
	return r;
}

int
nic_start_queue(struct nic *nic, uint32_t q, physaddr_t rx_ring,
		uint32_t rx_slots, physaddr_t tx_ring, uint32_t tx_slots)
{
	int r;

	if (q >= nic->ops->nqueues || !ring_slots_ok(rx_slots) ||
	    !ring_slots_ok(tx_slots) || rx_ring % 128 || tx_ring % 128)
		return -E_INVAL;
	if ((nic->enabled[NIC_RX] | nic->enabled[NIC_TX]) & 1u << q)
		return -E_BUSY;
	r = nic_start_ring(nic, q, NIC_TX, tx_ring, tx_slots);
	if (r == 0)
		r = nic_start_ring(nic, q, NIC_RX, rx_ring, rx_slots);
	if (r < 0)
		nic_stop_queue(nic, q);
	return r;
}

int
nic_stop_queue(struct nic *nic, uint32_t q)
{
	int dir, r, worst = 0;

	nic->ops->irq_mask(nic, q);
	for (dir = NIC_RX; dir <= NIC_TX; dir++) {
		if (!(nic->enabled[dir] & 1u << q))
			continue;
		nic->enabled[dir] &= ~(1u << q);
		r = nic->ops->queue_disable(nic, q, dir);
		if (r < 0)
			worst = r;
	}
	return worst;
}

int
nic_rss_set(struct nic *nic, uint32_t entry, uint32_t q)
{
	if (entry >= nic->ops->nreta || q >= nic->ops->nqueues)
		return -E_INVAL;
	nic->ops->rss_set(nic, entry, q);
	nic->reta[entry] = q;
	return 0;
}

/* An INTx line was raised: ask everybody who is on it. */
static void
nic_line_irq(void *arg)
{
	struct nic_line *line = arg;
	int i;

	for (i = 0; i < nnics; i++) {
		if (nics[i].gsi != line->gsi)
			continue;
		if (nics[i].handler[0])
			nics[i].handler[0](nics[i].handler_arg[0]);
		else
			nics[i].ops->irq_mask(&nics[i], 0);
	}
}

/* The line of that GSI, made if there is none yet; null without a vector. */
static struct nic_line *
nic_line_get(int gsi)
{
	struct nic_line *line;
	int i;

	for (i = 0; i < nic_nlines; i++)
		if (nic_lines[i].gsi == gsi)
			return &nic_lines[i];
	line = &nic_lines[nic_nlines];
	line->gsi = gsi;
	line->cpu = -1;
	line->vector = irq_alloc(nic_line_irq, line);
	if (line->vector < 0)
		return NULL;
	nic_nlines++;
	return line;
}

/* Route the NIC's INTx line to `cpu`, or join those that have it there. */
static int
nic_line_bind(struct nic *nic, int cpu)
{
	struct nic_line *line = nic_line_get(nic->gsi);
	int r;

	if (!line || (line->cpu >= 0 && line->cpu != cpu))
		return -E_BUSY;
	if (line->cpu == cpu)
		return 0;
	r = irq_route_gsi(nic->gsi, line->vector, cpu, true, true);
	if (r < 0)
		return r;
	irq_mask_gsi(nic->gsi, false);
	line->cpu = cpu;
	return 0;
}

/* Is nobody left on line i? */
static bool
nic_line_unused(int i)
{
	int k;

	for (k = 0; k < nnics; k++)
		if (nics[k].gsi == nic_lines[i].gsi && nics[k].handler[0])
			return false;
	return true;
}

static void
nic_line_unbind(struct nic *nic)
{
	int i;

	for (i = 0; i < nic_nlines; i++) {
		if (nic_lines[i].gsi != nic->gsi || !nic_line_unused(i))
			continue;
		irq_mask_gsi(nic->gsi, true);
		nic_lines[i].cpu = -1;
	}
}

int
nic_irq_bind(struct nic *nic, uint32_t q, irq_handler fn, void *arg, int cpu)
{
	int r;

	if (q >= nic->ops->nqueues)
		return -E_INVAL;
	nic_irq_unbind(nic, q);
	if (nic->ops->irq_route) {
		nic->vector[q] = irq_alloc(fn, arg);
		if (nic->vector[q] < 0)
			return nic->vector[q];
		r = nic->ops->irq_route(nic, q, nic->vector[q], cpu);
		if (r < 0)
			irq_free(nic->vector[q]);
	} else {
		r = nic_line_bind(nic, cpu);
	}
	if (r < 0)
		return r;
	nic->handler[q] = fn;
	nic->handler_arg[q] = arg;
	return 0;
}

void
nic_irq_unbind(struct nic *nic, uint32_t q)
{
	nic->ops->irq_mask(nic, q);
	if (!nic->handler[q])
		return;
	nic->handler[q] = NULL;
	if (nic->ops->irq_route)
		irq_free(nic->vector[q]);
	else
		nic_line_unbind(nic);
}

void
nic_queue_regs(const struct nic *nic, uint32_t q, struct nic_queue_regs *out)
{
	uint32_t rx, tx;

	nic->ops->tails(q, &rx, &tx);
	out->rx_page = nic->regs_pa + ROUNDDOWN(rx, PGSIZE);
	out->rx_tail = rx % PGSIZE;
	out->tx_page = nic->regs_pa + ROUNDDOWN(tx, PGSIZE);
	out->tx_tail = tx % PGSIZE;
}

const struct nic_stats *
nic_stats(struct nic *nic)
{
	nic->ops->stats_read(nic, &nic->stats);
	return &nic->stats;
}

void
nic_print(void)
{
	const struct nic_stats *s;
	int i, q;

	for (i = 0; i < nnics; i++) {
		nic_link_changed(&nics[i]);
		nic_print_one(&nics[i]);
		s = nic_stats(&nics[i]);
		cprintf("  received %lu frames, %lu bytes; sent %lu frames, "
			"%lu bytes; missed %lu, no buffer %lu, bad CRC %lu\n",
			s->rx_frames, s->rx_bytes, s->tx_frames, s->tx_bytes,
			s->rx_missed, s->rx_no_buffer, s->rx_crc_errors);
		for (q = 0; q < nics[i].ops->nqueues; q++)
			if (nics[i].owner[q] == NIC_OWNER_KERNEL)
				cprintf("  queue %d: the kernel\n", q);
			else if (nics[i].owner[q] != NIC_OWNER_NONE)
				cprintf("  queue %d: dataplane %u\n", q,
					nics[i].owner[q] - NIC_OWNER_DP);
	}
}
