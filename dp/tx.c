/*
 * tx.c: sending: lwIP's pbuf chains and bounced frames as gather lists in the
 * transmit ring. What is in the ring is referenced until the NIC reports it
 * sent. One doorbell per turn tells the NIC.
 */
#include "dp/libos.h"
#include "lwip/inet_chksum.h"
#include "lwip/prot/ethernet.h"
#include "lwip/prot/ip.h"
#include "lwip/prot/ip4.h"
#include "lwip/prot/tcp.h"
#include "lwip/prot/udp.h"

static struct ring_tx ring;
static struct ring_tx_slot slots[DP_TX_SLOTS];
uint64_t tx_put_count, tx_done_count, tx_last_zero_copy;
static uint64_t tx_put_bytes;

/* A cookie is a pbuf, or a receive buffer with this bit. */
#define COOKIE_RXBUF	1ul

void
tx_init(void)
{
	ring_tx_init(&ring, boot->ring_kind, (struct ring_desc *)DP_TX_RING,
		     DP_TX_SLOTS,
		     (volatile uint32_t *)(DP_REGS_TX + boot->tx_tail), slots);
}

bool
tx_reclaim(void)
{
	uint64_t frames = 0, cookie;

	if (!ring_tx_look(&ring))
		return false;
	while (ring_tx_take(&ring, &cookie)) {
		frames++;
		if (cookie & COOKIE_RXBUF)
			rxbuf_put((struct rxbuf *)(cookie & ~COOKIE_RXBUF));
		else
			pbuf_free((struct pbuf *)cookie);
	}
	tx_done_count += frames;
	return true;
}

bool
tx_idle(void)
{
	return ring_tx_pending(&ring) == 0;
}

void
tx_doorbell(void)
{
	if (!ring_tx_doorbell(&ring))
		return;
	stats->c.doorbells++;
	stats->c.tx_frames = tx_put_count;
	stats->c.tx_bytes = tx_put_bytes;
	trace(TRACE_DP_DOORBELL, 0, 0);
}

/* The chain as physically contiguous pieces; 0 if there are too many. */
static uint32_t
gather(const struct pbuf *p, struct ring_frag *frags)
{
	uint32_t n = 0;

	if (likely(!p->next)) {
		frags[0].pa = dp_dma_addr((uint64_t)p->payload, &n);
		frags[0].len = p->len;
		if (likely(n >= p->len))
			return 1;
		n = 0;
	}
	for (; p; p = p->next) {
		uint64_t va = (uint64_t)p->payload;
		uint32_t left = p->len;

		while (left > 0) {
			uint32_t run;

			if (n == RING_FRAGS_MAX)
				return 0;
			frags[n].pa = dp_dma_addr(va, &run);
			run = MIN(run, left);
			frags[n++].len = run;
			va += run;
			left -= run;
		}
	}
	return n;
}

/* The sum of the pseudo-header, folded but not inverted (RFC 9293, 3.1). */
static inline uint16_t
pseudo_sum(const struct ip_hdr *ip, uint32_t proto, uint32_t len)
{
	uint64_t sum = (uint64_t)ip->src.addr + ip->dest.addr +
		(proto << 8) + lwip_htons(len);
	uint32_t s;

	/* Less than 2^34 becomes less than 2^32, then the halves are added. */
	sum = (sum & 0xffffffff) + (sum >> 32);
	s = (sum & 0xffffffff) + (sum >> 32);
	s += s << 16 | s >> 16;		/* the carry comes from below */
	return s >> 16;
}

static const struct ring_tx_offload offload_tcp = {
	.flags = RING_TX_IP_CSUM | RING_TX_TCP_CSUM, .l2len = 14, .l3len = 20,
};
static const struct ring_tx_offload offload_udp = {
	.flags = RING_TX_IP_CSUM | RING_TX_UDP_CSUM, .l2len = 14, .l3len = 20,
};
static const struct ring_tx_offload offload_ip = {
	.flags = RING_TX_IP_CSUM, .l2len = 14, .l3len = 20,
};

static void
sum_header(struct ip_hdr *ip)
{
	IPH_CHKSUM_SET(ip, 0);
	IPH_CHKSUM_SET(ip, inet_chksum(ip, IPH_HL_BYTES(ip)));
}

/*
 * Into the ring. Inlined for each offload, whose context descriptor is then
 * known at compile time, and for the one piece that most frames have.
 */
static ALWAYS_INLINE int
put(struct pbuf *p, const struct ring_frag *frags, uint32_t n,
    const struct ring_tx_offload *off)
{
	if (likely(n == 1))
		return ring_tx_put(&ring, frags, 1, off, (uint64_t)p);
	return ring_tx_put(&ring, frags, n, off, (uint64_t)p);
}

/* With what the NIC shall compute for a frame of lwIP's. */
static int
put_with_offload(struct pbuf *p, const struct ring_frag *frags, uint32_t n)
{
	struct eth_hdr *eth = p->payload;
	struct ip_hdr *ip = (void *)(eth + 1);
	uint32_t l4len = p->tot_len - sizeof(*eth) - IP_HLEN;

	if (ring.kind != RING_ADV || eth->type != PP_HTONS(ETHTYPE_IP))
		return ring_tx_put(&ring, frags, n, NULL, (uint64_t)p);
	/* Options: lwIP sends none but those that come back with an echo. */
	if (unlikely(IPH_HL_BYTES(ip) != IP_HLEN)) {
		sum_header(ip);
		return ring_tx_put(&ring, frags, n, NULL, (uint64_t)p);
	}
	if (IPH_PROTO(ip) == IP_PROTO_TCP) {
		((struct tcp_hdr *)(ip + 1))->chksum =
			pseudo_sum(ip, IP_PROTO_TCP, l4len);
		return put(p, frags, n, &offload_tcp);
	}
	if (IPH_PROTO(ip) == IP_PROTO_UDP) {
		((struct udp_hdr *)(ip + 1))->chksum =
			pseudo_sum(ip, IP_PROTO_UDP, l4len);
		return put(p, frags, n, &offload_udp);
	}
	return ring_tx_put(&ring, frags, n, &offload_ip, (uint64_t)p);
}

/* A frame in more pieces than the ring takes: in one, then. */
static err_t
tx_gathered(struct netif *nif, struct pbuf *p)
{
	struct pbuf *whole = pbuf_clone(PBUF_RAW, PBUF_RAM, p);
	err_t e;

	if (!whole)
		return ERR_MEM;
	COUNT_COPY(&stats->c, dp_stack, p->tot_len);
	e = tx_pbuf(nif, whole);
	pbuf_free(whole);
	return e;
}

err_t
tx_pbuf(struct netif *nif, struct pbuf *p)
{
	struct ring_frag frags[RING_FRAGS_MAX];
	uint32_t n;

	trace(TRACE_DP_STACK_OUT, p->tot_len, 0);
	n = gather(p, frags);
	if (unlikely(n == 0) && p->next)
		return tx_gathered(nif, p);
	if (unlikely(n == 0 || put_with_offload(p, frags, n) < 0)) {
		stats->c.tx_full++;
		return ERR_MEM;
	}
	tx_put_count++;
	if (p->next)
		tx_last_zero_copy = tx_put_count;
	pbuf_ref(p);
	trace(TRACE_DP_TX, p->tot_len, n);
	tx_put_bytes += p->tot_len;
	return ERR_OK;
}

/* An Ethernet address in pieces that the processor moves. */
struct mac {
	uint32_t first;
	uint16_t last;
} __attribute__((packed));

int64_t
tx_bounce(struct rxbuf *b)
{
	struct mac *to = (struct mac *)b->mem, *from = to + 1, swap;
	uint16_t len = b->len;

	if (!ring_tx_put_plain(&ring, b->pa, len,
			       (uint64_t)b | COOKIE_RXBUF))
		return -E_AGAIN;
	swap = *to;
	*to = *from;
	*from = swap;
	tx_put_count++;
	tx_put_bytes += len;
	b->state = RXBUF_HIDDEN;
	return 0;
}
