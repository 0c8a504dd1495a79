/*
 * t_bucket.c: the split PCB lists, with PCBs that are only addresses and
 * list heads that are ours instead of lwIP's.
 */
#include <stdlib.h>
#include "lwip/priv/tcp_priv.h"
#include "lwip/udp.h"
#include "host/load/bucket.c"
#include "host/load/rng.h"
#include "host/test/test.h"

#define PCBS	5000

struct tcp_pcb *tcp_active_pcbs, *tcp_tw_pcbs;
struct udp_pcb *udp_pcbs;

static struct tcp_pcb pcbs[PCBS];
static struct udp_pcb udps[PCBS];

/* Puts PCB @i into the current list, as lwIP does. */
static void
insert(struct tcp_pcb **list, unsigned i)
{
	pcbs[i].next = *list;
	*list = &pcbs[i];
}

static unsigned
length(const struct tcp_pcb *p)
{
	unsigned n = 0;

	for (; p; p = p->next)
		n++;
	return n;
}

static int
holds(const struct tcp_pcb *p, const struct tcp_pcb *wanted)
{
	while (p && p != wanted)
		p = p->next;
	return p != NULL;
}

/* Fills the buckets: every 4th PCB in TIME-WAIT. */
static void
fill(void)
{
	static int filled;

	if (filled++)
		return;
	for (unsigned i = 0; i < PCBS; i++) {
		pcbs[i].local_ip.addr = 0x6402000a;
		pcbs[i].remote_ip.addr = 0x0f02000a;
		pcbs[i].local_port = (u16_t)(1024 + i);
		pcbs[i].remote_port = 7;
		unsigned before = bucket_enter(bucket_of_pcb(&pcbs[i]));
		insert(i % 4 ? &tcp_active_pcbs : &tcp_tw_pcbs, i);
		bucket_leave(before);
	}
}

TEST(each_pcb_is_found_in_its_bucket_and_lists_are_short)
{
	unsigned longest = 0;

	fill();
	for (unsigned i = 0; i < PCBS; i++) {
		unsigned before = bucket_enter(bucket_of_pcb(&pcbs[i]));
		CHECK(holds(i % 4 ? tcp_active_pcbs : tcp_tw_pcbs, &pcbs[i]));
		if (length(tcp_active_pcbs) > longest)
			longest = length(tcp_active_pcbs);
		bucket_leave(before);
		CHECK(!tcp_active_pcbs && !tcp_tw_pcbs);
	}
	CHECK(longest < 12);
	CHECK_EQ(bucket_count(), PCBS);
}

TEST(joined_lists_hold_all_and_survive_removal)
{
	fill();
	unsigned before = bucket_enter_all();
	CHECK_EQ(length(tcp_active_pcbs), PCBS - PCBS / 4);
	CHECK_EQ(length(tcp_tw_pcbs), PCBS / 4);
	struct tcp_pcb *gone = tcp_active_pcbs;
	tcp_active_pcbs = gone->next;
	unsigned inner = bucket_enter(bucket_of_pcb(gone));
	CHECK_EQ(length(tcp_active_pcbs), PCBS - PCBS / 4 - 1);
	bucket_leave(inner);
	bucket_leave_all(before);
	CHECK_EQ(bucket_count(), PCBS - 1);
	before = bucket_enter(bucket_of_pcb(gone));
	insert(&tcp_active_pcbs, (unsigned)(gone - pcbs));
	bucket_leave(before);
	CHECK_EQ(bucket_count(), PCBS);
}

TEST(sections_nest)
{
	fill();
	unsigned a = bucket_of_pcb(&pcbs[1]), b = a, other = 2;

	while ((b = bucket_of_pcb(&pcbs[other])) == a)
		other++;
	unsigned none = bucket_enter(a);
	struct tcp_pcb *head = tcp_active_pcbs;
	unsigned outer = bucket_enter(b);
	CHECK(tcp_active_pcbs != head);
	unsigned same = bucket_enter(b);
	bucket_leave(same);
	CHECK(holds(other % 4 ? tcp_active_pcbs : tcp_tw_pcbs, &pcbs[other]));
	unsigned from_b = bucket_enter_all();
	bucket_leave_all(from_b);
	CHECK(holds(other % 4 ? tcp_active_pcbs : tcp_tw_pcbs, &pcbs[other]));
	bucket_leave(outer);
	CHECK(holds(tcp_active_pcbs, &pcbs[1]));
	bucket_leave(none);
	CHECK(!tcp_active_pcbs);
	CHECK_EQ(bucket_count(), PCBS);
}

TEST(a_callback_may_add_a_connection_elsewhere)
{
	fill();
	unsigned none = bucket_enter(bucket_of_pcb(&pcbs[1]));
	struct tcp_pcb *gone = &pcbs[1];
	/* as if lwIP removed the PCB whose callback opens a new one */
	for (struct tcp_pcb **p = &tcp_active_pcbs; *p; p = &(*p)->next)
		if (*p == gone) {
			*p = gone->next;
			break;
		}
	gone->local_port = 60001;
	unsigned outer = bucket_enter(bucket_of_pcb(gone));
	insert(&tcp_active_pcbs, 1);
	bucket_leave(outer);
	bucket_leave(none);
	none = bucket_enter(bucket_of_pcb(gone));
	CHECK(holds(tcp_active_pcbs, gone));
	bucket_leave(none);
	CHECK_EQ(bucket_count(), PCBS);
}

TEST(udp_sockets_are_found_by_port)
{
	for (unsigned i = 0; i < PCBS; i++) {
		u16_t port = (u16_t)(1024 + i);
		udps[i].local_port = port;
		bucket_udp_enter(port);
		udps[i].next = udp_pcbs;
		udp_pcbs = &udps[i];
		bucket_udp_leave(port);
		CHECK(!udp_pcbs);
	}
	for (int round = 0; round < 2; round++) {
		for (unsigned i = 0; i < PCBS; i++) {
			bucket_udp_enter(udps[i].local_port);
			struct udp_pcb *p = udp_pcbs;
			while (p && p != &udps[i])
				p = p->next;
			bucket_udp_leave(udps[i].local_port);
			CHECK(p == &udps[i]);
		}
		bucket_udp_enter_all();
		unsigned n = 0;
		for (struct udp_pcb *p = udp_pcbs; p; p = p->next)
			n++;
		CHECK_EQ(n, PCBS);
		bucket_udp_leave_all();
		CHECK(!udp_pcbs);
	}
}
