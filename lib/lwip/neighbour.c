/* neighbour.c: see neighbour.h. */
#include "lib/lwip/neighbour.h"

#include "inc/types.h"
#include "lwip/etharp.h"
#include "lwip/opt.h"

/* lwIP gives an unanswered request up at the fifth etharp_tmr(). */
#define PENDING_TICKS	5
/* New neighbours asked for in a second: less than 5/8 of the table wait. */
#define ASKS		(ARP_TABLE_SIZE / 8)

static uint32_t asked[ASKS], nasked;	/* since the last tick */
static uint32_t last_known;		/* since then; 0: none */

_Static_assert(ASKS * PENDING_TICKS < ARP_TABLE_SIZE, "room for neighbours");

static bool
may_ask(uint32_t ip)
{
	for (uint32_t i = 0; i < nasked; i++) {
		if (asked[i] == ip)
			return true;
	}
	if (nasked == ASKS)
		return false;
	asked[nasked++] = ip;
	return true;
}

static bool
known(struct netif *netif, const ip4_addr_t *hop)
{
	struct eth_addr *mac;
	const ip4_addr_t *ip;

	if (hop->addr == last_known)
		return true;
	if (etharp_find_addr(netif, hop, &mac, &ip) < 0)
		return false;
	last_known = hop->addr;
	return true;
}

err_t
neighbour_output(struct netif *netif, struct pbuf *p, const ip4_addr_t *to)
{
	const ip4_addr_t *hop = to;

	if (ip4_addr_isbroadcast(to, netif) || ip4_addr_ismulticast(to))
		return etharp_output(netif, p, to);
	if (!ip4_addr_net_eq(to, netif_ip4_addr(netif),
			     netif_ip4_netmask(netif)))
		hop = netif_ip4_gw(netif);
	if (!known(netif, hop) && !may_ask(hop->addr))
		return ERR_OK;
	return etharp_output(netif, p, to);
}

void
neighbour_tick(void)
{
	etharp_tmr();
	nasked = 0;
	last_known = 0;
}
