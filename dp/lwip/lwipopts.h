/*
 * lwipopts.h: the sizes of the dataplane's lwIP, of which every core has one;
 * everything else is common to both servers.
 */
#ifndef JIX_DP_LWIPOPTS_H
#define JIX_DP_LWIPOPTS_H

#define JIX_TCP_CONNS	16384
#define JIX_UDP_PCBS	64
#define JIX_SEGMENTS	8192
#define JIX_RAW		0
#define JIX_RX_PBUFS	0		/* dp/rxbuf.c has the receive buffers */

#define LWIP_SUPPORT_CUSTOM_PBUF	1

/* One of lwIP's checks counts its own receive pool, which is not used. */
#define LWIP_DISABLE_TCP_SANITY_CHECKS	1

#include "inc/lwipopts-common.h"

#endif
