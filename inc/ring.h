/*
 * ring.h: what the descriptor rings of all NICs have in common.
 *
 * A ring is an array of 16-byte descriptors in memory, shared with the NIC.
 * Software moves the tail (a register, the doorbell), the NIC the head; what
 * lies from head to tail is the NIC's. The state here is software's own view:
 * free-running 32-bit counters whose low bits are the slot, so that a ring is
 * full or empty by subtraction. One slot always stays unused, because head
 * equal to tail means empty to the NIC.
 *
 * ring_legacy.h (82540EM) and ring_adv.h (82576) have the operations for their
 * descriptors; ring_nic.h chooses between them by `kind`. They need no kernel,
 * allocate nothing, take no lock: a ring has one user. The in-kernel driver of
 * lab-6, the dataplane libOS in ring 1 and the host's unit tests use them.
 *
 * Receiving: ring_rx_init, ring_rx_post until full, ring_rx_doorbell; then
 * ring_*_rx_harvest, use or free the buffer, post another, and one doorbell
 * for a batch. Sending: ring_*_tx_put, one doorbell for a batch,
 * ring_*_tx_look to learn what has been sent, and ring_tx_take.
 */
#ifndef JIX_INC_RING_H
#define JIX_INC_RING_H

#include "inc/error.h"
#include "inc/types.h"

/* A frame without its FCS: Ethernet header, and header plus 1,500 bytes. */
#define RING_FRAME_MIN	14
#define RING_FRAME_MAX	1514
#define RING_FRAME_PAD	60	/* what a frame on the wire has at least */
#define RING_RX_BUFFER	2048	/* the size of every receive buffer */

/* Slots of a ring: a power of two, 8 to 4096. */
#define RING_SLOTS_MIN	8
#define RING_SLOTS_MAX	4096

enum ring_kind {
	RING_LEGACY = 0,	/* 82540EM: inc/ring_legacy.h */
	RING_ADV,		/* 82576: inc/ring_adv.h */
};

struct ring_desc {
	volatile uint64_t q[2];
};
_Static_assert(sizeof(struct ring_desc) == 16, "the NICs' descriptor size");

/* What harvesting a receive ring gives. */
enum ring_rx_result {
	RING_RX_EMPTY = 0,
	RING_RX_FRAME,		/* a whole, acceptable frame */
	RING_RX_DROP,		/* a buffer comes back, its content is no use */
};

/*
 * ring_rx_frame.flags: what the NIC says of the checksums, each finding where
 * the 82576 reports it. Bad ones are those looked at and found wrong.
 */
#define RING_RX_L4_CHECKED	(1u << 5)	/* of TCP or UDP: looked at */
#define RING_RX_IP_CHECKED	(1u << 6)	/* of IPv4's header */
#define RING_RX_L4_BAD		(1u << 29)
#define RING_RX_IP_BAD		(1u << 30)
#define RING_RX_BAD		(RING_RX_L4_BAD | RING_RX_IP_BAD)
#define RING_RX_FLAGS		(RING_RX_L4_CHECKED | RING_RX_IP_CHECKED | \
				 RING_RX_BAD)

struct ring_rx_frame {
	uint64_t cookie;	/* as given when the buffer was posted */
	uint32_t len;		/* bytes, without FCS */
	uint32_t flags;		/* RING_RX_* */
};

struct ring_rx {
	struct ring_desc *desc;
	volatile uint32_t *tail;	/* the tail register */
	uint64_t *cookies;		/* one per slot */
	uint32_t mask;			/* slots - 1 */
	uint32_t next;			/* next slot to harvest */
	uint32_t post;			/* next slot to give a buffer */
	uint32_t rung;			/* post at the last doorbell */
	uint32_t kind;			/* enum ring_kind */
	bool skipping;			/* inside a multi-descriptor frame */
	uint64_t drop_multi;		/* frames: longer than one buffer */
	uint64_t drop_error;		/* frames: marked bad by the NIC */
	uint64_t drop_size;		/* frames: no header, or oversize */
};

/* ring_tx_offload.flags */
#define RING_TX_IP_CSUM		1u	/* insert the IPv4 header checksum */
#define RING_TX_TCP_CSUM	2u	/* insert the TCP checksum */
#define RING_TX_UDP_CSUM	4u	/* insert the UDP checksum */
#define RING_TX_TSO		8u	/* cut TCP into mss-sized segments */

/*
 * What the NIC shall do for a frame (82576 only). The checksum field of TCP
 * or UDP holds the pseudo-header's sum (for TSO: without the length).
 */
struct ring_tx_offload {
	uint8_t flags;
	uint8_t l2len;		/* bytes of the Ethernet header */
	uint8_t l3len;		/* ... of the IPv4 header */
	uint8_t l4len;		/* ... of the TCP header (TSO) */
	uint16_t mss;		/* TSO */
};

struct ring_frag {
	physaddr_t pa;
	uint32_t len;		/* 1 .. 65535 bytes */
};
#define RING_FRAGS_MAX	16	/* of one frame */

struct ring_tx_slot {
	uint64_t cookie;	/* in a frame's first slot: the caller's */
	uint32_t ndesc;		/* ... and how many descriptors it has */
};

struct ring_tx {
	struct ring_desc *desc;
	volatile uint32_t *tail;
	struct ring_tx_slot *slots;
	uint32_t mask;
	uint32_t next;			/* first slot not reclaimed */
	uint32_t sent;			/* first slot not known to be sent */
	uint32_t fill;			/* next slot to fill */
	uint32_t rung;			/* fill at the last doorbell */
	uint32_t kind;
	bool context_valid;		/* the NIC's context is the one below */
	uint64_t context[2];
	uint64_t full;			/* times a frame was refused */
};

/* A power of two in the range that the NICs take? */
static inline bool
ring_slots_ok(uint32_t slots)
{
	return slots >= RING_SLOTS_MIN && slots <= RING_SLOTS_MAX &&
	       (slots & (slots - 1)) == 0;
}

/*
 * Start an empty receive ring. desc: `slots` descriptors, 128-byte aligned,
 * at the physical address given to the NIC; tail: the mapped tail register;
 * cookies: `slots` words. All stay the caller's memory.
 */
static inline void
ring_rx_init(struct ring_rx *r, enum ring_kind kind, struct ring_desc *desc,
	     uint32_t slots, volatile uint32_t *tail, uint64_t *cookies)
{
	*r = (struct ring_rx){
		.desc = desc, .tail = tail, .cookies = cookies,
		.mask = slots - 1, .kind = kind,
	};
}

/* The same for a transmit ring; slots_mem: `slots` records. */
static inline void
ring_tx_init(struct ring_tx *r, enum ring_kind kind, struct ring_desc *desc,
	     uint32_t slots, volatile uint32_t *tail,
	     struct ring_tx_slot *slots_mem)
{
	*r = (struct ring_tx){
		.desc = desc, .tail = tail, .slots = slots_mem,
		.mask = slots - 1, .kind = kind,
	};
}

/* Buffers that can still be posted. */
static inline uint32_t
ring_rx_room(const struct ring_rx *r)
{
	return r->mask - (r->post - r->next);
}

/* Buffers posted and not yet harvested. */
static inline uint32_t
ring_rx_posted(const struct ring_rx *r)
{
	return r->post - r->next;
}

/* Buffers posted of which the NIC has not been told. */
static inline uint32_t
ring_rx_unrung(const struct ring_rx *r)
{
	return r->post - r->rung;
}

/*
 * Give the NIC the buffer of RING_RX_BUFFER bytes at pa. The cookie comes back
 * when it is harvested. The caller knows that there is room: as many buffers
 * as were harvested can be posted. Both NICs read a descriptor in the same
 * form; each word is written again, because the 82576 replaces both. The NIC
 * learns of it by ring_rx_doorbell().
 */
static inline void
ring_rx_post(struct ring_rx *r, physaddr_t pa, uint64_t cookie)
{
	uint32_t slot = r->post++ & r->mask;
	struct ring_desc *d = &r->desc[slot];

	r->cookies[slot] = cookie;
	d->q[0] = pa;
	d->q[1] = 0;
}

/* Tell the NIC of everything posted. True if the register was written. */
static inline bool
ring_rx_doorbell(struct ring_rx *r)
{
	if (r->post == r->rung)
		return false;
	barrier();
	*r->tail = r->post & r->mask;
	r->rung = r->post;
	return true;
}

/* Descriptors that can still be filled. */
static inline uint32_t
ring_tx_room(const struct ring_tx *r)
{
	return r->mask - (r->fill - r->next);
}

/* Descriptors filled and not yet reclaimed. */
static inline uint32_t
ring_tx_pending(const struct ring_tx *r)
{
	return r->fill - r->next;
}

/* Tell the NIC of everything put. True if the register was written. */
static inline bool
ring_tx_doorbell(struct ring_tx *r)
{
	if (r->fill == r->rung)
		return false;
	barrier();
	*r->tail = r->fill & r->mask;
	r->rung = r->fill;
	return true;
}

/* A frame of len bytes in one whole descriptor: is it acceptable? */
static inline bool
ring_rx_fits(const struct ring_rx *r, uint32_t len)
{
	return !r->skipping &&
	       len - RING_FRAME_MIN <= RING_FRAME_MAX - RING_FRAME_MIN;
}

/*
 * Count why a descriptor with status bits eop and error is of no use. A frame
 * in several of them counts once, at its last.
 */
static inline enum ring_rx_result
ring_rx_drop(struct ring_rx *r, bool eop, bool error)
{
	if (!eop) {
		r->skipping = true;
	} else if (r->skipping) {
		r->skipping = false;
		r->drop_multi++;
	} else if (error) {
		r->drop_error++;
	} else {
		r->drop_size++;
	}
	return RING_RX_DROP;
}

/* The bytes of a gather list, or -E_INVAL if it is not one. */
static inline int64_t
ring_frags_len(const struct ring_frag *frags, uint32_t nfrags)
{
	uint64_t total = 0;
	uint32_t i;

	if (nfrags == 0 || nfrags > RING_FRAGS_MAX)
		return -E_INVAL;
	for (i = 0; i < nfrags; i++) {
		if (frags[i].len == 0 || frags[i].len > 0xffff)
			return -E_INVAL;
		total += frags[i].len;
	}
	return (int64_t)total;
}

/* A frame of ndesc descriptors finds no room: now, or ever? */
static inline int
ring_tx_refuse(struct ring_tx *r, uint32_t ndesc)
{
	if (ndesc > r->mask)
		return -E_TOO_BIG;
	r->full++;
	return -E_AGAIN;
}

/* The slot counter where a frame of ndesc descriptors begins: the next ones. */
static inline uint32_t
ring_tx_begin(struct ring_tx *r, uint32_t ndesc, uint64_t cookie)
{
	uint32_t first = r->fill;
	struct ring_tx_slot *s = &r->slots[first & r->mask];

	r->fill = first + ndesc;
	s->cookie = cookie;
	s->ndesc = ndesc;
	return first;
}

/*
 * See how far the NIC has sent: it sets `done` in a frame's last descriptor.
 * It sends in the ring's order, so that of the newest frame often speaks for
 * a whole batch. True if there is something to reclaim.
 */
static inline bool
ring_tx_look_for(struct ring_tx *r, uint64_t done)
{
	uint32_t sent = r->sent, rung = r->rung, mask = r->mask, end;

	if (sent == rung)
		return sent != r->next;
	if (likely(r->desc[(rung - 1) & mask].q[1] & done)) {
		r->sent = rung;
		return true;
	}
	for (; sent != rung; sent = end) {
		end = sent + r->slots[sent & mask].ndesc;
		if (!(r->desc[(end - 1) & mask].q[1] & done))
			break;
	}
	r->sent = sent;
	return sent != r->next;
}

/* The oldest of the frames seen to be sent, if any: true, and its cookie. */
static inline bool
ring_tx_take(struct ring_tx *r, uint64_t *cookie)
{
	uint32_t next = r->next;
	const struct ring_tx_slot *s = &r->slots[next & r->mask];

	if (next == r->sent)
		return false;
	r->next = next + s->ndesc;
	*cookie = s->cookie;
	return true;
}

#endif
