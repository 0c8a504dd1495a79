/*
 * bucket.c: see bucket.h.  Used by stack.c, conn.c and the modes that call
 * lwIP themselves.
 */
#include "lwip/priv/tcp_priv.h"
#include "lwip/udp.h"
#include "bucket.h"

#define BITS	12
#define BUCKETS	(1u << BITS)
#define NONE	BUCKETS			/* no bucket is current */
#define ALL	(BUCKETS + 1)		/* all are, joined */

static struct {
	struct tcp_pcb *active, *tw;
} heads[BUCKETS];
static uint64_t used[BUCKETS / 64];	/* which heads may be non-empty */
static unsigned current = NONE;
static struct udp_pcb *udp_heads[BUCKETS];

unsigned
bucket_of(uint32_t local_ip, uint16_t local_port, uint32_t remote_ip,
    uint16_t remote_port)
{
	uint64_t key = (uint64_t)(local_ip ^ remote_ip) << 32 |
	    (uint32_t)local_port << 16 | remote_port;

	return (unsigned)(key * 0x9e3779b97f4a7c15ull >> (64 - BITS));
}

unsigned
bucket_of_pcb(const struct tcp_pcb *pcb)
{
	return bucket_of(pcb->local_ip.addr, pcb->local_port,
	    pcb->remote_ip.addr, pcb->remote_port);
}

static void
load(unsigned b)
{
	current = b;
	if (b < BUCKETS) {
		tcp_active_pcbs = heads[b].active;
		tcp_tw_pcbs = heads[b].tw;
	} else {
		tcp_active_pcbs = tcp_tw_pcbs = NULL;
	}
}

static void
store(void)
{
	if (current >= BUCKETS)
		return;
	heads[current].active = tcp_active_pcbs;
	heads[current].tw = tcp_tw_pcbs;
	if (tcp_active_pcbs || tcp_tw_pcbs)
		used[current / 64] |= 1ull << current % 64;
	else
		used[current / 64] &= ~(1ull << current % 64);
}

unsigned
bucket_enter(unsigned b)
{
	unsigned before = current;

	if (before != b && before != ALL) {
		store();
		load(b);
	}
	return before;
}

void
bucket_leave(unsigned before)
{
	if (current == before)
		return;
	store();
	load(before);
}

/* Takes a list to pieces and files each PCB in its bucket. */
static void
file_active(struct tcp_pcb *pcb)
{
	while (pcb) {
		struct tcp_pcb *next = pcb->next;
		unsigned b = bucket_of_pcb(pcb);
		pcb->next = heads[b].active;
		heads[b].active = pcb;
		used[b / 64] |= 1ull << b % 64;
		pcb = next;
	}
}

static void
file_tw(struct tcp_pcb *pcb)
{
	while (pcb) {
		struct tcp_pcb *next = pcb->next;
		unsigned b = bucket_of_pcb(pcb);
		pcb->next = heads[b].tw;
		heads[b].tw = pcb;
		used[b / 64] |= 1ull << b % 64;
		pcb = next;
	}
}

/* Puts @list before *@to. */
static void
prepend(struct tcp_pcb **to, struct tcp_pcb *list)
{
	struct tcp_pcb *last = list;

	if (!list)
		return;
	while (last->next)
		last = last->next;
	last->next = *to;
	*to = list;
}

unsigned
bucket_enter_all(void)
{
	unsigned before = current;

	if (before == ALL)
		return before;
	store();
	load(ALL);
	for (unsigned w = 0; w < BUCKETS / 64; w++) {
		while (used[w]) {
			unsigned bit = (unsigned)__builtin_ctzll(used[w]);
			unsigned b = w * 64 + bit;
			used[w] &= used[w] - 1;
			prepend(&tcp_active_pcbs, heads[b].active);
			prepend(&tcp_tw_pcbs, heads[b].tw);
			heads[b].active = heads[b].tw = NULL;
		}
	}
	return before;
}

void
bucket_leave_all(unsigned before)
{
	if (before == ALL)
		return;
	file_active(tcp_active_pcbs);
	file_tw(tcp_tw_pcbs);
	load(before);
}

unsigned
bucket_count(void)
{
	unsigned before = bucket_enter_all(), n = 0;

	for (struct tcp_pcb *p = tcp_active_pcbs; p; p = p->next)
		n++;
	for (struct tcp_pcb *p = tcp_tw_pcbs; p; p = p->next)
		n++;
	bucket_leave_all(before);
	return n;
}

void
bucket_udp_enter(uint16_t port)
{
	udp_pcbs = udp_heads[port % BUCKETS];
}

void
bucket_udp_leave(uint16_t port)
{
	udp_heads[port % BUCKETS] = udp_pcbs;
	udp_pcbs = NULL;
}

void
bucket_udp_enter_all(void)
{
	for (unsigned b = 0; b < BUCKETS; b++) {
		struct udp_pcb *list = udp_heads[b], *next;
		udp_heads[b] = NULL;
		for (; list; list = next) {
			next = list->next;
			list->next = udp_pcbs;
			udp_pcbs = list;
		}
	}
}

void
bucket_udp_leave_all(void)
{
	struct udp_pcb *list = udp_pcbs, *next;

	udp_pcbs = NULL;
	for (; list; list = next) {
		next = list->next;
		unsigned b = list->local_port % BUCKETS;
		list->next = udp_heads[b];
		udp_heads[b] = list;
	}
}
