/*
 * count.c: what a core publishes of itself, in its page of UCOUNT: what is in
 * use, how deep its queues were, what the application says of itself. Made
 * when the core has nothing else to do and every 10 ms; a batch of frames
 * costs only what count_frames() notes.
 */
#include "dp/libos.h"
#include "lwip/memp.h"
#include "lwip/stats.h"

struct seen seen;

/*
 * The batch was full, so there may be more in the ring; or it was the one
 * after such a batch. What is left lies there from look to look.
 */
void
count_rest(uint32_t n, uint64_t since)
{
	uint64_t known = seen.left > n ? seen.left - n : 0;
	uint64_t left = n >= boot->batch ? rx_ready(known) : 0;

	seen.waited += (seen.left + left) * since;
	seen.left = left;
	seen.left_sum += left;
	if (n + left > seen.deepest)
		seen.deepest = n + left;
	seen.batch = left ? 0 : boot->batch;
}

/* What the application has counted: each word is read once. */
static void
publish_app(void)
{
	const volatile struct ix_count *count = &area->count;

	stats->c.requests = count->requests;
	stats->c.copy_libix_recv = count->recv_bytes;
	stats->c.copies_libix_recv = count->recv_copies;
	stats->c.copy_libix_send = count->send_bytes;
	stats->c.copies_libix_send = count->send_copies;
}

/* The second under way is what there was in all less what was before it. */
static void
publish_queues(void)
{
	struct queue *q = &stats->rx_queue;
	const struct queue_point *b = &q->before;

	q->now.looks = stats->c.polls - stats->c.polls_empty - b->looks;
	q->now.taken = stats->c.rx_frames + stats->c.rx_dropped +
		stats->c.rx_malformed - b->taken;
	q->now.left = seen.left_sum - b->left;
	q->now.depth_max = seen.deepest;
	q->now.waited_tsc = seen.waited / 2 - b->waited_tsc;
	q->looked = seen.looked;
	q->depth = seen.left;
	q = &stats->event_queue;
	q->now.looks = stats->crossings - q->before.looks;
	q->now.taken = stats->events - q->before.taken;
	q->now.depth_max = seen.events;
}

static uint32_t
used(memp_t pool)
{
	return lwip_stats.memp[pool]->used;
}

void
count_publish(void)
{
	publish_app();
	publish_queues();
	stats->rx_free = rxbuf_nfree;
	stats->tcp_pcbs = used(MEMP_TCP_PCB);
	stats->tcp_segs = used(MEMP_TCP_SEG);
	stats->heap = used(MEMP_POOL_104) + used(MEMP_POOL_208) +
		used(MEMP_POOL_640) + used(MEMP_POOL_1600);
}

void
count_second(uint64_t now)
{
	publish_queues();
	queue_turn(&stats->rx_queue, now, 1000000 * tsc_per_us);
	queue_turn(&stats->event_queue, now, 1000000 * tsc_per_us);
	seen.deepest = seen.events = 0;
}
