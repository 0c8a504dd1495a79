/*
 * stack.c: one lwIP instance between the frames layer and the modes: several
 * source addresses on one link, checksums, initial sequence numbers, timers.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lwip/init.h"
#include "lwip/etharp.h"
#include "lwip/ip4_frag.h"
#include "lwip/netif.h"
#include "lwip/priv/tcp_priv.h"
#include "lwip/stats.h"
#include "lwip/udp.h"
#include "netif/ethernet.h"
#include "bucket.h"
#include "clock.h"
#include "frames.h"
#include "stack.h"

#define FRAME_MIN	60
#define PORT_FIRST	1024
#define ISN_TICK	4096		/* ns per sequence number, RFC 6528 */

uint64_t stack_retransmits;

static struct netif netifs[STACK_IPS_MAX];
static uint64_t next_tcp, next_second;
static struct rng rng;
static unsigned port_at, port_ip;

uint32_t
stack_rand(void)
{
	return (uint32_t)(rng_next(&rng) >> 32);
}

void
stack_assert(const char *what, const char *file, int line)
{
	fprintf(stderr, "load: lwIP: %s (%s:%d)\n", what, file, line);
	abort();
}

/* lwIP's clock, in milliseconds. */
u32_t
sys_now(void)
{
	return (u32_t)(clock_now() / MSEC);
}

/* Grows with time and differs per connection, so a 4-tuple can come again. */
uint32_t
stack_isn(const struct ip4_addr *local, uint16_t local_port,
    const struct ip4_addr *remote, uint16_t remote_port)
{
	uint64_t key = (uint64_t)(local->addr ^ remote->addr) << 32 |
	    (uint32_t)local_port << 16 | remote_port;

	key *= 0xd6e8feb86659fd93ull;
	return (uint32_t)(key >> 32) + (uint32_t)(clock_now() / ISN_TICK);
}

/*
 * lwIP calls this for each segment that leaves, with room for options, of
 * which none are added: it counts those sent before.
 */
uint32_t *
stack_count_segment(const struct tcp_hdr *hdr, const struct tcp_pcb *pcb,
    uint32_t *opts)
{
	if (!pcb)
		return opts;
	if (TCPH_FLAGS(hdr) & TCP_SYN)
		stack_retransmits += pcb->nrtx > 0;
	else if (TCP_SEQ_LT(lwip_ntohl(hdr->seqno), pcb->snd_nxt))
		stack_retransmits++;
	return opts;
}

/* Sends what lwIP built, padded to the least an Ethernet carries. */
static err_t
output(struct netif *netif, struct pbuf *p)
{
	static uint8_t frame[FRAME_MAX];
	size_t len = p->tot_len - ETH_PAD_SIZE;

	LWIP_UNUSED_ARG(netif);
	if (p->len == p->tot_len && len >= FRAME_MIN) {
		frames_send((uint8_t *)p->payload + ETH_PAD_SIZE, len);
		return ERR_OK;
	}
	pbuf_copy_partial(p, frame, (u16_t)len, ETH_PAD_SIZE);
	if (len < FRAME_MIN) {
		memset(frame + len, 0, FRAME_MIN - len);
		len = FRAME_MIN;
	}
	frames_send(frame, len);
	return ERR_OK;
}

static err_t
netif_up(struct netif *netif)
{
	netif->name[0] = 'l';
	netif->name[1] = 'd';
	netif->output = etharp_output;
	netif->linkoutput = output;
	netif->mtu = 1500;
	netif->hwaddr_len = 6;
	memcpy(netif->hwaddr, opt.mac, 6);
	netif->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP |
	    NETIF_FLAG_ETHERNET;
	return ERR_OK;
}

void
stack_init(void)
{
	rng_seed(&rng, opt.seed, 3);
	lwip_init();
	for (unsigned i = 0; i < opt.ips; i++) {
		ip4_addr_t ip = { lwip_htonl(opt.ip + i) };
		ip4_addr_t mask = { lwip_htonl(opt.mask) };
		ip4_addr_t gw = { lwip_htonl(opt.peer) };
		netif_add(&netifs[i], &ip, &mask, &gw, NULL, netif_up,
		    ethernet_input);
		netif_set_up(&netifs[i]);
		/* only now, and by hand: no ARP of its own accord */
		netifs[i].flags |= NETIF_FLAG_LINK_UP;
	}
	netif_set_default(&netifs[0]);
	port_at = opt.port_base ? opt.port_base :
	    PORT_FIRST + (unsigned)(clock_now() / MSEC % 50000);
	next_tcp = next_second = clock_now();
}

static uint32_t
word(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, 4);
	return v;
}

static uint16_t
half(const uint8_t *p)
{
	uint16_t v;

	memcpy(&v, p, 2);
	return v;
}

/* The netif that a frame's IP or ARP target address belongs to. */
static struct netif *
netif_for(const uint8_t *f)
{
	size_t at = f[12] == 8 && f[13] == 6 ? 38 : 30;
	uint32_t i = lwip_ntohl(word(f + at)) - opt.ip;

	return &netifs[i < opt.ips ? i : 0];
}

/* Hands a packet to lwIP with only the PCBs in sight that it can concern. */
static void
input(struct pbuf *p, const uint8_t *f, struct netif *netif)
{
	int ip = f[12] == 8 && f[13] == 0;
	int fragment = ip && ((f[20] & 0x3f) || f[21]);
	const uint8_t *l4 = f + 14 + (f[14] & 15) * 4;
	unsigned before;

	if (fragment) {
		before = bucket_enter_all();
		bucket_udp_enter_all();
		if (netif->input(p, netif) != ERR_OK)
			pbuf_free(p);
		bucket_udp_leave_all();
		bucket_leave_all(before);
		return;
	}
	uint16_t from = lwip_ntohs(half(l4)), to = lwip_ntohs(half(l4 + 2));
	before = bucket_enter(bucket_of(word(f + 30), to, word(f + 26),
	    from));
	bucket_udp_enter(to);
	if (netif->input(p, netif) != ERR_OK)
		pbuf_free(p);
	bucket_udp_leave(to);
	bucket_leave(before);
}

void
stack_input(const uint8_t *frame, size_t len)
{
	static uint8_t padded[128];

	if (len > 65535 - ETH_PAD_SIZE)
		return;
	if (len < 78) {			/* headers may be read unseen */
		memset(padded, 0, sizeof(padded));
		memcpy(padded, frame, len);
		frame = padded;
		if (len < FRAME_MIN)
			len = FRAME_MIN;
	}
	struct pbuf *p = pbuf_alloc(PBUF_RAW, (u16_t)(len + ETH_PAD_SIZE),
	    PBUF_POOL);
	if (!p)
		return;
	pbuf_take_at(p, frame, (u16_t)len, ETH_PAD_SIZE);
	input(p, frame, netif_for(frame));
}

void
stack_tick(uint64_t now)
{
	if (now >= next_tcp) {
		unsigned before = bucket_enter_all();
		tcp_tmr();
		bucket_leave_all(before);
		next_tcp = now - next_tcp > 10 * opt.tick ? now + opt.tick :
		    next_tcp + opt.tick;
	}
	if (now >= next_second) {
		etharp_tmr();
		ip_reass_tmr();
		next_second = now + SEC;
	}
}

uint64_t
stack_next(void)
{
	return next_tcp < next_second ? next_tcp : next_second;
}

void
stack_exit(void)
{
	bucket_enter_all();
	bucket_udp_enter_all();
	while (tcp_active_pcbs)
		tcp_abandon(tcp_active_pcbs, 0);
	while (tcp_tw_pcbs)
		tcp_abandon(tcp_tw_pcbs, 0);
	while (tcp_listen_pcbs.pcbs)
		tcp_close(tcp_listen_pcbs.pcbs);
	while (udp_pcbs)
		udp_remove(udp_pcbs);
	for (unsigned i = 0; i < opt.ips; i++)
		etharp_cleanup_netif(&netifs[i]);
	for (int i = 0; i <= IP_REASS_MAXAGE; i++)
		ip_reass_tmr();
}

const uint8_t *
stack_peer_mac(void)
{
	ip4_addr_t peer = { lwip_htonl(opt.peer) };
	const ip4_addr_t *found;
	struct eth_addr *mac;

	if (etharp_find_addr(&netifs[0], &peer, &mac, &found) >= 0)
		return mac->addr;
	return NULL;
}

void
stack_ask_peer(void)
{
	ip4_addr_t peer = { lwip_htonl(opt.peer) };

	etharp_request(&netifs[0], &peer);
}

uint64_t
stack_bad_checksums(void)
{
	return (uint64_t)lwip_stats.ip.chkerr + lwip_stats.tcp.chkerr +
	    lwip_stats.udp.chkerr + lwip_stats.icmp.chkerr;
}

uint16_t
stack_new_port(uint32_t *ip)
{
	unsigned port = port_at;

	*ip = opt.ip + port_ip;
	if (++port_ip == opt.ips) {
		port_ip = 0;
		if (++port_at > 65535)
			port_at = PORT_FIRST;
	}
	return (uint16_t)port;
}
