/*
 * arp.c: one knowledge of neighbours for all cores. ARP frames carry no RSS
 * hash, so all of them arrive at queue 0. Its core publishes what they say in
 * the common region; the others read the log and feed their own lwIP a reply
 * that says the same, which also releases what waits for that address.
 *
 * The log has one writer. A reader that falls behind by the log's length
 * starts over with what is there; a binding that it misses is asked for again.
 */
#include "dp/libos.h"
#include "lib/lwip/tcp_buckets.h"
#include "lwip/prot/etharp.h"
#include "lwip/prot/ethernet.h"

uint64_t arp_seen;

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
