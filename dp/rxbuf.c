/*
 * rxbuf.c: this core's receive buffers. Their memory is the pool at
 * DP_RXPOOL, which the application sees read-only; what is known about each
 * lies here, where it sees nothing. Whoever has a buffer gives it back by
 * rxbuf_put(), or, once a pbuf has been made of it, by freeing the pbuf.
 */
#include "dp/libos.h"

static struct rxbuf bufs[DP_RX_BUFFERS];
static struct rxbuf *free_stack[DP_RX_BUFFERS];
uint32_t rxbuf_nfree;

static void
pbuf_freed(struct pbuf *p)
{
	rxbuf_put((struct rxbuf *)p);
}

void
rxbuf_init(void)
{
	uint32_t n = MIN(boot->rx_buffers, (uint32_t)DP_RX_BUFFERS);

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

struct rxbuf *
rxbuf_get(void)
{
	struct rxbuf *b = free_stack[--rxbuf_nfree];

	b->state = RXBUF_STACK;
	return b;
}

void
rxbuf_put(struct rxbuf *b)
{
	b->state = RXBUF_FREE;
	free_stack[rxbuf_nfree++] = b;
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
	b->state = RXBUF_STACK;
	return p;
}

uint64_t
rxbuf_show(struct rxbuf *b, const void *payload, uint32_t len,
	   enum rxbuf_state state)
{
	b->state = state;
	b->len = len;
	b->shown = IX_CORE(core) + IX_RXPOOL_OFF +
		((uint64_t)payload - DP_RXPOOL);
	return b->shown;
}

struct rxbuf *
rxbuf_shown(uint64_t addr, uint64_t len)
{
	uint64_t off = addr - (IX_CORE(core) + IX_RXPOOL_OFF);
	struct rxbuf *b;

	if (off / RING_RX_BUFFER >= boot->rx_buffers)
		return NULL;
	b = &bufs[off / RING_RX_BUFFER];
	if (b->state < RXBUF_UDP || b->state > RXBUF_TCP)
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
