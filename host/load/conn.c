/*
 * conn.c: see conn.h.  All tcp_ calls of the client modes are here, each in
 * its bucket.
 */
#include "lwip/tcp.h"
#include "lwip/priv/tcp_priv.h"
#include "bucket.h"
#include "clock.h"
#include "conn.h"
#include "opts.h"
#include "stack.h"

#define PORT_TRIES	65536
#define LINGER		(5 * SEC)	/* for the peer's FIN */
#define POLL_TICKS	10		/* slow timer ticks between looks */

static void
detach(struct conn *c)
{
	tcp_arg(c->pcb, NULL);
	tcp_recv(c->pcb, NULL);
	tcp_sent(c->pcb, NULL);
	tcp_err(c->pcb, NULL);
	tcp_poll(c->pcb, NULL, 255);
	c->pcb = NULL;
	c->state = CONN_IDLE;
}

/* What a callback tells lwIP; it must know when the PCB is gone. */
static err_t
verdict(struct conn *c)
{
	if (!c->aborted)
		return ERR_OK;
	c->aborted = 0;
	return ERR_ABRT;
}

static void
on_error(void *arg, err_t err)
{
	struct conn *c = arg;
	enum conn_state was = c->state;

	c->pcb = NULL;
	c->state = CONN_IDLE;
	if (err == ERR_RST)
		c->ops->end(c, was == CONN_OPENING ? CONN_REFUSED :
		    CONN_RESET);
	else
		c->ops->end(c, CONN_TIMEOUT);
}

/* The peer's FIN: answer with ours unless it is out, and let go. */
static void
on_eof(struct conn *c)
{
	struct tcp_pcb *pcb = c->pcb;
	int ours_out = c->state == CONN_SHUT;

	detach(c);
	if (tcp_close(pcb) != ERR_OK)
		tcp_abort(pcb), c->aborted = 1;
	c->ops->end(c, ours_out ? CONN_EOF : CONN_EOF_EARLY);
}

static err_t
on_recv(void *arg, struct tcp_pcb *pcb, struct pbuf *p, err_t err)
{
	struct conn *c = arg;

	LWIP_UNUSED_ARG(err);
	if (!p) {
		on_eof(c);
		return verdict(c);
	}
	tcp_recved(pcb, p->tot_len);
	for (struct pbuf *q = p; q && c->pcb == pcb; q = q->next)
		if (q->len)
			c->ops->data(c, q->payload, q->len);
	pbuf_free(p);
	return verdict(c);
}

static err_t
on_sent(void *arg, struct tcp_pcb *pcb, u16_t len)
{
	struct conn *c = arg;

	LWIP_UNUSED_ARG(pcb);
	LWIP_UNUSED_ARG(len);
	if (c->state == CONN_UP && c->ops->room)
		c->ops->room(c);
	return verdict(c);
}

static err_t
on_connected(void *arg, struct tcp_pcb *pcb, err_t err)
{
	struct conn *c = arg;

	LWIP_UNUSED_ARG(pcb);
	LWIP_UNUSED_ARG(err);
	c->state = CONN_UP;
	if (c->ops->up)
		c->ops->up(c);
	return verdict(c);
}

/* Binds @pcb to a free local port and connects it, in the right bucket. */
static err_t
connect_from_free_port(struct conn *c, struct tcp_pcb *pcb)
{
	ip_addr_t peer = { lwip_htonl(opt.peer) };
	err_t err = ERR_USE;

	for (unsigned i = 0; i < PORT_TRIES && err == ERR_USE; i++) {
		c->port = stack_new_port(&c->ip);
		ip_addr_t ip = { lwip_htonl(c->ip) };
		unsigned before = bucket_enter(bucket_of(ip.addr, c->port,
		    peer.addr, (uint16_t)opt.port));
		err = tcp_bind(pcb, &ip, c->port);
		if (err == ERR_OK)
			err = tcp_connect(pcb, &peer, (uint16_t)opt.port,
			    on_connected);
		bucket_leave(before);
	}
	return err;
}

int
conn_open(struct conn *c, const struct conn_ops *ops)
{
	struct tcp_pcb *pcb = tcp_new();

	if (!pcb)
		return -1;
	c->pcb = pcb;
	c->ops = ops;
	c->state = CONN_OPENING;
	c->aborted = 0;
	tcp_arg(pcb, c);
	tcp_recv(pcb, on_recv);
	tcp_sent(pcb, on_sent);
	tcp_err(pcb, on_error);
	tcp_nagle_disable(pcb);
	if (connect_from_free_port(c, pcb) != ERR_OK) {
		detach(c);
		tcp_abort(pcb);
		return -1;
	}
	return 0;
}

size_t
conn_write(struct conn *c, const void *p, size_t n, int copy)
{
	size_t room = tcp_sndbuf(c->pcb);
	u8_t flags = copy ? TCP_WRITE_FLAG_COPY : 0;

	if (n > room)
		n = room;
	if (n > 0xffff)
		n = 0xffff;
	if (n == 0 || tcp_write(c->pcb, p, (u16_t)n, flags) != ERR_OK)
		return 0;
	return n;
}

void
conn_push(struct conn *c)
{
	unsigned before = bucket_enter(bucket_of_pcb(c->pcb));

	tcp_output(c->pcb);
	bucket_leave(before);
}

/* Looks, after our FIN, whether the peer's is overdue. */
static err_t
on_poll(void *arg, struct tcp_pcb *pcb)
{
	struct conn *c = arg;

	LWIP_UNUSED_ARG(pcb);
	if (clock_now() - c->shut_at > LINGER) {
		conn_abort(c);
		c->ops->end(c, CONN_UNCLOSED);
	}
	return verdict(c);
}

void
conn_shutdown(struct conn *c)
{
	unsigned before = bucket_enter(bucket_of_pcb(c->pcb));

	if (tcp_shutdown(c->pcb, 0, 1) == ERR_OK)
		c->state = CONN_SHUT;
	c->shut_at = clock_now();
	tcp_poll(c->pcb, on_poll, POLL_TICKS);
	bucket_leave(before);
}

void
conn_abort(struct conn *c)
{
	struct tcp_pcb *pcb = c->pcb;
	unsigned before;

	if (!pcb)
		return;
	before = bucket_enter(bucket_of_pcb(pcb));
	detach(c);
	tcp_abort(pcb);
	c->aborted = 1;
	bucket_leave(before);
}

const char *
conn_end_name(enum conn_end why)
{
	static const char *const names[] = {
		[CONN_EOF] = "closed",
		[CONN_EOF_EARLY] = "closed early by the peer",
		[CONN_REFUSED] = "refused",
		[CONN_RESET] = "reset by the peer",
		[CONN_TIMEOUT] = "no answer to retransmissions",
		[CONN_UNCLOSED] = "not closed by the peer",
		[CONN_NO_PORT] = "no free local port",
	};

	return names[why];
}
