/*
 * main.c: the start of a core: publish where everything is, set up buffers,
 * rings and lwIP, then enter the application in ring 3. From then on the
 * libOS runs only when the application enters it (loop.c).
 */
#include "dp/libos.h"
#include "lib/lwip/tcp_buckets.h"
#include "lib/lwip/tcp_isn.h"
#include "lwip/etharp.h"
#include "lwip/init.h"

/* PCBs kept free for the SYNs of live peers. */
#define SYN_RESERVE	64

uint32_t core;
struct dp_stats *stats;
struct ix_area *area;
struct netif netif;
uint64_t tsc_per_us;

void dp_main(void);
void dp_enter_app(uint64_t entry, uint64_t rsp) NORETURN;

static uint64_t
micros(void)
{
	return read_tsc() / tsc_per_us;
}

bool tracing;
/* Aligned so that it lies in one 2 MB page. */
static struct trace_ring trace_ring ALIGNED(256 * 1024);
_Static_assert(sizeof(struct trace_ring) <= 256 * 1024, "see above");

void
trace_record(enum station s, uint64_t a, uint64_t b)
{
	trace_put(&trace_ring, (struct trace_event) {
		.tsc = read_tsc(), .station = s, .cpu = boot->cpu, .ring = 1,
		.a = a, .b = b,
	});
}

static err_t
netif_setup(struct netif *n)
{
	n->name[0] = 'd';
	n->name[1] = 'p';
	n->mtu = 1500;
	n->hwaddr_len = 6;
	memcpy(n->hwaddr, boot->mac, 6);
	n->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP |
		NETIF_FLAG_ETHERNET;
	n->output = arp_output;
	n->linkoutput = tx_pbuf;
	/* The 82576 does these; frames it found bad never get here. */
	if (boot->ring_kind == RING_ADV)
		NETIF_SET_CHECKSUM_CTRL(n, NETIF_CHECKSUM_GEN_ICMP |
					NETIF_CHECKSUM_CHECK_ICMP);
	return ERR_OK;
}

static void
lwip_setup(void)
{
	ip4_addr_t ip, mask, gateway;

	ip.addr = lwip_htonl(boot->ip);
	mask.addr = lwip_htonl(boot->netmask);
	gateway.addr = lwip_htonl(boot->gateway);
	tcp_isn_init(boot->seed + core, micros);
	lwip_init();
	tcp_buckets_init((uint64_t)tcp_isn_random() << 32 | tcp_isn_random(),
			 SYN_RESERVE);
	netif_add(&netif, &ip, &mask, &gateway, NULL, netif_setup,
		  tcp_buckets_input);
	netif_set_default(&netif);
	netif_set_link_up(&netif);
	netif_set_up(&netif);
}

static void
fill_info(void)
{
	struct ix_info *info = &area->info;

	info->core = core;
	info->ncores = boot->ncores;
	info->cpu = boot->cpu;
	info->batch = boot->batch;
	info->tsc_hz = boot->tsc_hz;
	info->ip = boot->ip;
	memcpy(info->mac, boot->mac, 6);
	info->small_send = DP_SMALL_SEND;
	info->seed = boot->seed;
	info->exact = boot->exact;
	memcpy(area->args, boot->args, IX_ARGS);
}

void
dp_main(void)
{
	core = boot->core;
	stats = (struct dp_stats *)DP_STATS;
	area = IX_AREA(core);
	tsc_per_us = MAX(boot->tsc_hz / 1000000, 1ul);
	arp_seen = common->arp.head;
	tracing = boot->tracing != 0;
	stats->trace_ring = tracing ? (uint64_t)&trace_ring : 0;
	dp_phys_init();
	rxbuf_init();
	rx_init();
	tx_init();
	lwip_setup();
	udp_mod_init();
	tcp_mod_init();
	loop_init();
	fill_info();
	dp_enter_app(boot->app_entry, IX_CORE(core) + IX_STACK_TOP_OFF - 8);
}
