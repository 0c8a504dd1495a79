/*
 * tcp.c: connections: lwIP's callbacks, and the events they become.
 */
#include "dp/conn.h"

struct conn conns[CONNS];
struct listener listeners[LISTENERS];

static struct conn *free_conns;
static struct conn *tell_first, **tell_last = &tell_first;
static struct send_ref send_refs[SEND_REFS];
static struct send_ref *free_refs;
uint32_t send_refs_free;

void
tcp_mod_init(void)
{
	for (uint32_t i = CONNS; i > 0; i--) {
		conns[i - 1].gen = handle_first_gen(HANDLE_CONN, i - 1);
		conns[i - 1].next = free_conns;
		free_conns = &conns[i - 1];
	}
	for (uint32_t i = 0; i < LISTENERS; i++)
		listeners[i].gen = handle_first_gen(HANDLE_LISTEN, i);
	for (uint32_t i = 0; i < SEND_REFS; i++) {
		send_refs[i].next = free_refs;
		free_refs = &send_refs[i];
	}
	send_refs_free = SEND_REFS;
}

/* --- Slots ------------------------------------------------------------- */

struct conn *
conn_alloc(void)
{
	struct conn *c = free_conns;
	uint32_t gen;

	if (!c)
		return NULL;
	free_conns = c->next;
	gen = c->gen;
	memset(c, 0, sizeof(*c));
	c->gen = gen;
	stats->tcp_conns++;
	return c;
}

static void
free_rx_queue(struct conn *c)
{
	struct rxbuf *b, *next;

	for (b = c->rx_first; b; b = next) {
		next = b->next;
		b->state = RXBUF_HIDDEN;
		pbuf_free(&b->pc.pbuf);
	}
	c->rx_first = c->rx_last = c->rx_show = NULL;
}

struct send_ref *
send_ref_get(void)
{
	struct send_ref *ref = free_refs;

	if (ref) {
		free_refs = ref->next;
		send_refs_free--;
	}
	return ref;
}

void
send_ref_put(struct send_ref *ref)
{
	ref->next = free_refs;
	free_refs = ref;
	send_refs_free++;
}

void
send_ref_add(struct conn *c, struct send_ref *ref, struct rxbuf *rx,
	     uint64_t end)
{
	pbuf_ref(&rx->pc.pbuf);
	ref->rx = rx;
	ref->end = end;
	ref->next = NULL;
	if (c->refs)
		c->refs_last->next = ref;
	else
		c->refs = ref;
	c->refs_last = ref;
}

/* Release receive buffers whose bytes are acknowledged up to `acked`. */
static void
release_refs(struct conn *c, uint64_t acked)
{
	while (c->refs && c->refs->end <= acked) {
		struct send_ref *ref = c->refs;

		c->refs = ref->next;
		pbuf_free(&ref->rx->pc.pbuf);
		send_ref_put(ref);
	}
}

void
conn_free(struct conn *c)
{
	free_rx_queue(c);
	release_refs(c, ~0ul);
	c->state = CONN_FREE;
	c->tell = 0;
	c->pcb = NULL;
	c->gen = handle_next_gen(c->gen);
	stats->tcp_conns--;
	if (c->listed)
		return;		/* tcp_emit() meets it and frees the slot */
	c->next = free_conns;
	free_conns = c;
}

void
conn_close_later(struct conn *c)
{
	free_rx_queue(c);
	c->tell = 0;
	c->state = CONN_CLOSED;
}

void
conn_tell(struct conn *c, uint32_t what)
{
	c->tell |= what;
	if (c->listed)
		return;
	c->listed = true;
	c->next = NULL;
	*tell_last = c;
	tell_last = &c->next;
}

/* --- lwIP's callbacks -------------------------------------------------- */

static int
error_code(err_t e)
{
	switch (e) {
	case ERR_OK:
	case ERR_CLSD:		/* both sides have ended it in order */
		return 0;
	case ERR_RST:
		return E_CONN_RESET;
	case ERR_ABRT:
		return E_CONN_ABORTED;
	case ERR_TIMEOUT:
		return E_TIMEOUT;
	case ERR_MEM:
		return E_NO_MEM;
	case ERR_RTE:
		return E_NO_ROUTE;
	}
	return E_CONN_ABORTED;
}

/*
 * lwIP frees a connection in TIME_WAIT without a word: c lets go of it when
 * it gets there, or when nothing but the FIN is left to be acknowledged.
 */
static void
let_go(struct conn *c)
{
	if (c->pcb && (c->pcb->state == TIME_WAIT ||
		       (c->pcb->state == CLOSING && c->acked == c->written)))
		conn_detach(c);
}

/*
 * With fewer receive buffers than this free, only a connection that holds none
 * gets one: peers that do not receive what they are sent, or an application
 * that is slow to take from some, do not starve the others.
 */
#define RX_LOW		(DP_RX_BUFFERS / 4)

/* Bytes arrived, or (p null) the end of the stream. */
static err_t
received(void *arg, struct tcp_pcb *pcb, struct pbuf *p, err_t err)
{
	struct conn *c = arg;

	if (!p) {
		if (c->state == CONN_CLOSED)
			return ERR_OK;
		let_go(c);
		conn_tell(c, TELL_EOF);
		return ERR_OK;
	}
	if (c->state == CONN_CLOSED) {
		/* Nobody wants it; lwIP has sent or will send its FIN. */
		tcp_recved(pcb, p->tot_len);
		pbuf_free(p);
		return ERR_OK;
	}
	/* lwIP keeps it, takes no more, and asks again every 10 ms. */
	if (unlikely(rxbuf_nfree < RX_LOW) && (c->rx_first || c->refs))
		return ERR_MEM;
	while (p) {
		struct rxbuf *b = (struct rxbuf *)p;
		struct pbuf *rest = p->next;

		/* Each buffer for itself; a chain's reference goes with it. */
		p->next = NULL;
		p->tot_len = p->len;
		if (unlikely(p->len == 0)) {
			pbuf_free(p);
			p = rest;
			continue;
		}
		b->next = NULL;
		if (c->rx_first)
			c->rx_last->next = b;
		else
			c->rx_first = b;
		c->rx_last = b;
		if (!c->rx_show)
			c->rx_show = b;
		p = rest;
	}
	if (c->state == CONN_OPEN && c->rx_show)
		conn_tell(c, TELL_RECV);
	return ERR_OK;
}

static err_t
sent(void *arg, struct tcp_pcb *pcb, u16_t len)
{
	struct conn *c = arg;

	c->acked += len;
	c->ack_tx = tx_last_zero_copy;
	if (c->state == CONN_CLOSED) {
		release_refs(c, c->acked);
		if (c->acked == c->written) {
			conn_detach(c);
			conn_free(c);
		}
		return ERR_OK;
	}
	let_go(c);
	c->acked_untold += len;
	conn_tell(c, TELL_SENT);
	return ERR_OK;
}

/* lwIP has freed the pcb: reset, timed out, or aborted by us. */
static void
failed(void *arg, err_t err)
{
	struct conn *c = arg;

	c->pcb = NULL;
	c->ack_tx = tx_last_zero_copy;
	/* An orderly end of both sides: the end of the stream says it all. */
	if (err == ERR_CLSD && c->state == CONN_OPEN)
		return;
	c->error = error_code(err);
	if (c->state == CONN_CLOSED || (c->state == CONN_KNOCK &&
					(c->tell & TELL_KNOCK))) {
		conn_free(c);
		return;
	}
	if (c->state == CONN_CONNECTING) {
		if (err == ERR_RST)
			c->error = E_CONN_REFUSED;
		conn_tell(c, TELL_CONNECTED);
		return;
	}
	conn_tell(c, TELL_DEAD);
}

void
conn_attach(struct conn *c, struct tcp_pcb *pcb)
{
	c->pcb = pcb;
	tcp_arg(pcb, c);
	tcp_recv(pcb, received);
	tcp_sent(pcb, sent);
	tcp_err(pcb, failed);
	tcp_nagle_disable(pcb);
	/* A peer that vanished is noticed. */
	ip_set_option(pcb, SOF_KEEPALIVE);
}

void
conn_detach(struct conn *c)
{
	if (!c->pcb)
		return;
	tcp_arg(c->pcb, NULL);
	tcp_recv(c->pcb, NULL);
	tcp_sent(c->pcb, NULL);
	tcp_err(c->pcb, NULL);
	c->pcb = NULL;
}

err_t
conn_accepted(void *arg, struct tcp_pcb *pcb, err_t err)
{
	struct listener *l = arg;
	struct conn *c;

	if (err != ERR_OK || !pcb)
		return ERR_VAL;
	c = conn_alloc();
	if (!c) {
		stats->tcp_refused++;
		return ERR_MEM;		/* lwIP resets it */
	}
	tcp_backlog_delayed(pcb);
	c->state = CONN_KNOCK;
	c->cookie = l->cookie;
	conn_attach(c, pcb);
	conn_tell(c, TELL_KNOCK);
	return ERR_OK;
}

err_t
conn_connected(void *arg, struct tcp_pcb *pcb, err_t err)
{
	struct conn *c = arg;

	c->state = CONN_OPEN;
	conn_tell(c, TELL_CONNECTED);
	return ERR_OK;
}

/* --- Events ------------------------------------------------------------ */

/* True if all that could be told was. */
static bool
emit_received(struct conn *c)
{
	while (c->rx_show) {
		struct rxbuf *b = c->rx_show;
		const struct pbuf *p = &b->pc.pbuf;

		if (!event_room())
			return false;
		event_post(IX_EV_RECV, p->len, c->cookie,
			   rxbuf_show(b, p->payload, p->len, RXBUF_TCP), 0);
		c->unread += p->len;
		c->rx_show = b->next;
	}
	c->tell &= ~TELL_RECV;
	if (!(c->tell & TELL_EOF))
		return true;
	if (!event_room())
		return false;
	event_post(IX_EV_RECV, 0, c->cookie, 0, 0);
	c->tell &= ~TELL_EOF;
	return true;
}

static bool
emit_sent(struct conn *c)
{
	if (!event_room())
		return false;
	release_refs(c, c->acked);
	event_post(IX_EV_SENT, c->acked_untold, c->cookie,
		   c->pcb ? tcp_sndbuf(c->pcb) : 0, 0);
	c->acked_untold = 0;
	c->tell &= ~TELL_SENT;
	return true;
}

static bool
emit_start(struct conn *c)
{
	int error = c->state == CONN_CONNECTING ? c->error : 0;

	if (!event_room())
		return false;
	if (c->tell & TELL_KNOCK) {
		event_post(IX_EV_KNOCK, 0, c->cookie, conn_handle(c),
			   IX_PEER(lwip_ntohl(c->pcb->remote_ip.addr),
				   c->pcb->remote_port));
		c->tell &= ~TELL_KNOCK;
		return true;
	}
	event_post(IX_EV_CONNECTED, -error, c->cookie, conn_handle(c), 0);
	c->tell &= ~TELL_CONNECTED;
	if (error)
		conn_free(c);
	return true;
}

/* Post c's events; false: no room for all of them. */
static bool
emit(struct conn *c)
{
	if ((c->tell & (TELL_KNOCK | TELL_CONNECTED)) && !emit_start(c))
		return false;
	/* Of a knock nothing more is told before it is accepted. */
	if (c->state == CONN_KNOCK)
		return true;
	if ((c->tell & (TELL_RECV | TELL_EOF)) && !emit_received(c))
		return false;
	if ((c->tell & TELL_SENT) && !emit_sent(c))
		return false;
	if (!(c->tell & TELL_DEAD))
		return true;
	if (!event_room())
		return false;
	event_post(IX_EV_DEAD, -c->error, c->cookie, conn_handle(c), 0);
	c->tell = 0;
	c->state = CONN_DYING;
	if (c->unread == 0)
		conn_free(c);
	return true;
}

/*
 * Acknowledged bytes are the application's again only when no descriptor that
 * refers to them (of a retransmission) is in the ring: until then c waits.
 */
static bool
in_ring(const struct conn *c)
{
	return (c->tell & (TELL_SENT | TELL_DEAD)) &&
		c->ack_tx > tx_done_count;
}

static void
unlist_first(void)
{
	struct conn *c = tell_first;

	tell_first = c->next;
	if (!tell_first)
		tell_last = &tell_first;
	c->listed = false;
}

void
tcp_emit(void)
{
	struct conn *c, *waiting = NULL;

	while ((c = tell_first) != waiting) {
		if (unlikely(in_ring(c)) && c->state != CONN_FREE) {
			unlist_first();
			conn_tell(c, 0);
			waiting = waiting ? waiting : c;
			continue;
		}
		if (c->state != CONN_FREE && !emit(c))
			return;
		unlist_first();
		if (c->state == CONN_FREE) {
			c->next = free_conns;
			free_conns = c;
		}
	}
}
