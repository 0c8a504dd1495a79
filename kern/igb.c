/*
 * igb.c: control of the Intel 82576. Section numbers are those of the "Intel
 * 82576EB Gigabit Ethernet Controller Datasheet". Called through nic_ops
 * only; see kern/nic.h for each contract.
 *
 * Each of the queue pairs has its own registers, interrupt vector (vector n
 * for queue pair n) and, through the redirection table, its share of the
 * flows. The link needs autonegotiation to be started by hand, and then half
 * a second: boot goes on meanwhile.
 */
#include "inc/igb.h"
#include "inc/toeplitz.h"
#include "kern/kernel.h"
#include "kern/nic.h"
#include "kern/time.h"

#define IGB_RESET_US		1000
#define IGB_MDIC_TRIES		1000	/* of 10 us */
#define IGB_ENABLE_TRIES	1000	/* of 10 us */
#define IGB_VECTOR_OTHER	NIC_QUEUES_MAX	/* after the queues' own */

/* 4.5.4: no interrupts during initialization, whatever was left pending. */
static void
igb_mask_all(struct nic *nic)
{
	nic_write(nic, IGB_IMC, ~0u);
	nic_write(nic, IGB_EIMC, ~0u);
	nic_read(nic, IGB_ICR);
	nic_write(nic, IGB_EICR, ~0u);
}

/*
 * 4.5.7, link setup: the MAC follows the PHY, and the PHY (over MDIC)
 * negotiates. The link comes up later.
 */
static int
igb_start_link(struct nic *nic)
{
	uint32_t ctrl = nic_read(nic, IGB_CTRL), v;
	int tries;

	ctrl &= ~(IGB_CTRL_FRCSPD | IGB_CTRL_FRCDPX);
	nic_write(nic, IGB_CTRL, ctrl | IGB_CTRL_SLU);
	nic_write(nic, IGB_MDIC,
		  IGB_MDIC_OP_WRITE | IGB_MDIC_PHYADD(IGB_PHY_ADDRESS) |
		  IGB_MDIC_REGADD(IGB_PCTRL) |
		  IGB_MDIC_DATA(IGB_PCTRL_AN_ENABLE | IGB_PCTRL_RESTART_AN |
				IGB_PCTRL_SPEED_1000 | IGB_PCTRL_DUPLEX));
	for (tries = 0; tries < IGB_MDIC_TRIES; tries++) {
		v = nic_read(nic, IGB_MDIC);
		if (v & IGB_MDIC_READY)
			return v & IGB_MDIC_ERROR ? -E_IO : 0;
		udelay(10);
	}
	return -E_TIMEOUT;
}

/*
 * 7.1, receive-side scaling: hash TCP and UDP over IPv4 by addresses and
 * ports, other IPv4 by addresses. All flow groups start on queue 0. PCSD puts
 * the hash, not a packet checksum, into the descriptor.
 */
static void
igb_start_rss(struct nic *nic)
{
	static const uint8_t key[TOEPLITZ_KEY_LEN] = TOEPLITZ_DEFAULT_KEY;
	uint32_t i, word;

	for (i = 0; i < IGB_RSSRK_WORDS; i++) {
		word = key[4 * i] | (uint32_t)key[4 * i + 1] << 8 |
		       (uint32_t)key[4 * i + 2] << 16 |
		       (uint32_t)key[4 * i + 3] << 24;
		nic_write(nic, IGB_RSSRK(i), word);
	}
	for (i = 0; i < IGB_RETA_ENTRIES / 4; i++)
		nic_write(nic, IGB_RETA(i), 0);
	nic_write(nic, IGB_RXCSUM, IGB_RXCSUM_IPOFLD | IGB_RXCSUM_TUOFLD |
				   IGB_RXCSUM_PCSD);
	nic_write(nic, IGB_MRQC, IGB_MRQC_RSS | IGB_MRQC_TCPIPV4 |
				 IGB_MRQC_IPV4 | IGB_MRQC_UDPIPV4);
}

/* The vector of everything that is no queue: here only link changes. */
static void
igb_other_irq(void *arg)
{
	struct nic *nic = arg;

	nic_read(nic, IGB_ICR);
	nic_link_changed(nic);
}

/*
 * 7.3: one MSI-X vector per queue pair and one for other causes. A vector's
 * cause clears itself when its message is sent (EIAC): a cause that stayed
 * set would raise nothing again. GPIE comes first, because EIAC and EIMS have
 * their per-vector meaning only after it.
 */
static int
igb_start_interrupts(struct nic *nic)
{
	int vectors = pci_msix_enable(nic->pci);
	uint64_t addr;
	uint32_t data;
	int vector;

	if (vectors <= IGB_VECTOR_OTHER)
		return -E_NOT_SUPP;
	vector = irq_alloc(igb_other_irq, nic);
	if (vector < 0)
		return vector;
	irq_msi_message(vector, 0, &addr, &data);
	pci_msix_set(nic->pci, IGB_VECTOR_OTHER, addr, data);

	nic_write(nic, IGB_GPIE, IGB_GPIE_MULTIPLE_MSIX | IGB_GPIE_NSICR |
				 IGB_GPIE_PBA);
	nic_write(nic, IGB_EIAC, (2u << IGB_VECTOR_OTHER) - 1);
	nic_write(nic, IGB_IVAR_MISC, (IGB_VECTOR_OTHER | IGB_IVAR_VALID)
				      << IGB_IVAR_MISC_OTHER);
	nic_write(nic, IGB_EIMS, 1u << IGB_VECTOR_OTHER);
	nic_write(nic, IGB_IMS, IGB_INT_LSC);
	return 0;
}

static int
igb_attach(struct nic *nic)
{
	uint32_t i, lo, hi;
	int r;

	/* 4.5.5, global reset and general configuration. */
	igb_mask_all(nic);
	nic_write(nic, IGB_CTRL, nic_read(nic, IGB_CTRL) | IGB_CTRL_RST);
	udelay(IGB_RESET_US);
	igb_mask_all(nic);

	/* 4.5.9, receive initialization: our own address, no groups. */
	lo = nic_read(nic, IGB_RAL0);
	hi = nic_read(nic, IGB_RAH0);
	for (i = 0; i < 4; i++)
		nic->mac[i] = lo >> 8 * i;
	nic->mac[4] = hi;
	nic->mac[5] = hi >> 8;
	nic_write(nic, IGB_RAH0, hi | IGB_RAH_AV);
	for (i = 0; i < IGB_MTA_WORDS; i++)
		nic_write(nic, IGB_MTA + 4 * i, 0);
	igb_start_rss(nic);

	r = igb_start_interrupts(nic);
	if (r < 0)
		return r;
	r = igb_start_link(nic);
	if (r < 0)
		return r;

	/* 4.5.10, transmit initialization; queues are enabled one by one. */
	nic_write(nic, IGB_TCTL, IGB_TCTL_EN | IGB_TCTL_PSP);
	nic_write(nic, IGB_RCTL, IGB_RCTL_RXEN | IGB_RCTL_BAM |
				 IGB_RCTL_SECRC);
	return 0;
}

static bool
igb_link_up(struct nic *nic)
{
	return nic_read(nic, IGB_STATUS) & IGB_STATUS_LU;
}

static void
igb_queue_setup(struct nic *nic, uint32_t q, enum nic_dir dir,
		physaddr_t ring_pa, uint32_t slots)
{
	uint32_t bytes = slots * sizeof(struct ring_desc);

	if (dir == NIC_RX) {
		nic_write(nic, IGB_RDBAL(q), (uint32_t)ring_pa);
		nic_write(nic, IGB_RDBAH(q), (uint32_t)(ring_pa >> 32));
		nic_write(nic, IGB_RDLEN(q), bytes);
		nic_write(nic, IGB_SRRCTL(q),
			  IGB_SRRCTL_BSIZEPACKET(RING_RX_BUFFER / 1024) |
			  IGB_SRRCTL_DESCTYPE_ADV1 | IGB_SRRCTL_DROP_EN);
		nic_write(nic, IGB_RDH(q), 0);
		nic_write(nic, IGB_RDT(q), 0);
	} else {
		nic_write(nic, IGB_TDBAL(q), (uint32_t)ring_pa);
		nic_write(nic, IGB_TDBAH(q), (uint32_t)(ring_pa >> 32));
		nic_write(nic, IGB_TDLEN(q), bytes);
		nic_write(nic, IGB_TDWBAL(q), 0);
		nic_write(nic, IGB_TDWBAH(q), 0);
		nic_write(nic, IGB_TDH(q), 0);
		nic_write(nic, IGB_TDT(q), 0);
	}
}

/* 4.5.9 and 4.5.10: the ENABLE bit reads back what the queue really does. */
static int
igb_queue_switch(struct nic *nic, uint32_t q, enum nic_dir dir, bool on)
{
	uint32_t reg = dir == NIC_RX ? IGB_RXDCTL(q) : IGB_TXDCTL(q);
	uint32_t bit = dir == NIC_RX ? IGB_RXDCTL_ENABLE : IGB_TXDCTL_ENABLE;
	uint32_t v = nic_read(nic, reg);
	int tries;

	nic_write(nic, reg, on ? v | bit : v & ~bit);
	for (tries = 0; tries < IGB_ENABLE_TRIES; tries++) {
		if (!(nic_read(nic, reg) & bit) == !on)
			return 0;
		udelay(10);
	}
	return -E_TIMEOUT;
}

static int
igb_queue_enable(struct nic *nic, uint32_t q, enum nic_dir dir)
{
	return igb_queue_switch(nic, q, dir, true);
}

static int
igb_queue_disable(struct nic *nic, uint32_t q, enum nic_dir dir)
{
	return igb_queue_switch(nic, q, dir, false);
}

static void
igb_rss_set(struct nic *nic, uint32_t entry, uint32_t q)
{
	uint32_t shift = 8 * (entry & 3);
	uint32_t word = nic_read(nic, IGB_RETA(entry / 4));

	word = (word & ~(0xffu << shift)) | q << shift;
	nic_write(nic, IGB_RETA(entry / 4), word);
}

static int
igb_irq_route(struct nic *nic, uint32_t q, int vector, int cpu)
{
	uint32_t shift = IGB_IVAR_SHIFT_RX(q), ivar;
	uint64_t addr;
	uint32_t data;

	irq_msi_message(vector, cpu, &addr, &data);
	ivar = nic_read(nic, IGB_IVAR(q)) & ~(0xffu << shift);
	nic_write(nic, IGB_IVAR(q), ivar | (q | IGB_IVAR_VALID) << shift);
	return pci_msix_set(nic->pci, q, addr, data);
}

static void
igb_irq_arm(struct nic *nic, uint32_t q)
{
	nic_write(nic, IGB_EIMS, 1u << q);
}

static void
igb_irq_mask(struct nic *nic, uint32_t q)
{
	nic_write(nic, IGB_EIMC, 1u << q);
}

static void
igb_irq_ack(struct nic *nic, uint32_t q)
{
	nic_write(nic, IGB_EICR, 1u << q);
}

/* Reading clears; of a pair the low half is read first. */
static void
igb_stats_read(struct nic *nic, struct nic_stats *s)
{
	s->rx_frames += nic_read(nic, IGB_GPRC);
	s->rx_bytes += nic_read(nic, IGB_GORCL);
	s->rx_bytes += (uint64_t)nic_read(nic, IGB_GORCH) << 32;
	s->tx_frames += nic_read(nic, IGB_GPTC);
	s->tx_bytes += nic_read(nic, IGB_GOTCL);
	s->tx_bytes += (uint64_t)nic_read(nic, IGB_GOTCH) << 32;
	s->rx_crc_errors += nic_read(nic, IGB_CRCERRS);
	s->rx_missed += nic_read(nic, IGB_MPC);
	s->rx_no_buffer += nic_read(nic, IGB_RNBC);
}

static void
igb_tails(uint32_t q, uint32_t *rx_off, uint32_t *tx_off)
{
	*rx_off = IGB_RDT(q);
	*tx_off = IGB_TDT(q);
}

/* Sending starts at a tail write: repeat the last one of each queue. */
static void
igb_tx_enable(struct nic *nic, bool on)
{
	uint32_t tctl = nic_read(nic, IGB_TCTL), q;

	nic_write(nic, IGB_TCTL, on ? tctl | IGB_TCTL_EN
				    : tctl & ~IGB_TCTL_EN);
	for (q = 0; on && q < NIC_QUEUES_MAX; q++)
		if (nic->enabled[NIC_TX] & 1u << q)
			nic_write(nic, IGB_TDT(q), nic_read(nic, IGB_TDT(q)));
}

const struct nic_ops igb_ops = {
	.prefix = "igb",
	.model = "82576",
	.vendor = IGB_VENDOR,
	.device = IGB_DEVICE_82576,
	.kind = RING_ADV,
	.nqueues = NIC_QUEUES_MAX,
	.nreta = IGB_RETA_ENTRIES,
	.regs_size = 0x10000,
	.attach = igb_attach,
	.link_up = igb_link_up,
	.queue_setup = igb_queue_setup,
	.queue_enable = igb_queue_enable,
	.queue_disable = igb_queue_disable,
	.rss_set = igb_rss_set,
	.irq_route = igb_irq_route,
	.irq_arm = igb_irq_arm,
	.irq_mask = igb_irq_mask,
	.irq_ack = igb_irq_ack,
	.stats_read = igb_stats_read,
	.tails = igb_tails,
	.tx_enable = igb_tx_enable,
};
