/*
 * neighbour.h: whom lwIP asks for its Ethernet address. Packets to addresses
 * of this network that nobody has, such as answers to a flood of SYNs with
 * made-up senders, would each take a place in lwIP's ARP table, from the
 * oldest known neighbour first. So requests for new neighbours are rationed:
 * those unanswered never fill the table. One instance per lwIP instance.
 */
#ifndef JIX_LWIP_NEIGHBOUR_H
#define JIX_LWIP_NEIGHBOUR_H

#include "lwip/err.h"
#include "lwip/ip4_addr.h"
#include "lwip/netif.h"
#include "lwip/pbuf.h"

/*
 * netif->output: etharp_output(), but a packet to a neighbour who may not be
 * asked for now is lost, as on the wire (ERR_OK: who sent it has timers).
 */
err_t neighbour_output(struct netif *netif, struct pbuf *p,
		       const ip4_addr_t *to);
/* Once a second (ARP_TMR_INTERVAL): does what etharp_tmr() does. */
void neighbour_tick(void);

#endif
