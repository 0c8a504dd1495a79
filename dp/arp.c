/*
 * arp.c: one knowledge of neighbours for all cores. ARP frames carry no RSS
 * hash, so all of them arrive at queue 0. Its core publishes what they say in
 * the common region; the others read the log and feed their own lwIP a reply
 * that says the same, which also releases what waits for that address.
 *
 * The log has one writer. A reader that falls behind by the log's length
 * starts over with what is there; a binding that it misses is asked for again.
 *
 * Ethernet headers for the destinations used last are kept ready. They are
 * forgotten with every ARP frame and every second: so lwIP's table sees which
 * bindings are in use, and renews them in time.
 */
#include "dp/libos.h"
#include "lib/lwip/neighbour.h"
#include "lib/lwip/tcp_buckets.h"
#include "lwip/etharp.h"
#include "lwip/prot/etharp.h"
#include "lwip/prot/ethernet.h"

uint64_t arp_seen;

#define HEADERS	64
static struct {
	uint32_t ip;		/* network byte order; 0: none */
	struct eth_hdr eth;
} headers[HEADERS];

void
arp_forget(void)
{
	for (uint32_t i = 0; i < HEADERS; i++)
		headers[i].ip = 0;
}

/* Send by lwIP; then keep the header if the neighbour is known. */
static err_t
output_learn(struct netif *n, struct pbuf *p, const ip4_addr_t *to,
	     uint32_t slot)
{
	err_t e = neighbour_output(n, p, to);
	const ip4_addr_t *hop = to, *ip;
	struct eth_addr *mac;

	if (!ip4_addr_net_eq(to, netif_ip4_addr(n), netif_ip4_netmask(n)))
		hop = netif_ip4_gw(n);
	if (ip4_addr_isbroadcast(to, n) || ip4_addr_ismulticast(to) ||
	    etharp_find_addr(n, hop, &mac, &ip) < 0)
		return e;
	headers[slot].ip = to->addr;
	headers[slot].eth.dest = *mac;
	memcpy(&headers[slot].eth.src, n->hwaddr, 6);
	headers[slot].eth.type = PP_HTONS(ETHTYPE_IP);
	return e;
}

err_t
arp_output(struct netif *n, struct pbuf *p, const ip4_addr_t *to)
{
	uint32_t slot = (to->addr >> 24) % HEADERS;

	if (unlikely(headers[slot].ip != to->addr) ||
	    pbuf_add_header(p, sizeof(struct eth_hdr)))
		return output_learn(n, p, to, slot);
	__builtin_memcpy(p->payload, &headers[slot].eth,
			 sizeof(struct eth_hdr));
	return tx_pbuf(n, p);
}

void
arp_publish(const uint8_t *frame, uint32_t len)
{
	const struct eth_hdr *eth = (const void *)frame;
	const struct etharp_hdr *arp = (const void *)(eth + 1);
	uint64_t head = common->arp.head;
	uint32_t slot = head % DP_ARP_LOG;
	uint32_t ip;

	if (boot->ncores == 1 || eth->type != PP_HTONS(ETHTYPE_ARP) ||
	    len < sizeof(*eth) + sizeof(*arp))
		return;
	memcpy(&ip, &arp->sipaddr, sizeof(ip));
	if (ip == 0)
		return;		/* a probe binds nothing (RFC 5227) */
	common->arp.log[slot].ip = ip;
	memcpy(common->arp.log[slot].mac, &arp->shwaddr, 6);
	barrier();
	common->arp.head = head + 1;
	arp_seen = head + 1;
}

/* What a reply of that host to this core would look like. */
static void
feed_reply(uint32_t ip, const uint8_t *mac)
{
	struct pbuf *p = pbuf_alloc(PBUF_RAW, RING_FRAME_PAD, PBUF_RAM);
	struct etharp_hdr *arp;
	struct eth_hdr *eth;

	if (!p)
		return;
	memset(p->payload, 0, RING_FRAME_PAD);
	eth = p->payload;
	memcpy(&eth->dest, boot->mac, 6);
	memcpy(&eth->src, mac, 6);
	eth->type = PP_HTONS(ETHTYPE_ARP);
	arp = (void *)(eth + 1);
	arp->hwtype = PP_HTONS(1);		/* Ethernet */
	arp->proto = PP_HTONS(ETHTYPE_IP);
	arp->hwlen = 6;
	arp->protolen = 4;
	arp->opcode = PP_HTONS(ARP_REPLY);
	memcpy(&arp->shwaddr, mac, 6);
	memcpy(&arp->sipaddr, &ip, 4);
	memcpy(&arp->dhwaddr, boot->mac, 6);
	memcpy(&arp->dipaddr, netif_ip4_addr(&netif), 4);
	arp_forget();
	tcp_buckets_input(p, &netif);
}

void
arp_import(void)
{
	uint64_t head = common->arp.head;

	if (head - arp_seen > DP_ARP_LOG)
		arp_seen = head - DP_ARP_LOG;
	for (; arp_seen != head; arp_seen++) {
		uint32_t slot = arp_seen % DP_ARP_LOG;
		uint32_t ip = common->arp.log[slot].ip;
		uint8_t mac[6];

		memcpy(mac, common->arp.log[slot].mac, 6);
		barrier();
		/* Overwritten while it was read? */
		if (common->arp.head - arp_seen < DP_ARP_LOG)
			feed_reply(ip, mac);
	}
}
