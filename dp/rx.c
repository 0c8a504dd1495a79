/*
 * rx.c: receiving: harvest the ring, refill it in the same turn, hand frames
 * to lwIP or, in frame mode, to the application.
 *
 * The ring always keeps its number of buffers: a frame is taken only if a
 * free one can be posted in its place, and a ring's worth of free buffers is
 * left alone. Below that a frame is dropped and its buffer posted again, so
 * an application that hoards buffers starves only itself.
 */
#include "dp/libos.h"
#include "lib/lwip/tcp_buckets.h"
#include "lwip/prot/ethernet.h"
#include "lwip/prot/ip4.h"

static struct ring_rx ring;
static uint64_t cookies[DP_RX_SLOTS];

bool frames_on;
uint64_t frames_cookie;

#define RESERVE		DP_RX_SLOTS
#define REFILL		32	/* buffers returned per receive doorbell */
#define ETHERTYPE_OFF	12
#define ETHERTYPE_IPV4	0x0008	/* as it lies in memory */

static void
post(struct rxbuf *b)
{
	ring_rx_post(&ring, b->pa, (uint64_t)b);
}

void
rx_init(void)
{
	ring_rx_init(&ring, boot->ring_kind, (struct ring_desc *)DP_RX_RING,
		     DP_RX_SLOTS,
		     (volatile uint32_t *)(DP_REGS + boot->rx_tail), cookies);
	while (ring_rx_room(&ring) > 0)
		post(rxbuf_get());
	ring_rx_doorbell(&ring);
}

/* Part of an IPv4 packet? The NIC checks no TCP or UDP sum of such a frame. */
static bool
is_fragment(const uint8_t *mem)
{
	const struct ip_hdr *ip = (const void *)(mem + sizeof(struct eth_hdr));

	return *(uint16_t *)(mem + ETHERTYPE_OFF) == ETHERTYPE_IPV4 &&
		(IPH_OFFSET(ip) & PP_HTONS(IP_OFFMASK | IP_MF));
}

/* To the application, as it came. */
static void
show_frame(struct rxbuf *b, uint32_t len)
{
	event_post(IX_EV_FRAME, len, frames_cookie,
		   rxbuf_show(b, b->mem, len, RXBUF_FRAME), 0);
}

/* The n'th of its batch. */
static void
trace_frame(uint32_t len, uint32_t n)
{
	if (n == 0)
		trace_record(TRACE_DP_POLL, 0, 0);
	trace_record(TRACE_DP_RX, len, n);
}

/* To lwIP. flags: RING_RX_*. */
static void
stack_in(struct rxbuf *b, uint32_t len, uint32_t flags)
{
	uint8_t *mem = b->mem;
	bool ipv4;

	if (unlikely(len < RING_FRAME_PAD)) {
		memset(mem + len, 0, RING_FRAME_PAD - len);
		len = RING_FRAME_PAD;
	}
	if (unlikely(!(flags & RING_RX_L4_CHECKED))) {
		if (is_fragment(mem)) {
			stats->ip_fragments++;
			rxbuf_put(b);
			return;
		}
		if (ping_waiting && ping_reply(mem, len)) {
			rxbuf_put(b);
			return;
		}
	}
	ipv4 = *(uint16_t *)(mem + ETHERTYPE_OFF) == ETHERTYPE_IPV4;
	if (unlikely(!ipv4)) {
		arp_publish(mem, len);
		arp_forget();
	}
	tcp_buckets_input(rxbuf_pbuf(b, len), &netif);
	trace(TRACE_DP_STACK_IN, len, 0);
}

bool
rx_doorbell_due(void)
{
	return ring_rx_unrung(&ring) >= REFILL;
}

void
rx_doorbell(void)
{
	stats->c.doorbells += ring_rx_doorbell(&ring);
}

uint32_t
rx_ready(uint32_t known)
{
	return ring_rx_ready(&ring, known);
}

/*
 * Is the frame to be taken, and a free buffer posted in its place? Else it is
 * dropped and counted, and its own is posted again.
 */
static ALWAYS_INLINE bool
take(enum ring_rx_result r, const struct ring_rx_frame *f)
{
	struct rxbuf *b = (struct rxbuf *)f->cookie;

	if (unlikely(r == RING_RX_DROP || (f->flags & RING_RX_BAD))) {
		stats->c.rx_malformed++;
		post(b);
		return false;
	}
	if (unlikely(rxbuf_nfree <= RESERVE)) {
		stats->c.rx_dropped++;
		post(b);
		return false;
	}
	post(rxbuf_get());
	return true;
}

// @exercise rx_poll 15 'Poll the receive ring, at most B frames'
uint32_t
rx_poll(uint32_t bound)
{
	uint32_t n, frames = 0, bytes = 0;

	stats->c.polls++;
	/* A frame makes one event at most, or tcp_emit() looks for room. */
	bound = MIN(bound, IX_EVENTS - event_count());
	for (n = 0; n < bound; n++) {
		struct ring_rx_frame f;
		enum ring_rx_result r = ring_rx_harvest(&ring, &f);

		if (r == RING_RX_EMPTY)
			break;
		if (unlikely(!take(r, &f)))
			continue;
		if (unlikely(tracing))
			trace_frame(f.len, frames);
		frames++;
		bytes += f.len;
		if (frames_on)
			show_frame((struct rxbuf *)f.cookie, f.len);
		else
			stack_in((struct rxbuf *)f.cookie, f.len, f.flags);
	}
	if (n == 0) {
		stats->c.polls_empty++;
		return 0;
	}
	stats->c.rx_frames += frames;
	stats->c.rx_bytes += bytes;
	if (rxbuf_nfree < stats->rx_free_min)
		stats->rx_free_min = rxbuf_nfree;
	stats->batches[31 - __builtin_clz(n)]++;
	return n;
}
// @end
