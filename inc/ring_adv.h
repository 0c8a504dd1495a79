/*
 * ring_adv.h: ring operations on the advanced descriptors of the 82576
 * (datasheet 7.1 for receive, 7.2.2.2 and 7.2.2.3 for transmit). See ring.h
 * for the rules and the common state.
 */
#ifndef JIX_INC_RING_ADV_H
#define JIX_INC_RING_ADV_H

#include "inc/igb.h"
#include "inc/ring.h"

_Static_assert(RING_RX_IP_CHECKED == IGB_RXD_STA_IPCS &&
	       RING_RX_L4_CHECKED == IGB_RXD_STA_L4CS &&
	       RING_RX_IP_BAD == IGB_RXD_ERR_IPE &&
	       RING_RX_L4_BAD == IGB_RXD_ERR_L4E, "as in the write-back");

/*
 * Take the next filled buffer. RING_RX_FRAME: *f describes a frame;
 * RING_RX_DROP: only f->cookie means something. Either way the buffer is the
 * caller's again.
 */
static inline enum ring_rx_result
ring_adv_rx_harvest(struct ring_rx *r, struct ring_rx_frame *f)
{
	uint32_t next = r->next, slot = next & r->mask;
	uint64_t q1;

	if (next == r->rung)
		return RING_RX_EMPTY;
	q1 = r->desc[slot].q[1];
	if (!(q1 & IGB_RXD_STA_DD))
		return RING_RX_EMPTY;
	barrier();
	f->cookie = r->cookies[slot];
	f->len = IGB_RXD_LEN(q1);
	f->flags = q1 & RING_RX_FLAGS;
	r->next = next + 1;
	if (likely((q1 & (IGB_RXD_STA_EOP | IGB_RXD_ERR_RXE)) ==
		   IGB_RXD_STA_EOP && ring_rx_fits(r, f->len)))
		return RING_RX_FRAME;
	return ring_rx_drop(r, q1 & IGB_RXD_STA_EOP, q1 & IGB_RXD_ERR_RXE);
}

/* The context descriptor that an offload needs. */
static inline void
ring_adv_tx_context(const struct ring_tx_offload *off, uint64_t ctx[2])
{
	ctx[0] = IGB_TXC_IPLEN(off->l3len) | IGB_TXC_MACLEN(off->l2len);
	ctx[1] = IGB_TXC_DTYP_CTXT | IGB_TXC_DEXT | IGB_TXC_TUCMD_IPV4;
	if (off->flags & (RING_TX_TCP_CSUM | RING_TX_TSO))
		ctx[1] |= IGB_TXC_TUCMD_L4T_TCP;
	if (off->flags & RING_TX_TSO)
		ctx[1] |= IGB_TXC_L4LEN(off->l4len) | IGB_TXC_MSS(off->mss);
}

/* The bits that an offload sets in a frame's data descriptors. */
static inline uint64_t
ring_adv_tx_options(const struct ring_tx_offload *off, uint64_t total)
{
	uint64_t q1 = 0;

	if (off->flags & (RING_TX_IP_CSUM | RING_TX_TSO))
		q1 |= IGB_TXD_POPTS_IXSM;
	if (off->flags & (RING_TX_TCP_CSUM | RING_TX_UDP_CSUM | RING_TX_TSO))
		q1 |= IGB_TXD_POPTS_TXSM;
	if (off->flags & RING_TX_TSO) {
		total -= off->l2len + off->l3len + off->l4len;
		q1 |= IGB_TXD_DCMD_TSE;
	}
	return q1 | IGB_TXD_PAYLEN(total);
}

/* A TSO request that the NIC can carry out? */
static inline bool
ring_adv_tx_tso_ok(const struct ring_tx_offload *off, int64_t total)
{
	return off->mss != 0 && off->l4len >= 20 &&
	       total > off->l2len + off->l3len + off->l4len;
}

/* The second word of a frame of len bytes in one descriptor, no offload. */
static inline uint64_t
ring_adv_tx_plain(uint16_t len)
{
	return IGB_TXD_PAYLEN(len) | IGB_TXD_DTALEN(len) |
	       IGB_TXD_DTYP_DATA | IGB_TXD_DCMD_DEXT | IGB_TXD_DCMD_IFCS |
	       IGB_TXD_DCMD_EOP | IGB_TXD_DCMD_RS;
}

/*
 * Queue one frame gathered from frags, preceded by a context descriptor if
 * the offload differs from the ring's last one. The memory must stay as it is
 * until the cookie is reclaimed. Result: descriptors used; -E_AGAIN if the
 * ring has no room now, -E_TOO_BIG if it never can, -E_INVAL for a bad list
 * or offload. The NIC learns of it by ring_tx_doorbell().
 */
static inline int
ring_adv_tx_put(struct ring_tx *r, const struct ring_frag *frags,
		uint32_t nfrags, const struct ring_tx_offload *off,
		uint64_t cookie)
{
	int64_t total = ring_frags_len(frags, nfrags);
	uint64_t ctx[2] = { 0, 0 }, cmd;
	uint32_t i, ndesc, fill, mask = r->mask;
	struct ring_desc *d, *desc = r->desc;
	bool context = false;

	if (total < 0)
		return -E_INVAL;
	if (off && off->flags) {
		if ((off->flags & RING_TX_TSO) &&
		    !ring_adv_tx_tso_ok(off, total))
			return -E_INVAL;
		ring_adv_tx_context(off, ctx);
		context = !r->context_valid || ctx[0] != r->context[0] ||
			  ctx[1] != r->context[1];
		cmd = ring_adv_tx_options(off, (uint64_t)total);
	} else {
		cmd = IGB_TXD_PAYLEN(total);
	}
	ndesc = nfrags + context;
	if (unlikely(ndesc > ring_tx_room(r)))
		return ring_tx_refuse(r, ndesc);
	fill = ring_tx_begin(r, ndesc, cookie);
	if (context) {
		d = &desc[fill++ & mask];
		d->q[0] = r->context[0] = ctx[0];
		d->q[1] = r->context[1] = ctx[1];
		r->context_valid = true;
	}
	cmd |= IGB_TXD_DTYP_DATA | IGB_TXD_DCMD_DEXT | IGB_TXD_DCMD_IFCS;
	for (i = 0; i < nfrags; i++) {
		if (i == nfrags - 1)
			cmd |= IGB_TXD_DCMD_EOP | IGB_TXD_DCMD_RS;
		d = &desc[fill++ & mask];
		d->q[0] = frags[i].pa;
		d->q[1] = cmd | IGB_TXD_DTALEN(frags[i].len);
	}
	return (int)ndesc;
}

/* See how far the NIC has sent. True if there is something to reclaim. */
static inline bool
ring_adv_tx_look(struct ring_tx *r)
{
	return ring_tx_look_for(r, IGB_TXD_STA_DD);
}

#endif
