/*
 * ping.c: ICMP echo requests (RFC 792) of the application: is a host there,
 * and how soon does its stack answer, whatever its applications do?
 *
 * lwIP answers requests by itself and ignores replies; rx.c shows those
 * frames here that can be one. They carry no RSS hash and arrive at queue 0,
 * so only its core may ask. One request is under way: a new one replaces it.
 */
#include "dp/libos.h"
#include "lwip/icmp.h"
#include "lwip/inet_chksum.h"
#include "lwip/ip4.h"
#include "lwip/prot/ethernet.h"
#include "lwip/prot/ip.h"

#define PING_ID		PP_HTONS(0x4a58)	/* "JX" */
#define PING_DATA	56
#define PING_TTL	64

bool ping_waiting;
static uint64_t ping_cookie;
static uint16_t ping_seq;	/* of the request that waits */

int64_t
call_ping(uint64_t ip, uint64_t cookie)
{
	struct icmp_echo_hdr *echo;
	struct pbuf *p;
	ip4_addr_t to;
	err_t e;

	if (ip == 0 || ip > 0xffffffff || core != 0)
		return -E_INVAL;
	p = pbuf_alloc(PBUF_IP, sizeof(*echo) + PING_DATA, PBUF_RAM);
	if (!p)
		return -E_NO_MEM;
	echo = p->payload;
	memset(echo, 0, p->len);
	echo->type = ICMP_ECHO;
	echo->id = PING_ID;
	echo->seqno = lwip_htons(++ping_seq);
	echo->chksum = inet_chksum(echo, p->len);
	to.addr = lwip_htonl(ip);
	e = ip4_output_if(p, netif_ip4_addr(&netif), &to, PING_TTL, 0,
			  IP_PROTO_ICMP, &netif);
	pbuf_free(p);
	if (e != ERR_OK)
		return e == ERR_MEM ? -E_NO_MEM : -E_NO_ROUTE;
	ping_cookie = cookie;
	ping_waiting = true;
	return 0;
}

bool
ping_reply(const uint8_t *mem, uint32_t len)
{
	const struct eth_hdr *eth = (const void *)mem;
	const struct ip_hdr *ip = (const void *)(eth + 1);
	const struct icmp_echo_hdr *echo = (const void *)(ip + 1);

	if (len < sizeof(*eth) + sizeof(*ip) + sizeof(*echo) ||
	    eth->type != PP_HTONS(ETHTYPE_IP) ||
	    IPH_HL_BYTES(ip) != sizeof(*ip) || IPH_PROTO(ip) != IP_PROTO_ICMP ||
	    echo->type != ICMP_ER || echo->id != PING_ID ||
	    echo->seqno != lwip_htons(ping_seq))
		return false;
	ping_waiting = false;
	event_post(IX_EV_PONG, 0, ping_cookie, 0, 0);
	return true;
}
