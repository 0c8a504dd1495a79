/*
 * netif.c: lwIP's network interface, between the pages of the input and
 * output environments and lwIP's pbufs. One copy each way.
 */
#include "net/ns.h"

#include "inc/ring.h"
#include "lib/lwip/neighbour.h"
#include "lib/lwip/tcp_buckets.h"
#include "lwip/etharp.h"
#include "lwip/inet_chksum.h"
#include "lwip/netif.h"
#include "lwip/prot/ethernet.h"
#include "lwip/prot/ip4.h"
#include "lwip/prot/tcp.h"
#include "lwip/prot/udp.h"

#define ETH_MIN		60u	/* shortest frame, without its checksum */
#define ETH_MAX		1514u

static struct netif interface;
static bool nic_csum;		/* the NIC does checksums, but for ICMP's */
/* Frames to our own address, linked by next, not yet received. */
static struct pbuf *loop_first, *loop_last;
/* As in input.c: output is done with a page when it receives the next. */
static struct jif_pkt frames[2] ALIGNED(PGSIZE);
static uint32_t turn;

/* Take a frame in, padded as the NIC would; NULL if there is no memory. */
static struct pbuf *
frame_alloc(uint32_t len)
{
	uint32_t padded = MAX(len, ETH_MIN);
	struct pbuf *p = pbuf_alloc(PBUF_RAW, padded, PBUF_POOL);

	if (p == NULL)
		ns_stats.count.rx_dropped++;
	else
		memset((char *)p->payload + len, 0, padded - len);
	return p;
}

void
netif_frame_in(const struct jif_pkt *pkt)
{
	uint32_t len = READ_ONCE(pkt->len);
	struct pbuf *p;

	if (len == 0 || len > ETH_MAX) {
		ns_stats.count.rx_malformed++;
		return;
	}
	p = frame_alloc(len);
	if (p == NULL)
		return;
	memcpy(p->payload, pkt->data, len);
	COUNT_COPY(&ns_stats.count, page_to_pbuf, len);
	ns_stats.count.rx_frames++;
	ns_stats.count.rx_bytes += len;
	interface.input(p, &interface);
	trace(TRACE_NS_STACK_IN, len, 0);
}

/*
 * A frame to ourselves. lwIP is in the middle of something: it is received
 * later, from the dispatcher.
 */
static void
loop_out(struct pbuf *p)
{
	struct pbuf *q = frame_alloc(p->tot_len);

	if (q == NULL)
		return;
	pbuf_copy_partial(p, q->payload, p->tot_len, 0);
	if (loop_first != NULL)
		loop_last->next = q;
	else
		loop_first = q;
	loop_last = q;
}

bool
netif_loop_in(void)
{
	struct pbuf *p;
	bool any = loop_first != NULL;

	while ((p = loop_first) != NULL) {
		loop_first = p->next;
		p->next = NULL;
		interface.input(p, &interface);
	}
	return any;
}

/*
 * Leave checksums to the NIC: what it shall compute for the frame in pkt. In
 * the field of TCP or UDP it wants to find the pseudo-header's sum.
 */
static uint32_t
offload(struct jif_pkt *pkt)
{
	struct eth_hdr *eth = (void *)pkt->data;
	struct ip_hdr *ip = (void *)(eth + 1);
	uint32_t sum;

	if (eth->type != PP_HTONS(ETHTYPE_IP))
		return 0;
	if (IPH_HL_BYTES(ip) != IP_HLEN) {
		/* The answer to a ping with options has them too. */
		IPH_CHKSUM_SET(ip, 0);
		IPH_CHKSUM_SET(ip, inet_chksum(ip, IPH_HL_BYTES(ip)));
		return 0;
	}
	sum = lwip_chksum(&ip->src, 8) + lwip_htons(IPH_PROTO(ip)) +
		lwip_htons(lwip_ntohs(IPH_LEN(ip)) - IP_HLEN);
	sum = (sum >> 16) + (uint16_t)sum;
	sum = (sum >> 16) + (uint16_t)sum;
	if (IPH_PROTO(ip) == IP_PROTO_TCP) {
		((struct tcp_hdr *)(ip + 1))->chksum = sum;
		return NET_CSUM(RING_TX_IP_CSUM | RING_TX_TCP_CSUM);
	}
	if (IPH_PROTO(ip) == IP_PROTO_UDP) {
		((struct udp_hdr *)(ip + 1))->chksum = sum;
		return NET_CSUM(RING_TX_IP_CSUM | RING_TX_UDP_CSUM);
	}
	return NET_CSUM(RING_TX_IP_CSUM);
}

/* lwIP sends a frame: p is a chain, ours to read during the call. */
static err_t
netif_frame_out(struct netif *netif, struct pbuf *p)
{
	struct jif_pkt *pkt = &frames[turn];

	if (p->tot_len > ETH_MAX)
		return ERR_BUF;
	if (memcmp(p->payload, netif->hwaddr, 6) == 0) {
		loop_out(p);
		return ERR_OK;
	}
	trace(TRACE_NS_STACK_OUT, p->tot_len, 0);
	pbuf_copy_partial(p, pkt->data, p->tot_len, 0);
	pkt->len = p->tot_len;
	if (nic_csum)
		pkt->len |= offload(pkt);
	trace(TRACE_NS_OUTPUT, p->tot_len, 0);
	COUNT_COPY(&ns_stats.count, pbuf_to_page, p->tot_len);
	if (sys_ipc_send(output_env, NSREQ_OUTPUT, pkt, PTE_P | PTE_U) < 0)
		return ERR_IF;
	turn ^= 1;
	ns_stats.frames_out++;
	ns_stats.count.tx_frames++;
	ns_stats.count.tx_bytes += p->tot_len;
	return ERR_OK;
}

static err_t
netif_setup(struct netif *netif)
{
	int i;

	netif->name[0] = 'e';
	netif->name[1] = 'n';
	netif->output = neighbour_output;
	netif->linkoutput = netif_frame_out;
	netif->mtu = 1500;
	netif->hwaddr_len = 6;
	for (i = 0; i < 6; i++)
		netif->hwaddr[i] = uinfo->nic[0].mac[i];
	netif->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP |
		NETIF_FLAG_ETHERNET | NETIF_FLAG_LINK_UP;
	nic_csum = uinfo->nic[0].csum != 0;
	if (nic_csum)
		NETIF_SET_CHECKSUM_CTRL(netif, NETIF_CHECKSUM_GEN_ICMP |
					NETIF_CHECKSUM_CHECK_ICMP);
	return ERR_OK;
}

/* An address from the boot arguments, or the default. */
static void
address(const char *name, const char *otherwise, ip4_addr_t *addr)
{
	char text[16];

	if (!boot_arg(name, text, sizeof(text)))
		strlcpy(text, otherwise, sizeof(text));
	if (!ip4addr_aton(text, addr)) {
		cprintf("ns: %s=%s is no address; %s is used\n", name, text,
			otherwise);
		ip4addr_aton(otherwise, addr);
	}
}

void
netif_start(void)
{
	ip4_addr_t ip, mask, gateway;
	struct eth_addr self;

	address("ip0", "10.0.2.15", &ip);
	address("mask0", "255.255.255.0", &mask);
	address("gw0", "10.0.2.2", &gateway);
	netif_add(&interface, &ip, &mask, &gateway, NULL, netif_setup,
		  tcp_buckets_input);
	netif_set_default(&interface);
	netif_set_up(&interface);
	/* What we send to our own address comes back: see loop_out. */
	memcpy(self.addr, interface.hwaddr, sizeof(self.addr));
	etharp_add_static_entry(&ip, &self);
	cprintf("ns: %02x:%02x:%02x:%02x:%02x:%02x bound to static IP %s\n",
		interface.hwaddr[0], interface.hwaddr[1],
		interface.hwaddr[2], interface.hwaddr[3],
		interface.hwaddr[4], interface.hwaddr[5],
		ip4addr_ntoa(netif_ip4_addr(&interface)));
}

void
netif_tick(void)
{
	neighbour_tick();
}
