/*
 * netcall.c: the in-kernel driver of lab-6: queue 0 of NIC 0 behind the
 * system calls net_transmit and net_receive. The rings and the DMA buffers
 * are kernel memory, taken once at boot; a frame is copied between them and
 * the caller's page. Called under the big kernel lock.
 *
 * Receive buffer n always belongs to receive slot n, transmit buffer n to
 * transmit slot n (a frame is one descriptor), so neither needs a free list.
 */
#include "inc/ring_nic.h"
#include "kern/syscall.h"
#include "inc/x86.h"
#include "kern/cpu.h"
#include "kern/env.h"
#include "kern/exact.h"
#include "kern/kernel.h"
#include "kern/nic.h"
#include "kern/pmap.h"
#include "kern/time.h"
#include "kern/trace.h"

#define NET_SLOTS	256	/* of each ring */
#define NET_REFILL	32	/* buffers returned per receive doorbell */
#define NET_WAITERS	4	/* environments blocked in net_receive */
#define NET_LINK_S	5	/* how long the link may take after boot */

/* The memory shared with the NIC: one 2 MB page. */
struct net_dma {
	struct ring_desc rx[NET_SLOTS];
	struct ring_desc tx[NET_SLOTS];
	uint8_t rx_buf[NET_SLOTS][RING_RX_BUFFER];
	uint8_t tx_buf[NET_SLOTS][RING_RX_BUFFER];
};
_Static_assert(sizeof(struct net_dma) <= PG2SIZE, "fits one 2 MB page");

static struct {
	struct nic *nic;		/* null: there is no in-kernel driver */
	struct net_dma *dma;
	struct ring_rx rx;
	struct ring_tx tx;
	uint64_t rx_cookies[NET_SLOTS];
	struct ring_tx_slot tx_slots[NET_SLOTS];
	bool held;			/* a frame waits in `frame` */
	struct ring_rx_frame frame;
	envid_t waiters[NET_WAITERS];	/* 0: free */
	uint64_t link_deadline;		/* TSC */
	uint64_t txhold;		/* refusals until sending is resumed */
} net;

/* Count for the CPU and for the environment that asked. */
#define NET_COUNT(e, field, n) \
	do { \
		(e)->count.field += (n); \
		this_cpu()->count->field += (n); \
	} while (0)

#define NET_COPIED(e, site, n) \
	do { \
		COUNT_COPY(&(e)->count, site, n); \
		COUNT_COPY(this_cpu()->count, site, n); \
	} while (0)

/* A frame has come: wake who waits; the next one to block arms it again. */
static void
net_irq(void *arg)
{
	struct env *e;
	int i;

	net.nic->ops->irq_mask(net.nic, 0);
	queues[QUEUE_RX_RING].looked = read_tsc();	/* it was empty */
	for (i = 0; i < NET_WAITERS; i++) {
		if (net.waiters[i] != 0 &&
		    env_lookup(net.waiters[i], &e, false) == 0 &&
		    e->status == ENV_NOT_RUNNABLE && e->wait == WAIT_NET)
			env_wake(e);
		net.waiters[i] = 0;
	}
}

/* Give the buffer of cookie `n` to the NIC (again). */
static void
net_post(uint64_t n)
{
	ring_rx_post(&net.rx, kva2pa(net.dma->rx_buf[n]), n);
}

static int
net_start(struct nic *nic)
{
	struct nic_queue_regs regs;
	struct page_info *pp = page_alloc_2m(ALLOC_ZERO);
	volatile uint8_t *base = (volatile uint8_t *)nic->regs;
	uint64_t n;
	int r;

	if (!pp)
		return -E_NO_MEM;
	net.dma = page2kva(pp);
	nic_queue_regs(nic, 0, &regs);
	ring_rx_init(&net.rx, nic->ops->kind, net.dma->rx, NET_SLOTS,
		     (volatile uint32_t *)(base + (regs.rx_page - nic->regs_pa)
					   + regs.rx_tail), net.rx_cookies);
	ring_tx_init(&net.tx, nic->ops->kind, net.dma->tx, NET_SLOTS,
		     (volatile uint32_t *)(base + (regs.tx_page - nic->regs_pa)
					   + regs.tx_tail), net.tx_slots);
	net.nic = nic;
	r = nic_irq_bind(nic, 0, net_irq, NULL, 0);
	if (r == 0)
		r = nic_start_queue(nic, 0, kva2pa(net.dma->rx), NET_SLOTS,
				    kva2pa(net.dma->tx), NET_SLOTS);
	if (r < 0) {
		nic_irq_unbind(nic, 0);
		net.nic = NULL;
		page_free(pp);
		return r;
	}
	for (n = 0; ring_rx_room(&net.rx) > 0; n++)
		net_post(n);
	ring_rx_doorbell(&net.rx);
	return 0;
}

void
netcall_init(void)
{
	struct nic *nic = nic_get(0);
	char mode[8];
	int r;

	if (!nic || (args_get("mode", mode, sizeof(mode)) &&
		     strcmp(mode, "ix") == 0))
		return;
	r = nic_claim(nic, 0, NIC_OWNER_KERNEL);
	if (r == 0)
		r = net_start(nic);
	if (r < 0) {
		cprintf("%s: no queue for system calls: %e\n", nic->name, r);
		return;
	}
	net.link_deadline = read_tsc() + NET_LINK_S * tsc_hz;
	net.txhold = args_number("nic.txhold", 0);
	if (net.txhold)
		nic->ops->tx_enable(nic, false);
}

/* May e use the frame calls of that NIC? 0, -E_PERM or -E_NO_DEV. */
static int
net_check(const struct env *e, uint32_t nic)
{
	if (e->type != ENV_TYPE_NET && e->type != ENV_TYPE_NS &&
	    e->type != ENV_TYPE_CONTROL)
		return -E_PERM;
	if (!net.nic || nic != (uint32_t)net.nic->index)
		return -E_NO_DEV;
	return 0;
}

/*
 * The frame cannot be sent now: -E_FAULT if it never could, -E_IO if the link
 * does not come, else -E_AGAIN. The boot argument nic.txhold=N keeps the NIC
 * from sending until N frames were refused for a full ring: a test of that.
 */
static int64_t
net_refuse(struct env *e, const void *buf, size_t len)
{
	int r = user_mem_check(e, buf, len, PTE_U);

	if (r < 0)
		return r;
	if (ring_tx_room(&net.tx) > 1)
		return read_tsc() < net.link_deadline ? -E_AGAIN : -E_IO;
	NET_COUNT(e, tx_full, 1);
	if (net.txhold && --net.txhold == 0)
		net.nic->ops->tx_enable(net.nic, true);
	return -E_AGAIN;
}

/*
 * What the NIC shall compute for a frame: the upper byte of net_transmit's
 * first argument. 0, or -E_NOT_SUPP if it cannot.
 */
static int
net_offload(uint32_t flags, struct ring_tx_offload *off)
{
	if (flags & ~(RING_TX_IP_CSUM | RING_TX_TCP_CSUM | RING_TX_UDP_CSUM))
		return -E_INVAL;
	if (flags != 0 && net.tx.kind != RING_ADV)
		return -E_NOT_SUPP;
	*off = (struct ring_tx_offload){
		.flags = flags, .l2len = 14, .l3len = 20,
	};
	return 0;
}

// @exercise net_transmit 5 'Transmit a frame'
int64_t
call_net_transmit(struct env *e, uint32_t nic, const void *buf, size_t len)
{
	struct ring_tx_offload off;
	struct ring_frag frag;
	uint64_t cookie;
	uint8_t *dma;
	int r = net_check(e, nic & 0xffffff);

	if (r < 0)
		return r;
	if (len < RING_FRAME_MIN || len > RING_FRAME_MAX)
		return -E_INVAL;
	r = net_offload(nic >> 24, &off);
	if (r < 0)
		return r;
	while (ring_tx_reclaim(&net.tx, &cookie))
		;
	/* An offload may take a descriptor of its own. */
	if (!nic_link(net.nic) ||
	    ring_tx_room(&net.tx) < (off.flags ? 2u : 1u))
		return net_refuse(e, buf, len);
	dma = net.dma->tx_buf[net.tx.fill & net.tx.mask];
	r = copy_from_user(dma, buf, len);
	if (r < 0)
		return r;
	NET_COPIED(e, page_to_dma, len);
	trace(TRACE_TX_COPIED, len, ring_tx_pending(&net.tx));
	frag.pa = kva2pa(dma);
	frag.len = len;
	/*
	 * The NIC pads by itself (TCTL.PSP), QEMU's do not; but padded here,
	 * QEMU would count the padding into a checksum's pseudo-header.
	 */
	if (len < RING_FRAME_PAD && !off.flags) {
		memset(dma + len, 0, RING_FRAME_PAD - len);
		frag.len = RING_FRAME_PAD;
	}
	r = ring_tx_put(&net.tx, &frag, 1, off.flags ? &off : NULL, 0);
	if (r < 0)
		return r;
	ring_tx_doorbell(&net.tx);
	trace(TRACE_TX_DOORBELL, frag.len, 0);
	NET_COUNT(e, doorbells, 1);
	NET_COUNT(e, tx_frames, 1);
	NET_COUNT(e, tx_bytes, len);
	return 0;
}
// @end

/* For the statistics: a look at the receive ring, from which n were taken. */
static void
net_looked(uint32_t n)
{
	struct queue *q = &queues[QUEUE_RX_RING];
	uint64_t now = this_cpu()->last_tsc;

	if (now >= q->second_ends)
		queue_turn(q, now, tsc_hz);
	if (n > 0)
		queue_looked(q, now, n, ring_rx_ready(&net.rx, q->depth > n ?
						      q->depth - n : 0));
	else
		q->looked = now;
}

/*
 * Have a frame in net.frame if there is one; bad ones are dropped here, with
 * NET_GOOD also those whose checksums the NIC found wrong.
 */
static bool
net_take(struct env *e, uint32_t flags)
{
	uint32_t bad = flags & NET_GOOD ? RING_RX_IP_BAD | RING_RX_L4_BAD : 0;
	enum ring_rx_result r;
	uint32_t n = 0;

	NET_COUNT(e, polls, 1);
	if (net.held)
		return true;
	while (!net.held) {
		r = ring_rx_harvest(&net.rx, &net.frame);
		if (r == RING_RX_EMPTY) {
			NET_COUNT(e, polls_empty, 1);
			break;
		}
		n++;
		if (r == RING_RX_FRAME && !(net.frame.flags & bad)) {
			net.held = true;
			trace(TRACE_RX_SEEN, net.frame.len, 0);
		} else {
			NET_COUNT(e, rx_malformed, 1);
			net_post(net.frame.cookie);
		}
	}
	net_looked(n);
	return net.held;
}

/*
 * Tell the NIC of the buffers posted. In exact runs QEMU lets the other CPUs
 * take their turns here, on the same clock: that is not this CPU's work.
 */
static void
net_rx_doorbell(struct env *e)
{
	uint64_t before = exact_kind() ? read_tsc() : 0;

	ring_rx_doorbell(&net.rx);
	NET_COUNT(e, doorbells, 1);
	if (before)
		this_cpu()->last_tsc += read_tsc() - before;
}

/* Copy the frame in net.frame out, padded, and return its buffer. */
static int64_t
net_deliver(struct env *e, void *buf, size_t size)
{
	uint8_t *dma = net.dma->rx_buf[net.frame.cookie];
	uint32_t len = net.frame.len;
	int r;

	if (len < RING_FRAME_PAD) {
		memset(dma + len, 0, RING_FRAME_PAD - len);
		len = RING_FRAME_PAD;
	}
	if (len > size)
		return -E_TOO_BIG;
	r = copy_to_user(buf, dma, len);
	if (r < 0)
		return r;
	trace(TRACE_RX_COPIED, len, 0);
	net.held = false;
	net_post(net.frame.cookie);
	if (ring_rx_unrung(&net.rx) >= NET_REFILL)
		net_rx_doorbell(e);
	NET_COPIED(e, dma_to_page, len);
	NET_COUNT(e, rx_frames, 1);
	NET_COUNT(e, rx_bytes, len);
	return len;
}

/*
 * Block e until the NIC's interrupt, unless a frame came meanwhile (then
 * true). What came before the acknowledgement is found in the ring; what
 * comes after it is remembered by the NIC and interrupts once armed.
 */
static bool
net_wait(struct env *e, uint32_t flags)
{
	int i;

	net.nic->ops->irq_ack(net.nic, 0);
	if (net_take(e, flags))
		return true;
	for (i = 0; i < NET_WAITERS; i++)
		if (net.waiters[i] == 0)
			break;
	if (i == NET_WAITERS)
		return false;
	net.waiters[i] = e->id;
	net.nic->ops->irq_arm(net.nic, 0);
	env_set_result(e, -E_AGAIN);
	env_block(e, WAIT_NET);
	return false;
}

// @exercise net_receive 5 'Receive a frame'
int64_t
call_net_receive(struct env *e, uint32_t nic, void *buf, size_t len,
		uint32_t flags)
{
	int r = net_check(e, nic);

	if (r < 0)
		return r;
	if (len < RING_FRAME_PAD || len > PG2SIZE ||
	    (flags & ~(NET_BLOCK | NET_GOOD)))
		return -E_INVAL;
	if (net_take(e, flags))
		return net_deliver(e, buf, len);
	/* With a frame at hand the copy would find a bad pointer. */
	r = user_mem_check(e, buf, MIN(len, (size_t)RING_FRAME_MAX),
			   PTE_U | PTE_W);
	if (r < 0)
		return r;
	if ((flags & NET_BLOCK) && net_wait(e, flags))
		return net_deliver(e, buf, len);
	return -E_AGAIN;
}
// @end
