/*
 * rxbuf.c: this core's receive buffers. Their memory is the pool at
 * DP_RXPOOL, which the application sees read-only; what is known about each
 * lies here, where it sees nothing. Whoever has a buffer gives it back by
 * rxbuf_put(), or, once a pbuf has been made of it, by freeing the pbuf.
 */
#include "dp/libos.h"

static struct rxbuf bufs[DP_RX_BUFFERS];
struct rxbuf *rxbuf_free_stack[DP_RX_BUFFERS];
uint32_t rxbuf_nfree;
uint64_t rxbuf_view;
static uint64_t view_start, view_len;	/* as the application sees it */

static void
pbuf_freed(struct pbuf *p)
{
	rxbuf_put((struct rxbuf *)p);
}

void
rxbuf_init(void)
{
	uint32_t n = MIN(boot->rx_buffers, (uint32_t)DP_RX_BUFFERS);

	view_start = IX_CORE(core) + IX_RXPOOL_OFF;
	view_len = (uint64_t)n * RING_RX_BUFFER;
	rxbuf_view = view_start - DP_RXPOOL;
	for (uint32_t i = n; i > 0; i--) {
		struct rxbuf *b = &bufs[i - 1];
		uint64_t va = DP_RXPOOL + (i - 1) * RING_RX_BUFFER;
		uint32_t run;

		b->mem = (uint8_t *)va;
		b->pa = dp_dma_addr(va, &run);
		b->pc.custom_free_function = pbuf_freed;
		rxbuf_put(b);
	}
	stats->rx_free_min = rxbuf_nfree;
}

struct pbuf *
rxbuf_pbuf(struct rxbuf *b, uint32_t len)
{
	struct pbuf *p = &b->pc.pbuf;

	p->next = NULL;
	p->payload = b->mem;
	p->tot_len = p->len = len;
	p->type_internal = PBUF_REF;
	p->flags = PBUF_FLAG_IS_CUSTOM;
	p->ref = 1;
	p->if_idx = NETIF_NO_INDEX;
	return p;
}

struct rxbuf *
rxbuf_at(uint64_t addr)
{
	uint64_t off = addr - view_start;

	return off < view_len ? &bufs[off / RING_RX_BUFFER] : NULL;
}

struct rxbuf *
rxbuf_shown(uint64_t addr, uint64_t len)
{
	struct rxbuf *b = rxbuf_at(addr);

	if (!b || b->state == RXBUF_HIDDEN)
		return NULL;
	if (addr < b->shown || len > b->len ||
	    addr - b->shown > b->len - len)
		return NULL;
	return b;
}

uint16_t
tcp_ooseq_limit(void)
{
	uint32_t n = rxbuf_nfree > DP_RX_SLOTS ? rxbuf_nfree - DP_RX_SLOTS : 0;

	return MIN(n / 8, (uint32_t)TCP_OOSEQ_MAX_PBUFS);
}
