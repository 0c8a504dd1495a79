/*
 * e1000.c: control of the Intel 82540EM. Section numbers are those of Intel's
 * "PCI/PCI-X Family of Gigabit Ethernet Controllers Software Developer's
 * Manual". Called through nic_ops only; see kern/nic.h for each contract.
 *
 * Two peculiarities shape this file. QEMU's model stays deaf for a second
 * after every write of RCTL, so it is written once, at boot, while the ring
 * is still empty, and queues are stopped without it. And the device has no
 * bit that disables a queue: a stopped one has its head equal to its tail and
 * the whole device's bus mastering off, which no DMA can pass.
 */
#include "inc/e1000.h"
#include "inc/x86.h"
#include "kern/kernel.h"
#include "kern/nic.h"
#include "kern/time.h"

#define E1000_RESET_US		1000	/* generous: 14.3 asks for 1 us */
#define E1000_QUIET_S		1	/* after a write of RCTL */
#define E1000_STOP_TRIES	1000	/* of 10 us */

/* Copper gap values that table 13-77 recommends for IEEE 802.3. */
#define E1000_TIPG_COPPER	(E1000_TIPG_IPGT(10) | E1000_TIPG_IPGR1(8) | \
				 E1000_TIPG_IPGR2(6))
/* Full-duplex values of 13.4.33. */
#define E1000_TCTL_FULL_DUPLEX	(E1000_TCTL_CT(0x0f) | E1000_TCTL_COLD(0x40))

static void
e1000_set_master(struct nic *nic, bool on)
{
	uint32_t command = pci_read(nic->pci, PCI_COMMAND) & 0xffff;

	if (on)
		command |= PCI_COMMAND_MASTER;
	else
		command &= ~PCI_COMMAND_MASTER;
	pci_write(nic->pci, PCI_COMMAND, command);
}

/* 14.3, general configuration: reset, and nothing may interrupt. */
static void
e1000_reset(struct nic *nic)
{
	uint32_t ctrl;

	nic_write(nic, E1000_IMC, ~0u);
	nic_write(nic, E1000_CTRL, nic_read(nic, E1000_CTRL) | E1000_CTRL_RST);
	udelay(E1000_RESET_US);
	nic_write(nic, E1000_IMC, ~0u);
	nic_read(nic, E1000_ICR);

	ctrl = nic_read(nic, E1000_CTRL);
	ctrl &= ~(E1000_CTRL_LRST | E1000_CTRL_PHY_RST | E1000_CTRL_ILOS |
		  E1000_CTRL_VME);
	nic_write(nic, E1000_CTRL, ctrl | E1000_CTRL_ASDE | E1000_CTRL_SLU);
}

static int
e1000_attach(struct nic *nic)
{
	uint32_t i, lo, hi;

	nic->gsi = pci_intx_gsi(nic->pci);
	if (nic->gsi < 0)
		return nic->gsi;
	e1000_reset(nic);

	/* 14.4, receive initialization: our own address, no groups. */
	lo = nic_read(nic, E1000_RAL0);
	hi = nic_read(nic, E1000_RAH0);
	for (i = 0; i < 4; i++)
		nic->mac[i] = lo >> 8 * i;
	nic->mac[4] = hi;
	nic->mac[5] = hi >> 8;
	nic_write(nic, E1000_RAH0, hi | E1000_RAH_AV);
	for (i = 0; i < E1000_MTA_WORDS; i++)
		nic_write(nic, E1000_MTA + 4 * i, 0);

	/* 14.5, transmit initialization. */
	nic_write(nic, E1000_TIPG, E1000_TIPG_COPPER);
	nic_write(nic, E1000_TCTL, E1000_TCTL_EN | E1000_TCTL_PSP |
				   E1000_TCTL_FULL_DUPLEX);

	/* 14.4 again: the receiver runs from here on, with an empty ring. */
	nic_write(nic, E1000_RCTL, E1000_RCTL_EN | E1000_RCTL_BAM |
				   E1000_RCTL_BSIZE_2048 | E1000_RCTL_SECRC);
	nic->ready_tsc = read_tsc() + E1000_QUIET_S * tsc_hz;
	return 0;
}

static bool
e1000_link_up(struct nic *nic)
{
	return (nic_read(nic, E1000_STATUS) & E1000_STATUS_LU) &&
	       read_tsc() >= nic->ready_tsc;
}

static void
e1000_queue_setup(struct nic *nic, uint32_t q, enum nic_dir dir,
		  physaddr_t ring_pa, uint32_t slots)
{
	uint32_t bytes = slots * sizeof(struct ring_desc);

	if (dir == NIC_RX) {
		nic_write(nic, E1000_RDBAL, (uint32_t)ring_pa);
		nic_write(nic, E1000_RDBAH, (uint32_t)(ring_pa >> 32));
		nic_write(nic, E1000_RDLEN, bytes);
		nic_write(nic, E1000_RDH, 0);
		nic_write(nic, E1000_RDT, 0);
	} else {
		nic_write(nic, E1000_TDBAL, (uint32_t)ring_pa);
		nic_write(nic, E1000_TDBAH, (uint32_t)(ring_pa >> 32));
		nic_write(nic, E1000_TDLEN, bytes);
		nic_write(nic, E1000_TDH, 0);
		nic_write(nic, E1000_TDT, 0);
	}
}

static int
e1000_queue_enable(struct nic *nic, uint32_t q, enum nic_dir dir)
{
	e1000_set_master(nic, true);
	return 0;
}

/*
 * Receive: move the tail to the head until the head stays there, which is an
 * empty ring. Transmit: what has been queued goes out first, if it can. When
 * both are stopped the device loses the bus, and only then may head and tail
 * be set to 0 one after the other.
 */
static int
e1000_queue_disable(struct nic *nic, uint32_t q, enum nic_dir dir)
{
	uint32_t head = dir == NIC_RX ? E1000_RDH : E1000_TDH;
	uint32_t tail = dir == NIC_RX ? E1000_RDT : E1000_TDT;
	enum nic_dir other = dir == NIC_RX ? NIC_TX : NIC_RX;
	int tries;

	for (tries = 0; tries < E1000_STOP_TRIES; tries++) {
		if (dir == NIC_RX)
			nic_write(nic, tail, nic_read(nic, head));
		if (nic_read(nic, head) == nic_read(nic, tail))
			break;
		udelay(10);
	}
	if (!nic->enabled[other]) {
		e1000_set_master(nic, false);
		nic_write(nic, E1000_RDH, 0);
		nic_write(nic, E1000_RDT, 0);
		nic_write(nic, E1000_TDH, 0);
		nic_write(nic, E1000_TDT, 0);
		return 0;
	}
	return tries < E1000_STOP_TRIES ? 0 : -E_TIMEOUT;
}

static void
e1000_irq_arm(struct nic *nic, uint32_t q)
{
	nic_write(nic, E1000_IMS, E1000_INT_RXT0);
}

static void
e1000_irq_mask(struct nic *nic, uint32_t q)
{
	nic_write(nic, E1000_IMC, E1000_INT_RXT0);
}

static void
e1000_irq_ack(struct nic *nic, uint32_t q)
{
	nic_read(nic, E1000_ICR);
}

/*
 * 13.7: reading clears; of a pair the low half is read first. The octet
 * counters are the total ones, because QEMU leaves the "good" ones at zero.
 */
static void
e1000_stats_read(struct nic *nic, struct nic_stats *s)
{
	s->rx_frames += nic_read(nic, E1000_GPRC);
	s->rx_bytes += nic_read(nic, E1000_TORL);
	s->rx_bytes += (uint64_t)nic_read(nic, E1000_TORH) << 32;
	s->tx_frames += nic_read(nic, E1000_GPTC);
	s->tx_bytes += nic_read(nic, E1000_TOTL);
	s->tx_bytes += (uint64_t)nic_read(nic, E1000_TOTH) << 32;
	s->rx_crc_errors += nic_read(nic, E1000_CRCERRS);
	s->rx_missed += nic_read(nic, E1000_MPC);
	s->rx_no_buffer += nic_read(nic, E1000_RNBC);
}

static void
e1000_tails(uint32_t q, uint32_t *rx_off, uint32_t *tx_off)
{
	*rx_off = E1000_RDT;
	*tx_off = E1000_TDT;
}

static void
e1000_tx_enable(struct nic *nic, bool on)
{
	uint32_t tctl = nic_read(nic, E1000_TCTL);

	nic_write(nic, E1000_TCTL, on ? tctl | E1000_TCTL_EN
				      : tctl & ~E1000_TCTL_EN);
	if (on)
		nic_write(nic, E1000_TDT, nic_read(nic, E1000_TDT));
}

const struct nic_ops e1000_ops = {
	.prefix = "e1000",
	.model = "82540EM",
	.vendor = E1000_VENDOR,
	.device = E1000_DEVICE_82540EM,
	.kind = RING_LEGACY,
	.nqueues = 1,
	.regs_size = 0x6000,
	.attach = e1000_attach,
	.link_up = e1000_link_up,
	.queue_setup = e1000_queue_setup,
	.queue_enable = e1000_queue_enable,
	.queue_disable = e1000_queue_disable,
	.irq_arm = e1000_irq_arm,
	.irq_mask = e1000_irq_mask,
	.irq_ack = e1000_irq_ack,
	.stats_read = e1000_stats_read,
	.tails = e1000_tails,
	.tx_enable = e1000_tx_enable,
};
