/*
 * tcp_lists.h: questions about lwIP's lists of TCP connections, for
 * tcp_buckets.c: who could give way to others, and whether there is anything
 * for a timer.
 */
#ifndef JIX_LWIP_TCP_LISTS_H
#define JIX_LWIP_TCP_LISTS_H

#include "lwip/priv/tcp_priv.h"

/* The heads of the two lists that connections are in. */
struct bucket {
	struct tcp_pcb *active;
	struct tcp_pcb *tw;
};

/* --- Who could give way ------------------------------------------------- */

/* A half-open connection in a bucket; with a listener, only one of its own. */
static inline struct tcp_pcb *
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

/* The oldest in TIME_WAIT: new ones are put in front. */
static inline struct tcp_pcb *
last_waiting(const struct bucket *b, const struct tcp_pcb_listen *listener)
{
	struct tcp_pcb *found = NULL;
	struct tcp_pcb *pcb;

	for (pcb = b->tw; pcb != NULL; pcb = pcb->next)
		found = pcb;
	return found;
}

static inline struct tcp_pcb_listen *
find_listener(uint16_t port)
{
	struct tcp_pcb_listen *l;

	for (l = tcp_listen_pcbs.listen_pcbs; l != NULL; l = l->next) {
		if (l->local_port == port)
			return l;
	}
	return NULL;
}

/* --- What is due -------------------------------------------------------- */

/* Is there anything for tcp_fasttmr() in a bucket? */
static inline bool
fast_due(const struct bucket *b)
{
	const struct tcp_pcb *pcb;

	for (pcb = b->active; pcb != NULL; pcb = pcb->next) {
		if ((pcb->flags & (TF_ACK_DELAY | TF_CLOSEPEND)) ||
		    pcb->refused_data != NULL)
			return true;
	}
	return false;
}

/*
 * Most connections are open, and of all that tcp_slowtmr() does it would at
 * most count the ticks until a retransmission, which is not due yet. False:
 * it has more to do for this one.
 */
static inline bool
is_plain(const struct tcp_pcb *pcb)
{
	return (pcb->state == ESTABLISHED || pcb->state == CLOSE_WAIT) &&
		(pcb->rtime < 0 || pcb->rtime + 1 < pcb->rto) &&
		pcb->nrtx == 0 &&
		pcb->unsent == NULL && pcb->ooseq == NULL &&
		pcb->poll == NULL && !(pcb->flags & TF_ACK_NOW);
}

static inline bool
keep_alive_due(const struct tcp_pcb *pcb)
{
	uint32_t idle = tcp_ticks + 1 - pcb->tmr;

	return ip_get_option(pcb, SOF_KEEPALIVE) &&
		(uint64_t)idle * TCP_SLOW_INTERVAL >= pcb->keep_idle;
}

/* Is there anything for tcp_slowtmr() in a bucket? */
static inline bool
slow_due(const struct bucket *b, bool keep_alive)
{
	const struct tcp_pcb *pcb;

	for (pcb = b->active; pcb != NULL; pcb = pcb->next) {
		if (!is_plain(pcb) || (keep_alive && keep_alive_due(pcb)))
			return true;
	}
	for (pcb = b->tw; pcb != NULL; pcb = pcb->next) {
		if (tcp_ticks + 1 - pcb->tmr >
		    2 * TCP_MSL / TCP_SLOW_INTERVAL)
			return true;
	}
	return false;
}

/* A tick has passed for plain connections; false: none is counting. */
static inline bool
count_tick(const struct bucket *b)
{
	bool counting = b->tw != NULL;
	struct tcp_pcb *pcb;

	for (pcb = b->active; pcb != NULL; pcb = pcb->next) {
		if (pcb->rtime >= 0) {
			pcb->rtime++;
			counting = true;
		}
	}
	return counting;
}

#endif
