/* tcp_buckets.c: hash buckets for lwIP's PCB lists; see tcp_buckets.h. */
#include "inc/types.h"

#include "lib/lwip/tcp_buckets.h"
#include "lib/lwip/tcp_lists.h"
#include "lwip/ip4.h"
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

static struct bucket buckets[TCP_BUCKETS + 1];
/* Bit n: something has happened in bucket n since the last fast tick. */
static uint64_t touched[TCP_BUCKETS / 64 + 1];
/* Or was timed in it in the last slow tick. */
static uint64_t awake[TCP_BUCKETS / 64];
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
#define KEEP_ALIVE_TURNS	64	/* slow ticks, see tcp_buckets.h */

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

static inline void
bucket_touch(uint32_t n)
{
	touched[n / 64] |= 1ul << (n % 64);
}

/* Store the current bucket and make another one current. */
static inline void
bucket_load(uint32_t n)
{
	struct bucket *b = &buckets[current];

	if (n == current)
		return;
	b->active = tcp_active_pcbs;
	b->tw = tcp_tw_pcbs;
	tcp_active_pcbs = buckets[n].active;
	tcp_tw_pcbs = buckets[n].tw;
	current = n;
}

/* The same for something that happens to a connection in it. */
static inline void
bucket_select(uint32_t n)
{
	bucket_touch(n);
	bucket_load(n);
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
		/* What can give way is timed. */
		if (!((awake[recycle_cursor / 64] |
		       touched[recycle_cursor / 64]) >>
		      recycle_cursor % 64 & 1))
			continue;
		pcb = choose(&buckets[recycle_cursor], listener);
		if (pcb != NULL) {
			give_up(recycle_cursor, pcb);
			return true;
		}
	}
	return false;
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

/* --- Timers ------------------------------------------------------------- */

/*
 * lwIP marks each PCB with tcp_timer_ctr, one byte, when a timer has handled
 * it, and skips PCBs that carry the present value. It counts calls, of which
 * there is one per bucket and timer: after 256 of them a PCB could carry the
 * next value. So each is marked before its bucket's turn, with the last value.
 */
static void
run_timer(uint32_t n, void (*timer)(void))
{
	struct tcp_pcb *pcb;

	bucket_load(n);
	for (pcb = tcp_active_pcbs; pcb != NULL; pcb = pcb->next)
		pcb->last_timer = timer_ctr;
	timer_ctr++;
	timer();
	bucket_load(NONE);
}

static void
fast_tick(void)
{
	uint32_t word, n;
	uint64_t bits;

	for (word = 0; word < TCP_BUCKETS / 64; word++) {
		awake[word] |= touched[word];
		for (bits = touched[word]; bits != 0; bits &= bits - 1) {
			n = word * 64 + __builtin_ctzl(bits);
			if (fast_due(&buckets[n]))
				run_timer(n, tcp_fasttmr);
			else
				touched[word] &= ~(bits & -bits);
		}
	}
}

static void
slow_tick(void)
{
	static uint32_t turn;
	uint32_t before = tcp_ticks;
	uint32_t word, n;
	uint64_t bits;

	turn = (turn + 1) % KEEP_ALIVE_TURNS;
	for (word = 0; word < TCP_BUCKETS / 64; word++) {
		bool keep_alive = word % KEEP_ALIVE_TURNS == turn;

		bits = keep_alive ? ~0ul : awake[word];
		for (; bits != 0; bits &= bits - 1) {
			n = word * 64 + __builtin_ctzl(bits);
			if (slow_due(&buckets[n], keep_alive)) {
				awake[word] |= bits & -bits;
				run_timer(n, tcp_slowtmr);
				/* It counts time, once per call. */
				tcp_ticks = before;
			} else if (!count_tick(&buckets[n])) {
				awake[word] &= ~(bits & -bits);
			}
		}
	}
	tcp_ticks = before + 1;
}

void
tcp_buckets_tmr(void)
{
	bucket_load(NONE);
	fast_tick();
	tick_parity ^= 1;
	if (tick_parity == 1)
		slow_tick();
}

/* --- Calls -------------------------------------------------------------- */

err_t
tcp_buckets_output(struct tcp_pcb *pcb)
{
	bucket_touch(bucket_of_pcb(pcb));
	return tcp_output(pcb);
}

void
tcp_buckets_recved(struct tcp_pcb *pcb, uint16_t len)
{
	tcp_recved(pcb, len);
	/* An ACK that could not be sent is tried again by a timer. */
	if (pcb->flags & (TF_ACK_DELAY | TF_ACK_NOW))
		bucket_touch(bucket_of_pcb(pcb));
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
