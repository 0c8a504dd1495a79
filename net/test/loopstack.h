/*
 * loopstack.h: for unit tests of lib/lwip/ on the host: one lwIP stack that
 * talks to itself. Frames that it sends lie in a queue until pump() hands them
 * back, so a test may lose them too. Client and server ends of a connection
 * are PCBs of the same stack, in different buckets. A test includes
 * lib/lwip/tcp_buckets.c, then this, and calls loopstack_init().
 */
#include "lib/lwip/tcp_isn.h"
#include "lwip/etharp.h"
#include "lwip/init.h"
#include "lwip/ip.h"
#include "lwip/priv/tcp_priv.h"
#include "lwip/stats.h"
#include "net/test/check.h"

void exit(int status) __attribute__((noreturn));

#define PORT		7
#define FIRST_PORT	20000
#define CONNS_MAX	900
#define QUEUE		16384

static struct netif nif;
static ip_addr_t self;
static struct pbuf *queue[QUEUE];
static uint32_t queue_in, queue_out;
static uint64_t clock_us;

/* One end of a connection. */
struct end {
	struct tcp_pcb *pcb;
	uint32_t received;
	uint32_t polls;
	bool connected, eof, error;
	struct end *victim;	/* aborted from our recv callback */
};
static struct end clients[CONNS_MAX], servers[CONNS_MAX];
static uint32_t nservers;
static struct tcp_pcb *listener;

void
panic_at(const char *file, int line, const char *fmt, ...)
{
	printf("%s:%d: panic: %s\n", file, line, fmt);
	exit(1);
}

int
cprintf(const char *fmt, ...)
{
	return 0;
}

uint16_t
tcp_ooseq_limit(void)
{
	return TCP_OOSEQ_MAX_PBUFS;
}

static uint64_t
micros(void)
{
	return clock_us;
}

/* --- The stack and its cable --- */

static err_t
send_frame(struct netif *n, struct pbuf *p)
{
	struct pbuf *q = pbuf_alloc(PBUF_RAW, MAX(p->tot_len, 60), PBUF_POOL);

	if (q == NULL || queue_in - queue_out == QUEUE) {
		if (q != NULL)
			pbuf_free(q);
		return ERR_MEM;
	}
	memset(q->payload, 0, q->len);
	pbuf_copy_partial(p, q->payload, p->tot_len, 0);
	queue[queue_in++ % QUEUE] = q;
	return ERR_OK;
}

static err_t
netif_setup(struct netif *n)
{
	static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 1 };

	memcpy(n->hwaddr, mac, 6);
	n->hwaddr_len = 6;
	n->mtu = 1500;
	n->output = etharp_output;
	n->linkoutput = send_frame;
	n->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP |
		NETIF_FLAG_ETHERNET | NETIF_FLAG_LINK_UP;
	return ERR_OK;
}

/* Deliver all that is under way, and what that gives rise to. */
static void
pump(void)
{
	struct pbuf *p;

	while (queue_out != queue_in) {
		p = queue[queue_out++ % QUEUE];
		if (nif.input(p, &nif) != ERR_OK)
			pbuf_free(p);
	}
}

/* Lose all that is under way. */
static void
lose(void)
{
	while (queue_out != queue_in)
		pbuf_free(queue[queue_out++ % QUEUE]);
}

static void
ticks(uint32_t n, bool deliver)
{
	while (n-- > 0) {
		clock_us += TCP_TMR_INTERVAL * 1000;
		tcp_buckets_tmr();
		if (deliver)
			pump();
		else
			lose();
	}
}

/* --- Ends of connections --- */

static err_t
on_recv(void *arg, struct tcp_pcb *pcb, struct pbuf *p, err_t err)
{
	struct end *e = arg;

	if (e == NULL && p != NULL) {
		tcp_buckets_recved(pcb, p->tot_len);
		pbuf_free(p);
	}
	if (e == NULL)
		return ERR_OK;
	if (p == NULL) {
		e->eof = true;
		return ERR_OK;
	}
	e->received += p->tot_len;
	tcp_buckets_recved(pcb, p->tot_len);
	if (e >= servers && e < servers + CONNS_MAX) {
		tcp_write(pcb, p->payload, p->len, TCP_WRITE_FLAG_COPY);
		tcp_buckets_output(pcb);
	}
	pbuf_free(p);
	if (e->victim != NULL && e->victim->pcb != NULL) {
		tcp_buckets_abort(e->victim->pcb);
		e->victim->pcb = NULL;
	}
	return ERR_OK;
}

static err_t
on_poll(void *arg, struct tcp_pcb *pcb)
{
	if (arg != NULL)
		((struct end *)arg)->polls++;
	return ERR_OK;
}

static void
on_error(void *arg, err_t err)
{
	struct end *e = arg;

	if (e != NULL) {
		e->error = true;
		e->pcb = NULL;
	}
}

static err_t
on_connected(void *arg, struct tcp_pcb *pcb, err_t err)
{
	if (arg != NULL)
		((struct end *)arg)->connected = true;
	return ERR_OK;
}

static void
adopt(struct end *e, struct tcp_pcb *pcb)
{
	memset(e, 0, sizeof(*e));
	e->pcb = pcb;
	tcp_arg(pcb, e);
	tcp_recv(pcb, on_recv);
	tcp_err(pcb, on_error);
	tcp_poll(pcb, on_poll, 1);
}

static err_t
on_accept(void *arg, struct tcp_pcb *pcb, err_t err)
{
	if (err != ERR_OK || nservers == CONNS_MAX)
		return ERR_MEM;
	adopt(&servers[nservers++], pcb);
	return ERR_OK;
}

static void
listen_on(uint16_t port)
{
	struct tcp_pcb *pcb = tcp_buckets_new();

	ok(tcp_buckets_bind(pcb, IP_ADDR_ANY, port) == ERR_OK, "bind");
	listener = tcp_listen_with_backlog(pcb, 255);
	tcp_accept(listener, on_accept);
}

/* Open connections from consecutive ports; how many came up. */
static uint32_t
open_conns(uint32_t n)
{
	uint32_t i, up = 0;

	nservers = 0;
	for (i = 0; i < n; i++) {
		adopt(&clients[i], tcp_buckets_new());
		if (tcp_buckets_connect(clients[i].pcb, FIRST_PORT + i, &self,
					PORT, on_connected) == ERR_OK)
			pump();
	}
	for (i = 0; i < n; i++)
		up += clients[i].connected;
	return up;
}

/* Close both ends of all, and wait for TIME_WAIT to pass. */
static void
close_conns(uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++) {
		if (clients[i].pcb != NULL) {
			tcp_arg(clients[i].pcb, NULL);
			tcp_buckets_close(clients[i].pcb);
		}
		clients[i].pcb = NULL;
		pump();
	}
	for (i = 0; i < nservers; i++) {
		if (servers[i].pcb != NULL) {
			tcp_arg(servers[i].pcb, NULL);
			tcp_buckets_close(servers[i].pcb);
		}
		servers[i].pcb = NULL;
		pump();
	}
	ticks(2 * TCP_MSL / TCP_TMR_INTERVAL + 10, true);
}

static void
loopstack_init(void)
{
	ip4_addr_t mask, gateway;
	struct eth_addr mac;

	lwip_init();
	tcp_isn_init(1, micros);
	tcp_buckets_init(0x1234567812345679, 64);
	IP4_ADDR(&self, 10, 0, 0, 1);
	IP4_ADDR(&mask, 255, 0, 0, 0);
	IP4_ADDR(&gateway, 10, 0, 0, 2);
	netif_add(&nif, &self, &mask, &gateway, NULL, netif_setup,
		  tcp_buckets_input);
	NETIF_SET_CHECKSUM_CTRL(&nif, 0);
	netif_set_default(&nif);
	netif_set_up(&nif);
	memcpy(mac.addr, nif.hwaddr, 6);
	etharp_add_static_entry(&self, &mac);
	mac.addr[5] = 2;
	etharp_add_static_entry(&gateway, &mac);
	lose();
}
