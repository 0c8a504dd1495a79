/*
 * lwipopts.h: lwIP as the load generator uses it.  One instance, no system
 * layer, its timers driven by stack.c, its PCB lists split into buckets by
 * bucket.c, all its memory from mem.c (growing size-class pools, so there is
 * no limit on connections but the machine's).
 */
#ifndef LOAD_LWIPOPTS_H
#define LOAD_LWIPOPTS_H

#include <stdint.h>
#include <stddef.h>

#define NO_SYS			1
#define SYS_LIGHTWEIGHT_PROT	0
#define LWIP_TIMERS		0
#define LWIP_NETCONN		0
#define LWIP_SOCKET		0
#define LWIP_SINGLE_NETIF	0
#define LWIP_IPV4		1
#define LWIP_IPV6		0
#define LWIP_RAW		1
#define LWIP_DHCP		0
#define LWIP_ACD		0
#define LWIP_DNS		0
#define LWIP_ICMP		1

/* Memory.  Under the sanitizers every object is a heap object of its own. */
#define MEM_ALIGNMENT		8
#define MEMP_MEM_MALLOC		1
#define MEM_CUSTOM_ALLOCATOR	1
#if defined(__SANITIZE_ADDRESS__)
#define LOAD_LIBC_HEAP		1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define LOAD_LIBC_HEAP		1
#endif
#endif
#ifdef LOAD_LIBC_HEAP
#include <stdlib.h>
#define MEM_CUSTOM_MALLOC	malloc
#define MEM_CUSTOM_CALLOC	calloc
#define MEM_CUSTOM_FREE		free
#else
#define LWIP_NOASSERT		1
#define MEM_CUSTOM_MALLOC	load_mem_alloc
#define MEM_CUSTOM_CALLOC	load_mem_calloc
#define MEM_CUSTOM_FREE		load_mem_free
void *load_mem_alloc(size_t n);
void *load_mem_calloc(size_t count, size_t n);
void load_mem_free(void *p);
#endif

/* Ethernet and ARP. */
#define ETH_PAD_SIZE		2
#define ARP_TABLE_SIZE		127
#define ARP_QUEUEING		1
#define ARP_QUEUE_LEN		64
#define ETHARP_TABLE_MATCH_NETIF 0
#define ETHARP_TRUST_IP_MAC	0

/* IP. */
#define IP_REASSEMBLY		1
#define IP_REASS_MAX_PBUFS	512
#define MEMP_NUM_REASSDATA	256
#define IP_FRAG			1

/* TCP: large scaled windows, request-response friendly. */
#define TCP_MSS			1460
#define TCP_WND			(256 * 1024)
#define LWIP_WND_SCALE		1
#define TCP_RCV_SCALE		3
#define TCP_SND_BUF		(256 * 1024)
#define TCP_SND_QUEUELEN	(4 * TCP_SND_BUF / TCP_MSS)
#define TCP_OVERSIZE		0
#define TCP_QUEUE_OOSEQ		1
#define TCP_LISTEN_BACKLOG	0
#define TCP_MSL			1000
#define TCP_TMR_INTERVAL	10
#define LWIP_TCP_RTO_TIME	500
#define TCP_SYNMAXRTX		12
#define LWIP_DISABLE_TCP_SANITY_CHECKS 1
#define LWIP_HOOK_TCP_ISN	stack_isn
struct ip4_addr;
uint32_t stack_isn(const struct ip4_addr *local, uint16_t local_port,
    const struct ip4_addr *remote, uint16_t remote_port);

#define LWIP_HOOK_TCP_OUT_ADD_TCPOPTS(p, hdr, pcb, opts) \
	stack_count_segment(hdr, pcb, opts)
struct tcp_hdr;
struct tcp_pcb;
uint32_t *stack_count_segment(const struct tcp_hdr *hdr,
    const struct tcp_pcb *pcb, uint32_t *opts);

/* Checksums are always computed and checked: this is a test tool. */
#define LWIP_CHKSUM		stack_checksum
uint16_t stack_checksum(const void *p, int n);

/* Counters: bad checksums received, segments retransmitted. */
#define LWIP_STATS		1
#define LWIP_STATS_LARGE	1
#define MIB2_STATS		1
#define MEM_STATS		0
#define MEMP_STATS		0

#endif
