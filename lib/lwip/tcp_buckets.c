/* tcp_buckets.c: hash buckets for lwIP's PCB lists; see tcp_buckets.h. */
#include "inc/types.h"

#include "lib/lwip/tcp_buckets.h"
#include "lwip/ip4.h"
#include "lwip/priv/tcp_priv.h"
#include "lwip/prot/ethernet.h"
#include "lwip/prot/ip4.h"
#include "lwip/prot/tcp.h"
#include "lwip/stats.h"
#include "netif/ethernet.h"

/*
 * One more than the hash can name: bucket NONE is always empty. With it
 * current, lwIP sees no connection at all.
 */
#define NONE	TCP_BUCKETS

struct bucket {
	struct tcp_pcb *active;
	struct tcp_pcb *tw;
	/* tcp_timer_ctr when the timers last walked it; see step_ctr(). */
	uint8_t walked;
};

static struct bucket buckets[TCP_BUCKETS + 1];
/* Bit n: bucket n may hold something. The current bucket's bit is stale. */
static uint64_t occupied[TCP_BUCKETS / 64];
static uint32_t current;
static uint64_t hash_key;
static uint32_t pcb_reserve;
static uint32_t recycle_cursor;

/*
 * The handshakes that peers began, oldest first, from begun_first up to
 * begun_end: what is to make room for another is the oldest. Entries of those
 * that came to an end stay until they are the oldest; port 0 marks one.
 */
#define BEGUN	1024		/* a power of two */

static struct handshake {
	uint32_t remote_ip;	/* network order */
	uint16_t remote_port;
	uint16_t local_port;
} begun[BEGUN];
static uint32_t begun_first, begun_end;

/* lwIP's tcp_timer_ctr, which is private to it: one up per timer call. */
static uint8_t timer_ctr;
static uint8_t tick_parity;

uint64_t tcp_buckets_refused;
uint64_t tcp_buckets_recycled;

/*
 * Multiplied twice: once by the secret alone, consecutive ports would make an
 * arithmetic progression, which for some secrets visits few buckets.
 */
static inline uint32_t
bucket_of(uint32_t remote_ip, uint16_t remote_port, uint16_t local_port)
{
	/* As the ports lie in a received header: there nothing is swapped. */
	uint64_t x = (uint64_t)remote_ip << 32 |
		(uint32_t)lwip_htons(local_port) << 16 |
		lwip_htons(remote_port);

	x = (x ^ x >> 29) * hash_key;
	x = (x ^ x >> 32) * 0x9e3779b97f4a7c15ul;
	return x >> (64 - TCP_BUCKETS_SHIFT);
}

/* Store the current bucket and make another one current. */
static inline void
bucket_select(uint32_t n)
{
	struct bucket *b = &buckets[current];

	if (n == current)
		return;
	b->active = tcp_active_pcbs;
	b->tw = tcp_tw_pcbs;
	if (current != NONE) {
		if (b->active != NULL || b->tw != NULL)
			occupied[current / 64] |= 1ul << (current % 64);
		else
			occupied[current / 64] &= ~(1ul << (current % 64));
	}
	tcp_active_pcbs = buckets[n].active;
	tcp_tw_pcbs = buckets[n].tw;
	current = n;
}

/* The bucket that a PCB is in, or NONE if it is in no split list. */
static uint32_t
bucket_of_pcb(const struct tcp_pcb *pcb)
{
	if (pcb->state == CLOSED || pcb->state == LISTEN)
		return NONE;
	return bucket_of(ip4_addr_get_u32(ip_2_ip4(&pcb->remote_ip)),
			 pcb->remote_port, pcb->local_port);
}

void
tcp_buckets_init(uint64_t key, uint32_t reserve)
{
	hash_key = key | 1;
	pcb_reserve = reserve;
	current = NONE;
}

uint32_t
tcp_buckets_used(void)
{
	return lwip_stats.memp[MEMP_TCP_PCB]->used;
}

bool
tcp_buckets_busy(void)
{
	return tcp_buckets_used() != 0;
}

/* Without a reset: what gives way in a flood has a forged address. */
static void
give_up(uint32_t bucket, struct tcp_pcb *pcb)
{
	bucket_select(bucket);
	tcp_abandon(pcb, 0);
	tcp_buckets_recycled++;
}

/* A half-open connection in a bucket; with a listener, only one of its own. */
static struct tcp_pcb *
half_open(const struct bucket *b, const struct tcp_pcb_listen *listener)
{
	struct tcp_pcb *pcb;

	for (pcb = b->active; pcb != NULL; pcb = pcb->next) {
		if (pcb->state == SYN_RCVD &&
		    (listener == NULL || pcb->listener == listener))
			return pcb;
	}
	return NULL;
}

/* The connection of a handshake, if it is still half open. */
static struct tcp_pcb *
find_begun(const struct handshake *h, uint32_t *bucket)
{
	struct tcp_pcb *pcb;

	if (h->local_port == 0)
		return NULL;
	*bucket = bucket_of(h->remote_ip, h->remote_port, h->local_port);
	for (pcb = buckets[*bucket].active; pcb != NULL; pcb = pcb->next) {
		if (pcb->state == SYN_RCVD &&
		    pcb->remote_port == h->remote_port &&
		    pcb->local_port == h->local_port &&
		    ip4_addr_get_u32(ip_2_ip4(&pcb->remote_ip)) ==
		    h->remote_ip)
			return pcb;
	}
	return NULL;
}

/* Give up the half-open connection that has waited longest. */
static bool
recycle_oldest(const struct tcp_pcb_listen *listener)
{
	struct tcp_pcb *pcb;
	struct handshake *h;
	uint32_t bucket = NONE;
	uint32_t i;

	for (i = begun_first; i != begun_end; i++) {
		h = &begun[i % BEGUN];
		if (listener != NULL && h->local_port != 0 &&
		    h->local_port != listener->local_port)
			continue;
		pcb = find_begun(h, &bucket);
		h->local_port = 0;
		if (i == begun_first)
			begun_first++;
		if (pcb != NULL) {
			give_up(bucket, pcb);
			return true;
		}
	}
	return false;
}

/* Give one up in the next bucket that has one: in turn, so none is spared. */
static bool
recycle_any(struct tcp_pcb *(*choose)(const struct bucket *,
				      const struct tcp_pcb_listen *),
	    const struct tcp_pcb_listen *listener)
{
	struct tcp_pcb *pcb;
	uint32_t n;

	for (n = 0; n < TCP_BUCKETS; n++) {
		recycle_cursor = (recycle_cursor + 1) % TCP_BUCKETS;
		pcb = choose(&buckets[recycle_cursor], listener);
		if (pcb != NULL) {
			give_up(recycle_cursor, pcb);
			return true;
		}
	}
	return false;
}

/* The oldest in TIME_WAIT: new ones are put in front. */
static struct tcp_pcb *
last_waiting(const struct bucket *b, const struct tcp_pcb_listen *listener)
{
	struct tcp_pcb *found = NULL;
	struct tcp_pcb *pcb;

	for (pcb = b->tw; pcb != NULL; pcb = pcb->next)
		found = pcb;
	return found;
}

/* Room for a SYN. What is not in `begun` any more is older than what is. */
static bool
recycle(const struct tcp_pcb_listen *listener)
{
	bucket_select(NONE);
	if (listener == NULL && recycle_any(last_waiting, NULL))
		return true;
	return recycle_oldest(listener) || recycle_any(half_open, listener);
}

static void
note_begun(uint32_t remote_ip, uint16_t remote_port, uint16_t local_port)
{
	if (begun_end - begun_first == BEGUN)
		begun_first++;
	begun[begun_end++ % BEGUN] = (struct handshake){
		remote_ip, remote_port, local_port
	};
}

static struct tcp_pcb_listen *
find_listener(uint16_t port)
{
	struct tcp_pcb_listen *l;

	for (l = tcp_listen_pcbs.listen_pcbs; l != NULL; l = l->next) {
		if (l->local_port == port)
			return l;
	}
	return NULL;
}

/* May a SYN to this port be let in? Others may have to make room. */
static bool
room_for_syn(uint32_t remote_ip, uint16_t remote_port, uint16_t port)
{
	struct tcp_pcb_listen *l = find_listener(port);
	bool room = true;

	if (l == NULL)
		return true;	/* to be refused */
	if (l->accepts_pending >= l->backlog)
		room = recycle(l);
	else if (tcp_buckets_used() + pcb_reserve > MEMP_NUM_TCP_PCB)
		room = recycle(NULL);
	if (room)
		note_begun(remote_ip, remote_port, port);
	else
		tcp_buckets_refused++;
	return room;
}

/* Make the bucket of a packet current; false if it is to be dropped. */
static bool
select_for_packet(const struct ip_hdr *ip, uint32_t len)
{
	uint32_t ihl = IPH_HL_BYTES(ip);
	const struct tcp_hdr *tcp = (const void *)((const uint8_t *)ip + ihl);

	if (IPH_PROTO(ip) != IP_PROTO_TCP || len < ihl + sizeof(*tcp))
		return true;
	if ((TCPH_FLAGS(tcp) & (TCP_SYN | TCP_ACK)) == TCP_SYN &&
	    !room_for_syn(ip->src.addr, lwip_ntohs(tcp->src),
			  lwip_ntohs(tcp->dest)))
		return false;
	bucket_select(bucket_of(ip->src.addr, lwip_ntohs(tcp->src),
				lwip_ntohs(tcp->dest)));
	return true;
}

err_t
tcp_buckets_input(struct pbuf *p, struct netif *netif)
{
	const struct eth_hdr *eth = p->payload;

	if (p->len < sizeof(*eth) + sizeof(struct ip_hdr) ||
	    eth->type != PP_HTONS(ETHTYPE_IP))
		return ethernet_input(p, netif);
	if (!select_for_packet((const void *)(eth + 1),
			       p->len - sizeof(*eth))) {
		pbuf_free(p);
		return ERR_OK;
	}
	if (eth->dest.addr[0] & 1)
		return ethernet_input(p, netif);
	/* Of a packet for one receiver ethernet_input() does no more. */
	p->if_idx = netif_get_index(netif);
	pbuf_remove_header(p, sizeof(*eth));
	return ip4_input(p, netif);
}

/*
 * lwIP marks each PCB with tcp_timer_ctr, one byte, when a timer has handled
 * it, and skips PCBs that carry the present value. It counts calls, of which
 * we make one per bucket: were a multiple of 256 calls made between two walks
 * of a bucket, its PCBs would be skipped. Then one call is spent on nothing.
 */
static void
step_ctr(uint32_t n)
{
	if ((uint8_t)(timer_ctr + 1) == buckets[n].walked) {
		bucket_select(NONE);
		tcp_fasttmr();
		timer_ctr++;
	}
	bucket_select(n);
	buckets[n].walked = ++timer_ctr;
}

/* Call a timer for each occupied bucket. */
static void
walk_buckets(void (*timer)(void))
{
	uint64_t bits;
	uint32_t word;
	uint32_t n;

	bucket_select(NONE);
	for (word = 0; word < ARRAY_SIZE(occupied); word++) {
		for (bits = occupied[word]; bits != 0; bits &= bits - 1) {
			n = word * 64 + __builtin_ctzl(bits);
			step_ctr(n);
			timer();
		}
	}
	bucket_select(NONE);
}

/* tcp_slowtmr() also counts time: once per tick, not once per bucket. */
static uint32_t tick_before;

static void
slow_timer(void)
{
	tcp_ticks = tick_before;
	tcp_slowtmr();
}

void
tcp_buckets_tmr(void)
{
	walk_buckets(tcp_fasttmr);
	tick_parity ^= 1;
	if (tick_parity == 0)
		return;
	tick_before = tcp_ticks;
	walk_buckets(slow_timer);
	tcp_ticks = tick_before + 1;
}

struct tcp_pcb *
tcp_buckets_new(void)
{
	uint32_t before = current;
	struct tcp_pcb *pcb;

	/* With nothing in sight lwIP finds no connection to kill for it. */
	bucket_select(NONE);
	pcb = tcp_new();
	bucket_select(before);
	return pcb;
}

err_t
tcp_buckets_bind(struct tcp_pcb *pcb, const ip_addr_t *addr, uint16_t port)
{
	uint32_t before = current;
	err_t err;

	bucket_select(NONE);
	err = tcp_bind(pcb, addr, port);
	bucket_select(before);
	return err;
}

/* Is there a connection from local_port to this peer in the current bucket? */
static bool
tuple_used(uint16_t local_port, const ip_addr_t *addr, uint16_t port)
{
	struct tcp_pcb *lists[2] = { tcp_active_pcbs, tcp_tw_pcbs };
	struct tcp_pcb *pcb;
	int i;

	for (i = 0; i < 2; i++) {
		for (pcb = lists[i]; pcb != NULL; pcb = pcb->next) {
			if (pcb->local_port == local_port &&
			    pcb->remote_port == port &&
			    ip_addr_cmp(&pcb->remote_ip, addr))
				return true;
		}
	}
	return false;
}

err_t
tcp_buckets_connect(struct tcp_pcb *pcb, uint16_t local_port,
		    const ip_addr_t *addr, uint16_t port,
		    tcp_connected_fn connected)
{
	uint32_t before = current;
	uint32_t home = bucket_of(ip4_addr_get_u32(ip_2_ip4(addr)), port,
				  local_port);
	err_t err = ERR_OK;

	bucket_select(home);
	if (tuple_used(local_port, addr, port))
		err = ERR_USE;
	/* Bound before the connection exists: no other may take the port. */
	if (err == ERR_OK && pcb->local_port != local_port)
		err = tcp_buckets_bind(pcb, &pcb->local_ip, local_port);
	if (err == ERR_OK)
		err = tcp_connect(pcb, addr, port, connected);
	bucket_select(before);
	return err;
}

/* Connections begun by a listener refer to it; it is about to go. */
static void
forget_listener(struct tcp_pcb_listen *listener)
{
	uint32_t before = current;
	struct tcp_pcb *pcb;
	uint32_t n;

	bucket_select(NONE);
	for (n = 0; n < 2 * TCP_BUCKETS; n++) {
		pcb = n % 2 ? buckets[n / 2].tw : buckets[n / 2].active;
		for (; pcb != NULL; pcb = pcb->next) {
			if (pcb->listener == listener)
				pcb->listener = NULL;
		}
	}
	bucket_select(before);
}

err_t
tcp_buckets_close(struct tcp_pcb *pcb)
{
	uint32_t before = current;
	err_t err;

	if (pcb->state == LISTEN)
		forget_listener((struct tcp_pcb_listen *)pcb);
	bucket_select(bucket_of_pcb(pcb));
	err = tcp_close(pcb);
	bucket_select(before);
	return err;
}

err_t
tcp_buckets_shutdown(struct tcp_pcb *pcb, int rx, int tx)
{
	uint32_t before = current;
	err_t err;

	bucket_select(bucket_of_pcb(pcb));
	err = tcp_shutdown(pcb, rx, tx);
	bucket_select(before);
	return err;
}

void
tcp_buckets_abort(struct tcp_pcb *pcb)
{
	uint32_t before = current;

	bucket_select(bucket_of_pcb(pcb));
	tcp_abort(pcb);
	bucket_select(before);
}
