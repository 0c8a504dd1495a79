/*
 * ring_nic.h: ring operations for whichever NIC it is: each looks at the
 * ring's kind and calls ring_legacy_* or ring_adv_*, whose comments hold.
 */
#ifndef JIX_INC_RING_NIC_H
#define JIX_INC_RING_NIC_H

#include "inc/ring_adv.h"
#include "inc/ring_legacy.h"

static inline enum ring_rx_result
ring_rx_harvest(struct ring_rx *r, struct ring_rx_frame *f)
{
	return r->kind == RING_ADV ? ring_adv_rx_harvest(r, f) :
				     ring_legacy_rx_harvest(r, f);
}

/*
 * How many buffers are filled and not yet harvested, of which `known` are
 * known: each is looked at once, if the caller remembers.
 */
static inline uint32_t
ring_rx_ready(const struct ring_rx *r, uint32_t known)
{
	uint64_t done = r->kind == RING_ADV ? IGB_RXD_STA_DD :
					      E1000_RXD_STA_DD;
	uint32_t posted = r->rung - r->next;

	while (known < posted &&
	       (r->desc[(r->next + known) & r->mask].q[1] & done))
		known++;
	return known;
}

static inline int
ring_tx_put(struct ring_tx *r, const struct ring_frag *frags, uint32_t nfrags,
	    const struct ring_tx_offload *off, uint64_t cookie)
{
	return r->kind == RING_ADV ?
		ring_adv_tx_put(r, frags, nfrags, off, cookie) :
		ring_legacy_tx_put(r, frags, nfrags, off, cookie);
}

/*
 * Queue a frame of len bytes, not 0, in one piece and without offload. True,
 * or false: the ring has no room now.
 */
static inline bool
ring_tx_put_plain(struct ring_tx *r, physaddr_t pa, uint16_t len,
		  uint64_t cookie)
{
	struct ring_desc *d = &r->desc[r->fill & r->mask];

	if (unlikely(ring_tx_room(r) == 0)) {
		r->full++;
		return false;
	}
	ring_tx_begin(r, 1, cookie);
	d->q[0] = pa;
	if (likely(r->kind == RING_ADV))
		d->q[1] = ring_adv_tx_plain(len);
	else
		d->q[1] = ring_legacy_tx_plain(len);
	return true;
}

static inline bool
ring_tx_look(struct ring_tx *r)
{
	return r->kind == RING_ADV ? ring_adv_tx_look(r) :
				     ring_legacy_tx_look(r);
}

/* The oldest frame if it has been sent: true, and its cookie. */
static inline bool
ring_tx_reclaim(struct ring_tx *r, uint64_t *cookie)
{
	return ring_tx_take(r, cookie) ||
	       (ring_tx_look(r) && ring_tx_take(r, cookie));
}

#endif
