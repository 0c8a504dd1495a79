/*
 * ring_legacy.h: ring operations on the legacy descriptors of the 82540EM
 * (SDM 3.2.3 and 3.3.3). See ring.h for the rules and the common state. No
 * checksum offload: the NIC marks every received frame "ignore checksums".
 */
#ifndef JIX_INC_RING_LEGACY_H
#define JIX_INC_RING_LEGACY_H

#include "inc/e1000.h"
#include "inc/ring.h"

/*
 * Take the next filled buffer. RING_RX_FRAME: *f describes a frame;
 * RING_RX_DROP: only f->cookie means something. Either way the buffer is the
 * caller's again.
 */
static inline enum ring_rx_result
ring_legacy_rx_harvest(struct ring_rx *r, struct ring_rx_frame *f)
{
	uint32_t slot = r->next & r->mask;
	uint64_t q1;

	if (r->next == r->rung)
		return RING_RX_EMPTY;
	q1 = r->desc[slot].q[1];
	if (!(q1 & E1000_RXD_STA_DD))
		return RING_RX_EMPTY;
	barrier();
	f->cookie = r->cookies[slot];
	f->len = E1000_RXD_LEN(q1);
	f->flags = 0;
	r->next++;
	if (likely((q1 & (E1000_RXD_STA_EOP | E1000_RXD_ERR_FRAME)) ==
		   E1000_RXD_STA_EOP && ring_rx_fits(r, f->len)))
		return RING_RX_FRAME;
	return ring_rx_drop(r, q1 & E1000_RXD_STA_EOP,
			    q1 & E1000_RXD_ERR_FRAME);
}

/* The second word of a frame of len bytes in one descriptor. */
static inline uint64_t
ring_legacy_tx_plain(uint16_t len)
{
	return E1000_TXD_LEN(len) | E1000_TXD_CMD_IFCS | E1000_TXD_CMD_EOP |
	       E1000_TXD_CMD_RS;
}

/*
 * Queue one frame gathered from frags. The memory must stay as it is until
 * the cookie is reclaimed. Result: descriptors used; -E_AGAIN if the ring has
 * no room now, -E_TOO_BIG if it never can, -E_INVAL for a bad list,
 * -E_NOT_SUPP for any offload. The NIC learns of it by ring_tx_doorbell().
 */
static inline int
ring_legacy_tx_put(struct ring_tx *r, const struct ring_frag *frags,
		   uint32_t nfrags, const struct ring_tx_offload *off,
		   uint64_t cookie)
{
	uint32_t i, fill, mask = r->mask;
	struct ring_desc *d, *desc = r->desc;
	uint64_t cmd;

	if (ring_frags_len(frags, nfrags) < 0)
		return -E_INVAL;
	if (off && off->flags)
		return -E_NOT_SUPP;
	if (unlikely(nfrags > ring_tx_room(r)))
		return ring_tx_refuse(r, nfrags);
	fill = ring_tx_begin(r, nfrags, cookie);
	for (i = 0; i < nfrags; i++) {
		cmd = E1000_TXD_CMD_IFCS;
		if (i == nfrags - 1)
			cmd |= E1000_TXD_CMD_EOP | E1000_TXD_CMD_RS;
		d = &desc[fill++ & mask];
		d->q[0] = frags[i].pa;
		d->q[1] = E1000_TXD_LEN(frags[i].len) | cmd;
	}
	return (int)nfrags;
}

/* See how far the NIC has sent. True if there is something to reclaim. */
static inline bool
ring_legacy_tx_look(struct ring_tx *r)
{
	return ring_tx_look_for(r, E1000_TXD_STA_DD);
}

#endif
