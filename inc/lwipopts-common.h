/*
 * lwipopts-common.h: how lwIP is configured in both network servers. The two
 * designs are compared, so what one of them gains here the other gains too:
 * net/lwip/lwipopts.h and dp/lwip/lwipopts.h set the sizes below and include
 * this file, and differ in nothing else.
 *
 * The stack runs without a system layer (NO_SYS): one caller at a time, its
 * timers driven by tcp_buckets_tmr() and etharp_tmr(), its PCB lists kept in
 * buckets (lib/lwip/tcp_buckets.h, which also says what must not be called
 * directly).
 */
#ifndef JIX_INC_LWIPOPTS_COMMON_H
#define JIX_INC_LWIPOPTS_COMMON_H

#include "inc/types.h"

/*
 * Sizes, set by the includer:
 * JIX_TCP_CONNS	TCP connections, those in TIME_WAIT included
 * JIX_UDP_PCBS		UDP sockets
 * JIX_SEGMENTS		segments queued or in flight, of all connections
 * JIX_RX_PBUFS		received frames held (0: the port has its own pool)
 * JIX_RAW		raw sockets (lab-6 has them, for its ping)
 */
#if !defined(JIX_TCP_CONNS) || !defined(JIX_UDP_PCBS) || \
	!defined(JIX_SEGMENTS) || !defined(JIX_RX_PBUFS) || !defined(JIX_RAW)
#error "set the sizes before including this file"
#endif

/* No system layer; timers called by the port. */
#define NO_SYS			1
#define SYS_LIGHTWEIGHT_PROT	0
#define LWIP_TIMERS		0
#define LWIP_NETCONN		0
#define LWIP_SOCKET		0

/* Protocols. Fragments are neither made nor put together. */
#define LWIP_IPV4		1
#define LWIP_IPV6		0
#define LWIP_ARP		1
#define LWIP_ICMP		1
#define LWIP_RAW		JIX_RAW
#define LWIP_UDP		1
#define LWIP_TCP		1
#define LWIP_DHCP		0
#define LWIP_ACD		0
#define LWIP_DNS		0
#define LWIP_IGMP		0
#define IP_REASSEMBLY		0
#define IP_FRAG			0
#define IP_FORWARD		0
#define LWIP_SINGLE_NETIF	1
#define LWIP_HAVE_LOOPIF	0
#define LWIP_NETIF_LOOPBACK	0

/* A burst of SYNs from a new neighbour waits for its address. */
#define ARP_TABLE_SIZE		256	/* see lib/lwip/neighbour.h */
#define ARP_QUEUEING		1
#define ARP_QUEUE_LEN		32
#define MEMP_NUM_ARP_QUEUE	256
#define ETHARP_SUPPORT_STATIC_ENTRIES 1

/* TCP. */
#define TCP_MSS			1460
#define TCP_WND			(44 * TCP_MSS)
#define TCP_SND_BUF		(44 * TCP_MSS)
#define TCP_SND_QUEUELEN	(4 * TCP_SND_BUF / TCP_MSS)
#define TCP_OVERSIZE		0
#define TCP_QUEUE_OOSEQ		1
#define TCP_OOSEQ_MAX_PBUFS	48
/* What waits for a gap to close may not take the last buffers. */
#define TCP_OOSEQ_PBUFS_LIMIT(pcb)	tcp_ooseq_limit()
uint16_t tcp_ooseq_limit(void);
#define TCP_LISTEN_BACKLOG	1
#define TCP_DEFAULT_LISTEN_BACKLOG 255
#define PBUF_POOL_FREE_OOSEQ	0	/* it would walk one bucket only */
#define TCP_TMR_INTERVAL	10	/* ms; delayed ACK after one of them */
#define TCP_MSL			1000	/* ms; TIME_WAIT lasts two of them */
#define LWIP_TCP_RTO_TIME	1000	/* ms; first retransmission of a SYN */
/* A peer that vanished is noticed: SOF_KEEPALIVE is set on every socket. */
#define TCP_KEEPIDLE_DEFAULT	60000U	/* ms */
#define TCP_KEEPINTVL_DEFAULT	5000U	/* ms */
#define TCP_KEEPCNT_DEFAULT	4U

#define LWIP_HOOK_TCP_ISN	tcp_isn
struct ip4_addr;
uint32_t tcp_isn(const struct ip4_addr *local, uint16_t local_port,
		 const struct ip4_addr *remote, uint16_t remote_port);

/*
 * Checksums: each netif says in its chksum_flags what the NIC leaves to
 * software.
 */
#define LWIP_CHECKSUM_CTRL_PER_NETIF 1
#define LWIP_CHKSUM		lwip_chksum
uint16_t lwip_chksum(const void *data, int len);

/*
 * Memory: fixed pools, because lwIP's heap searches linearly. The classes of
 * mem_malloc are in lib/lwip/lwippools.h. A SYN is refused before the PCBs
 * run out (tcp_buckets.h): lwIP then never has to kill a connection.
 */
#define MEM_ALIGNMENT		8
#define MEM_USE_POOLS		1
#define MEMP_USE_CUSTOM_POOLS	1
#define MEM_USE_POOLS_TRY_BIGGER_POOL 1
#define MEMP_NUM_TCP_PCB	JIX_TCP_CONNS
#define MEMP_NUM_TCP_PCB_LISTEN	128
#define MEMP_NUM_TCP_SEG	(2 * JIX_SEGMENTS)
#define MEMP_NUM_UDP_PCB	JIX_UDP_PCBS
#define MEMP_NUM_RAW_PCB	8
#define MEMP_NUM_PBUF		JIX_SEGMENTS
#if JIX_RX_PBUFS > 0
#define PBUF_POOL_SIZE		JIX_RX_PBUFS
#else
#define PBUF_POOL_SIZE		16
#endif
#define PBUF_POOL_BUFSIZE	1536

/* lwIP's assertions cost 160 instructions of each message; tests keep them. */
#ifndef JIX_LWIP_ASSERT
#define LWIP_NOASSERT		1
#endif

#define LWIP_STATS		1
#define MEMP_STATS		1
#define MEM_STATS		0
#define LINK_STATS		0
#define ETHARP_STATS		0
#define IP_STATS		0
#define ICMP_STATS		0
#define UDP_STATS		0
#define TCP_STATS		0
#define SYS_STATS		0
#define LWIP_STATS_DISPLAY	0

#endif
