/*
 * serve.c: the serve mode, a peer for the other modes on the same stack: TCP
 * and UDP echo on port 7 (and on opt.port) and, through web.c, HTTP on 80.
 * It shows what host/load itself costs, and tests it without a machine.
 */
#include <stdlib.h>
#include "lwip/tcp.h"
#include "lwip/udp.h"
#include "bucket.h"
#include "clock.h"
#include "frames.h"
#include "modes.h"
#include "opts.h"
#include "stack.h"
#include "web.h"

#define ECHO_PORT	7
#define HTTP_PORT	80
#define LIE_EVERY	10

/* Received and not yet sent back. */
struct piece {
	struct piece *next;
	struct pbuf *p;
	uint16_t at;			/* bytes of p that were sent back */
};

struct client {
	struct tcp_pcb *pcb;
	struct piece *first, *last;
	int eof;
};

static void
client_free(struct client *c)
{
	while (c->first) {
		struct piece *piece = c->first;
		c->first = piece->next;
		pbuf_free(piece->p);
		free(piece);
	}
	free(c);
}

/* With --lie: spoils a byte now and then, so that tests can see it found. */
static void
lie(uint8_t *p, size_t n)
{
	static unsigned echoes;

	if (opt.lie && n && ++echoes % LIE_EVERY == 0)
		p[n - 1] ^= 1;
}

/* Sends back what fits of the first piece; 0 when nothing did. */
static size_t
send_piece(struct client *c)
{
	struct piece *piece = c->first;
	uint16_t skip = 0;
	struct pbuf *q = pbuf_skip(piece->p, piece->at, &skip);
	size_t n = (size_t)(q->len - skip), room = tcp_sndbuf(c->pcb);

	if (n > room)
		n = room;
	lie((uint8_t *)q->payload + skip, n);
	if (n && tcp_write(c->pcb, (uint8_t *)q->payload + skip, (u16_t)n,
	    TCP_WRITE_FLAG_COPY) != ERR_OK)
		return 0;
	tcp_recved(c->pcb, (u16_t)n);
	piece->at = (uint16_t)(piece->at + n);
	if (piece->at == piece->p->tot_len) {
		c->first = piece->next;
		pbuf_free(piece->p);
		free(piece);
	}
	return n;
}

/* Goes on with a client; ERR_ABRT when its PCB is gone the hard way. */
static err_t
pump(struct client *c)
{
	while (c->first)
		if (send_piece(c) == 0)
			return ERR_OK;
	if (!c->eof)
		return ERR_OK;
	struct tcp_pcb *pcb = c->pcb;
	tcp_arg(pcb, NULL);
	tcp_recv(pcb, NULL);
	tcp_sent(pcb, NULL);
	tcp_err(pcb, NULL);
	client_free(c);
	if (tcp_close(pcb) == ERR_OK)
		return ERR_OK;
	tcp_abort(pcb);
	return ERR_ABRT;
}

static err_t
on_recv(void *arg, struct tcp_pcb *pcb, struct pbuf *p, err_t err)
{
	struct client *c = arg;

	(void)pcb;
	(void)err;
	if (!p) {
		c->eof = 1;
		return pump(c);
	}
	struct piece *piece = calloc(1, sizeof(*piece));
	if (!piece)
		return ERR_MEM;
	piece->p = p;
	if (c->first)
		c->last->next = piece;
	else
		c->first = piece;
	c->last = piece;
	return pump(c);
}

static err_t
on_sent(void *arg, struct tcp_pcb *pcb, u16_t len)
{
	(void)pcb;
	(void)len;
	return pump(arg);
}

static void
on_error(void *arg, err_t err)
{
	(void)err;
	client_free(arg);
}

static err_t
on_accept(void *arg, struct tcp_pcb *pcb, err_t err)
{
	struct client *c;

	(void)arg;
	if (err != ERR_OK || !pcb)
		return ERR_VAL;
	c = calloc(1, sizeof(*c));
	if (!c)
		return ERR_MEM;
	c->pcb = pcb;
	tcp_arg(pcb, c);
	tcp_recv(pcb, on_recv);
	tcp_sent(pcb, on_sent);
	tcp_err(pcb, on_error);
	tcp_nagle_disable(pcb);
	return ERR_OK;
}

static void
on_udp(void *arg, struct udp_pcb *pcb, struct pbuf *p, const ip_addr_t *from,
    u16_t port)
{
	(void)arg;
	lie(p->payload, p->len);
	udp_sendto(pcb, p, from, port);
	pbuf_free(p);
}

static void
listen_on(uint16_t port, tcp_accept_fn accept)
{
	struct tcp_pcb *pcb = tcp_new();

	if (!pcb || tcp_bind(pcb, IP_ADDR_ANY, port) != ERR_OK)
		abort();
	pcb = tcp_listen(pcb);
	if (!pcb)
		abort();
	tcp_accept(pcb, accept);
}

static void
listen_udp(uint16_t port)
{
	struct udp_pcb *udp = udp_new();

	bucket_udp_enter(port);
	if (!udp || udp_bind(udp, IP_ADDR_ANY, port) != ERR_OK)
		abort();
	bucket_udp_leave(port);
	udp_recv(udp, on_udp, NULL);
}

static int
step(uint64_t now)
{
	(void)now;
	return STEP_IDLE;
}

static int
serve(uint64_t deadline)
{
	listen_on(ECHO_PORT, on_accept);
	listen_on(HTTP_PORT, web_accept);
	listen_udp(ECHO_PORT);
	if (opt.port != ECHO_PORT && opt.port != HTTP_PORT) {
		listen_on((uint16_t)opt.port, on_accept);
		listen_udp((uint16_t)opt.port);
	}
	return loop_run(step, deadline) == LOOP_CLOSED ? EXIT_OK :
	    EXIT_UNSERVED;
}

int
serve_until_closed(void)
{
	return serve(NEVER);
}

int
mode_serve(uint64_t deadline)
{
	(void)deadline;
	if (!opt.time)
		return serve_until_closed();
	serve(clock_now() + opt.time);
	return EXIT_OK;
}
