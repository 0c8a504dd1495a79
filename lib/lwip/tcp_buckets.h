/*
 * tcp_buckets.h: lwIP's lists of TCP connections, split into hash buckets.
 *
 * lwIP finds the connection of a segment by walking tcp_active_pcbs and
 * tcp_tw_pcbs. Here those two globals always hold the heads of one bucket,
 * the current one; the heads of the others lie in a table. Before lwIP looks
 * for a connection (a received frame) or takes one off its list (close,
 * abort, connect), that connection's bucket is made current. lwIP itself is
 * unchanged and walks a list of one or two.
 *
 * Nor do its timers walk all connections. tcp_fasttmr() is called for buckets
 * in which something has happened since the last tick, if there is something
 * for it; tcp_slowtmr() for those in which something is due: where it would do
 * no more than count ticks, that is done here, and where it would not even do
 * that, the bucket sleeps until something happens in it. Keep-alive is timed in
 * minutes: for its sake each sleeping bucket is looked at every 64 slow ticks
 * (1.3 s).
 *
 * What the user of this module must keep:
 * - netif->input is tcp_buckets_input(); tcp_buckets_tmr() stands in for
 *   tcp_tmr(), tcp_fasttmr() and tcp_slowtmr(), which must not be called;
 * - the calls below replace lwIP's of the same name for every TCP PCB;
 *   tcp_write and the setters of callbacks touch no list and start no timer,
 *   and are called directly;
 * - all of them may be called from inside lwIP's callbacks: they put the
 *   bucket that lwIP is working on back before they return;
 * - an address of the netif is set once, before the first connection, and
 *   PBUF_POOL_FREE_OOSEQ is 0.
 *
 * Buckets are chosen by remote address and both ports, not by the local
 * address: one instance of lwIP has one. One instance per lwIP instance, used
 * by one thread of control at a time.
 */
#ifndef JIX_LWIP_TCP_BUCKETS_H
#define JIX_LWIP_TCP_BUCKETS_H

#include "lwip/netif.h"
#include "lwip/pbuf.h"
#include "lwip/tcp.h"

#define TCP_BUCKETS_SHIFT	12
#define TCP_BUCKETS		(1 << TCP_BUCKETS_SHIFT)

/*
 * Before any connection. key: random, so that an outsider cannot choose
 * connections that share a bucket. reserve: while fewer than that many PCBs
 * are free, a SYN takes the place of a connection in TIME_WAIT, else of the
 * one whose handshake has been incomplete for longest, and is dropped if there
 * is none; at least 1, or lwIP would kill connections. The same where a
 * listener's backlog is full: of its half-open connections the oldest gives
 * way. So a flood of SYNs does not keep others out, nor ends a handshake that
 * takes less time than as many SYNs as the backlog has places.
 */
void tcp_buckets_init(uint64_t key, uint32_t reserve);

/*
 * A received Ethernet frame: ethernet_input() with the right bucket current.
 * Takes the reference to p, as netif->input does, whatever it returns. The
 * headers up to TCP's lie in the first pbuf, or the frame matches nothing.
 */
err_t tcp_buckets_input(struct pbuf *p, struct netif *netif);

/* One TCP_TMR_INTERVAL has passed: what tcp_tmr() does, for all buckets. */
void tcp_buckets_tmr(void);

/* True if there is any connection, or remnant of one, that needs the timer. */
bool tcp_buckets_busy(void);

/* As lwIP's functions without "buckets_". A new PCB or NULL. */
struct tcp_pcb *tcp_buckets_new(void);
/* As if SO_REUSEADDR were set with respect to connections. */
err_t tcp_buckets_bind(struct tcp_pcb *pcb, const ip_addr_t *addr,
		       uint16_t port);
/*
 * Connect from the given local port, which must not be 0: the caller chooses
 * it (a dataplane by its RSS hash). ERR_USE if the port is taken for this
 * peer, or bound; then the PCB is as before and another port may be tried.
 */
err_t tcp_buckets_connect(struct tcp_pcb *pcb, uint16_t local_port,
			  const ip_addr_t *addr, uint16_t port,
			  tcp_connected_fn connected);
/* Also of a listening PCB: connections that it began no longer name it. */
err_t tcp_buckets_close(struct tcp_pcb *pcb);
err_t tcp_buckets_shutdown(struct tcp_pcb *pcb, int rx, int tx);
void tcp_buckets_abort(struct tcp_pcb *pcb);

/* After tcp_write(): what may be sent is. */
err_t tcp_buckets_output(struct tcp_pcb *pcb);
void tcp_buckets_recved(struct tcp_pcb *pcb, uint16_t len);

/* PCBs in use, of connections. */
uint32_t tcp_buckets_used(void);
/* SYNs dropped for want of room, and connections that made room for one. */
extern uint64_t tcp_buckets_refused;
extern uint64_t tcp_buckets_recycled;

#endif
