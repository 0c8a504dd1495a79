/*
 * nic.h: the control side of network interfaces: found and reset once at
 * boot, then queues are set up, handed out and taken back by queue registers
 * only. Frames do not pass through here: whoever owns a queue pair drives its
 * rings by inc/ring_nic.h (the lab-6 calls in kern/netcall.c, a dataplane's
 * libOS in ring 1).
 *
 * One struct nic_ops per kind of device (kern/e1000.c, kern/igb.c); an 82599
 * fits the same shape. All functions are called with the big kernel lock held,
 * or at boot before the other CPUs start, unless said otherwise.
 */
#ifndef JIX_KERN_NIC_H
#define JIX_KERN_NIC_H

#include "inc/ring.h"
#include "inc/types.h"
#include "inc/uinfo.h"
#include "kern/irq.h"
#include "kern/pci.h"

#define NIC_MAX		UINFO_NICS
#define NIC_QUEUES_MAX	8	/* queue pairs that JIX uses of a NIC */
#define NIC_RETA_MAX	128	/* flow groups of the largest table */

enum nic_dir {
	NIC_RX,
	NIC_TX,
};

struct nic_stats {
	uint64_t rx_frames, rx_bytes;
	uint64_t tx_frames, tx_bytes;
	uint64_t rx_crc_errors;
	uint64_t rx_missed;	/* no room in the NIC */
	uint64_t rx_no_buffer;	/* no descriptor */
};

/*
 * Where a queue pair's owner rings its doorbells: the physical pages that
 * hold the tail registers, and the registers' offsets in them. The pages hold
 * other queues' registers too (dataplanes are trusted with the device).
 */
struct nic_queue_regs {
	physaddr_t rx_page, tx_page;
	uint32_t rx_tail, tx_tail;
};

/* Who has a queue pair. Values from NIC_OWNER_DP on name dataplanes. */
#define NIC_OWNER_NONE		0
#define NIC_OWNER_KERNEL	1
#define NIC_OWNER_DP		2

struct nic;

struct nic_ops {
	const char *prefix;	/* of the interface's name: "igb" */
	const char *model;	/* "82576" */
	uint16_t vendor, device;
	enum ring_kind kind;	/* its descriptors */
	uint16_t nqueues;	/* queue pairs */
	uint16_t nreta;		/* flow groups, 0: no RSS */
	uint32_t regs_size;	/* bytes of BAR 0 that are used */

	/*
	 * Reset the device, set it up with every queue disabled and every
	 * interrupt masked, fill in nic->mac, start the link and return
	 * without waiting for it. Once, at boot. 0 or an error.
	 */
	int (*attach)(struct nic *nic);
	/* Is the link up and does the device receive? Reads registers. */
	bool (*link_up)(struct nic *nic);
	/*
	 * Tell queue q where its ring is: `slots` descriptors at ring_pa. The
	 * queue is disabled. Head and tail become 0.
	 */
	void (*queue_setup)(struct nic *nic, uint32_t q, enum nic_dir dir,
			    physaddr_t ring_pa, uint32_t slots);
	/*
	 * Enable or disable, and wait until the device says so: after a
	 * disable it no longer reads or writes the ring or its buffers. 0, or
	 * -E_TIMEOUT after 10 ms.
	 */
	int (*queue_enable)(struct nic *nic, uint32_t q, enum nic_dir dir);
	int (*queue_disable)(struct nic *nic, uint32_t q, enum nic_dir dir);
	/* Send flow group `entry` to queue q. */
	void (*rss_set)(struct nic *nic, uint32_t entry, uint32_t q);
	/*
	 * Message-signalled devices only (else null): send queue q's receive
	 * interrupt to `cpu` at `vector`. It stays masked. 0 or an error.
	 */
	int (*irq_route)(struct nic *nic, uint32_t q, int vector, int cpu);
	/*
	 * irq_arm: one interrupt as soon as a frame has arrived since the
	 * last irq_ack or interrupt, even if that was before arming.
	 * irq_mask: none until armed. irq_ack: forget what has arrived; look
	 * at the ring after it and before arming. In a handler: irq_mask
	 * first. These three may be called without the big lock by the core
	 * that has the queue (82576; the 82540EM has one line for all).
	 */
	void (*irq_arm)(struct nic *nic, uint32_t q);
	void (*irq_mask)(struct nic *nic, uint32_t q);
	void (*irq_ack)(struct nic *nic, uint32_t q);
	/* Add what the device has counted since the last call. */
	void (*stats_read)(struct nic *nic, struct nic_stats *s);
	/* Tail registers of queue q, as offsets into BAR 0. */
	void (*tails)(uint32_t q, uint32_t *rx_off, uint32_t *tx_off);
	/* Stop or resume sending on all queues; the rings stay. */
	void (*tx_enable)(struct nic *nic, bool on);
};

struct nic {
	char name[16];
	const struct nic_ops *ops;
	struct pci_dev *pci;
	volatile uint32_t *regs;	/* BAR 0, mapped */
	physaddr_t regs_pa;
	int index;			/* in nics[] and uinfo->nic[] */
	uint8_t mac[6];
	bool link;			/* as last seen */
	uint64_t ready_tsc;		/* the device receives from then on */
	uint32_t enabled[2];		/* queues enabled, by enum nic_dir */
	uint32_t owner[NIC_QUEUES_MAX];	/* NIC_OWNER_* per queue pair */
	uint8_t reta[NIC_RETA_MAX];	/* flow group to queue */
	struct nic_stats stats;
	int gsi;			/* INTx line, -1: MSI-X */
	irq_handler handler[NIC_QUEUES_MAX];	/* null: not bound */
	void *handler_arg[NIC_QUEUES_MAX];
	int vector[NIC_QUEUES_MAX];	/* MSI-X: of a bound queue */
};

extern struct nic nics[NIC_MAX];
extern int nnics;

static inline uint32_t
nic_read(const struct nic *nic, uint32_t reg)
{
	return nic->regs[reg / 4];
}

static inline void
nic_write(const struct nic *nic, uint32_t reg, uint32_t v)
{
	nic->regs[reg / 4] = v;
}

/*
 * Find the NICs on PCI, start them and their links, print a line for each,
 * fill in uinfo->nic[], and start the driver of the system calls. Once, on
 * CPU 0, when interrupts can be routed and tsc_hz is known. Does not wait for
 * a link.
 */
void nic_init(void);

/* The NIC of that number, or null. */
struct nic *nic_get(uint32_t index);

/* Is the link up? Looks at the device until it is; keeps uinfo. */
bool nic_link(struct nic *nic);
/* For drivers: the link may have changed. */
void nic_link_changed(struct nic *nic);

/*
 * Take queue pair q for `owner`, or give it back. nic_claim: 0, -E_INVAL (no
 * such queue), -E_BUSY (taken). nic_release: the queue pair must be stopped.
 */
int nic_claim(struct nic *nic, uint32_t q, uint32_t owner);
void nic_release(struct nic *nic, uint32_t q);

/*
 * Set up and enable both rings of a claimed pair: rx_slots and tx_slots
 * descriptors at the given physical addresses (128-byte aligned, contiguous,
 * zeroed). Buffers are posted by the owner afterwards. 0, -E_INVAL (ring
 * size or alignment), -E_TIMEOUT.
 */
int nic_start_queue(struct nic *nic, uint32_t q, physaddr_t rx_ring,
		    uint32_t rx_slots, physaddr_t tx_ring, uint32_t tx_slots);
/*
 * Mask its interrupt, disable both rings and wait until the device has let go
 * of their memory. No link reset. 0 or -E_TIMEOUT.
 */
int nic_stop_queue(struct nic *nic, uint32_t q);

/* Flow group to queue. 0, or -E_INVAL (no such entry or queue). */
int nic_rss_set(struct nic *nic, uint32_t entry, uint32_t q);

/*
 * Give queue q's receive interrupt a handler on `cpu`; masked until
 * ops->irq_arm. Replaces what was bound before. The handler calls
 * ops->irq_mask first, and may be called without cause when an INTx line is
 * shared. 0 or an error; -E_BUSY if the line already goes to another CPU.
 */
int nic_irq_bind(struct nic *nic, uint32_t q, irq_handler fn, void *arg,
		 int cpu);
void nic_irq_unbind(struct nic *nic, uint32_t q);

/* What a dataplane maps to ring its own doorbells. */
void nic_queue_regs(const struct nic *nic, uint32_t q,
		    struct nic_queue_regs *out);

/* The device's counters since boot. */
const struct nic_stats *nic_stats(struct nic *nic);

/* Print a line for each NIC and each queue in use; for the monitor. */
void nic_print(void);

extern const struct nic_ops e1000_ops, igb_ops;

/*
 * kern/netcall.c: the in-kernel driver of lab-6. Takes queue 0 of NIC 0 for
 * the system calls net_transmit and net_receive (inc/syscall.h), unless the
 * boot arguments say mode=ix. Called by nic_init.
 */
void netcall_init(void);

#endif
