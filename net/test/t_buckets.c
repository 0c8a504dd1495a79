/*
 * t_buckets.c: unit tests of lib/lwip/: the bucketed lists of connections, the
 * checksum and the hash of sequence numbers. Runs on the host.
 *
 * One lwIP stack talks to itself: frames that it sends lie in a queue until
 * pump() hands them back, so a test may lose them too. Client and server ends
 * of a connection are PCBs of the same stack, in different buckets.
 */
#include "inc/types.h"

#include "lib/lwip/tcp_buckets.h"
#include "lib/lwip/tcp_isn.h"
#include "lwip/etharp.h"
#include "lwip/init.h"
#include "lwip/ip.h"
#include "lwip/priv/tcp_priv.h"
#include "lwip/stats.h"

int printf(const char *fmt, ...);
void exit(int status) __attribute__((noreturn));

#define PORT		7
#define FIRST_PORT	20000
#define CONNS_MAX	900
#define QUEUE		16384

static int passed, failed;
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

static void
ok(bool condition, const char *name)
{
	printf("%s %s\n", condition ? "ok" : "FAIL", name);
	if (condition)
		passed++;
	else
		failed++;
}

static uint64_t
micros(void)
{
	return clock_us;
}

/* --- The stack and its cable ------------------------------------------------- */

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

/* --- Ends of connections ------------------------------------------------------- */

static err_t
on_recv(void *arg, struct tcp_pcb *pcb, struct pbuf *p, err_t err)
{
	struct end *e = arg;

	if (e == NULL && p != NULL) {
		tcp_recved(pcb, p->tot_len);
		pbuf_free(p);
	}
	if (e == NULL)
		return ERR_OK;
	if (p == NULL) {
		e->eof = true;
		return ERR_OK;
	}
	e->received += p->tot_len;
	tcp_recved(pcb, p->tot_len);
	if (e >= servers && e < servers + CONNS_MAX) {
		tcp_write(pcb, p->payload, p->len, TCP_WRITE_FLAG_COPY);
		tcp_output(pcb);
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

/* --- Tests ------------------------------------------------------------------------- */

static void
test_many(void)
{
	uint32_t up = open_conns(CONNS_MAX), i, good = 0;

	ok(up == CONNS_MAX && nservers == CONNS_MAX, "900 connections");
	ok(tcp_buckets_used() == 2 * CONNS_MAX, "two PCBs for each");
	for (i = 0; i < CONNS_MAX; i++) {
		tcp_write(clients[i].pcb, &i, sizeof(i), TCP_WRITE_FLAG_COPY);
		tcp_output(clients[i].pcb);
		pump();
	}
	for (i = 0; i < CONNS_MAX; i++)
		good += clients[i].received == sizeof(i);
	ok(good == CONNS_MAX, "each has its echo");
	close_conns(CONNS_MAX);
	ok(tcp_buckets_used() == 0, "closed, and none is left");
	ok(lwip_stats.memp[MEMP_PBUF_POOL]->used == 0 &&
	   lwip_stats.memp[MEMP_TCP_SEG]->used == 0, "no buffer is left");
}

/*
 * Each PCB is polled once per slow tick, whatever the number of buckets: one
 * connection after the other is begun (to nobody), so that every number of
 * occupied buckets occurs, multiples of 256 too.
 */
static void
test_timers(void)
{
	uint32_t n, i, before, bad = 0, wrong_time = 0;
	ip_addr_t nobody;

	IP4_ADDR(&nobody, 10, 0, 0, 2);
	for (n = 0; n < CONNS_MAX; n++) {
		adopt(&clients[n], tcp_buckets_new());
		if (tcp_buckets_connect(clients[n].pcb, FIRST_PORT + n,
					&nobody, PORT, on_connected) != ERR_OK)
			bad++;
		ticks(2, false);	/* a new one may miss its first */
		for (i = 0; i <= n; i++) {
			clients[i].polls = 0;
			clients[i].pcb->nrtx = 0;	/* never give up */
		}
		before = tcp_ticks;
		ticks(4, false);
		wrong_time += tcp_ticks - before != 2;
		for (i = 0; i <= n; i++)
			bad += clients[i].polls != 2;
	}
	ok(wrong_time == 0, "time passes once");
	ok(bad == 0, "nobody is skipped or polled twice");
	for (n = 0; n < CONNS_MAX; n++) {
		tcp_arg(clients[n].pcb, NULL);
		tcp_buckets_abort(clients[n].pcb);
	}
	lose();
	ok(tcp_buckets_used() == 0, "none is left");
}

static void
test_retransmit(void)
{
	uint32_t one = 1;

	open_conns(300);
	tcp_write(clients[7].pcb, &one, sizeof(one), TCP_WRITE_FLAG_COPY);
	tcp_output(clients[7].pcb);
	lose();
	ticks(3, false);
	ok(servers[7].received == 0, "lost");
	ticks(100, true);
	ok(servers[7].received == sizeof(one) &&
	   clients[7].received == sizeof(one), "sent again within a second");
	close_conns(300);
}

static void
test_same_port(void)
{
	struct tcp_pcb *pcb = tcp_buckets_new();

	open_conns(3);
	ok(tcp_buckets_connect(pcb, FIRST_PORT + 1, &self, PORT,
			       on_connected) == ERR_USE, "a pair in use");
	ok(tcp_buckets_connect(pcb, FIRST_PORT + 9, &self, PORT,
			       on_connected) == ERR_OK, "then another port");
	pump();
	tcp_buckets_abort(pcb);
	pump();
	close_conns(3);
	ok(tcp_buckets_used() == 0, "none is left");
}

/* A callback in one bucket ends a connection of another. */
static void
test_cross_abort(void)
{
	uint32_t i, one = 1, errors = 0;

	open_conns(200);
	for (i = 0; i < 100; i++) {
		clients[i].victim = &clients[199 - i];
		tcp_arg(clients[199 - i].pcb, NULL);
		tcp_write(clients[i].pcb, &one, sizeof(one),
			  TCP_WRITE_FLAG_COPY);
		tcp_output(clients[i].pcb);
		pump();
	}
	for (i = 0; i < nservers; i++)
		errors += servers[i].error;
	ok(errors == 100, "the peers of 100 aborted connections know");
	for (i = 100; i < 200; i++)
		clients[i].pcb = NULL;
	close_conns(200);
	ok(tcp_buckets_used() == 0, "none is left");
}

/* A listener goes while handshakes are half done. */
static void
test_listener_close(void)
{
	uint32_t i;

	for (i = 0; i < 50; i++) {
		adopt(&clients[i], tcp_buckets_new());
		tcp_buckets_connect(clients[i].pcb, FIRST_PORT + i, &self,
				    PORT, on_connected);
	}
	/* The SYNs arrive, the answers do not. */
	for (i = 0; i < 50; i++)
		nif.input(queue[queue_out++ % QUEUE], &nif);
	lose();
	nservers = 0;
	ok(tcp_buckets_close(listener) == ERR_OK, "the listener is closed");
	ticks(400, true);
	ok(nservers == 0, "nobody is accepted any more");
	for (i = 0; i < 50; i++) {
		if (clients[i].pcb != NULL)
			tcp_buckets_abort(clients[i].pcb);
		pump();
	}
	ticks(2200, true);
	ok(tcp_buckets_used() == 0, "its half-open connections went");
	listen_on(PORT);
}

/* Make a SYN by hand, from a given port of a stranger. */
static void
forge_syn(uint16_t port)
{
	static const uint8_t fixed[] = {
		2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 9, 0x08, 0x00,
		0x45, 0, 0, 40, 0, 0, 0, 0, 64, 6, 0, 0,
		10, 9, 9, 9, 10, 0, 0, 1,
		0, 0, 0, PORT, 0, 0, 0, 1, 0, 0, 0, 0, 0x50, 0x02, 0x10, 0,
	};
	struct pbuf *p = pbuf_alloc(PBUF_RAW, 60, PBUF_POOL);
	uint8_t *f = p->payload;

	memset(f, 0, 60);
	memcpy(f, fixed, sizeof(fixed));
	f[34] = port >> 8;
	f[35] = port;
	if (nif.input(p, &nif) != ERR_OK)
		pbuf_free(p);
	lose();
}

static void
test_flood(void)
{
	uint32_t i;

	for (i = 0; i < 20000; i++)
		forge_syn(1024 + i);
	ok(tcp_buckets_used() <= 255, "half-open ones stay in the backlog");
	ok(open_conns(5) == 5, "others come in all the same");
	close_conns(5);
	ticks(2300, false);
	ok(tcp_buckets_used() == 0, "and they go");
}

static void
test_chksum(void)
{
	static uint8_t data[2000];
	uint32_t i, k, n, start, sum, bad = 0;

	for (i = 0; i < sizeof(data); i++)
		data[i] = tcp_isn_random();
	memset(data + 200, 0xff, 300);
	for (i = 0; i < 5000; i++) {
		start = tcp_isn_random() % 500;
		n = tcp_isn_random() % 1500;
		for (sum = 0, k = 0; k < n; k += 2) {
			sum += data[start + k] |
				(k + 1 < n ? data[start + k + 1] << 8 : 0);
			sum = (sum & 0xffff) + (sum >> 16);
		}
		bad += lwip_chksum(data + start, n) != sum;
	}
	ok(bad == 0, "checksums of any alignment and length");
}

/* The reference vector of SipHash-2-4, from its authors' paper. */
static void
test_siphash(void)
{
	uint64_t key[2] = { 0x0706050403020100, 0x0f0e0d0c0b0a0908 };
	uint8_t data[15];
	int i;

	for (i = 0; i < 15; i++)
		data[i] = i;
	ok(siphash24(key, data, 15) == 0xa129ca6149be45e5, "SipHash-2-4");
}

int
main(void)
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

	listen_on(PORT);
	test_many();
	test_timers();
	test_retransmit();
	test_same_port();
	test_cross_abort();
	test_listener_close();
	test_flood();
	test_chksum();
	test_siphash();
	printf("%d passed, %d failed\n", passed, failed);
	return failed != 0;
}
