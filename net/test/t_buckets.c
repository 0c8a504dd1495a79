/*
 * t_buckets.c: unit tests of lib/lwip/tcp_buckets.c, the bucketed lists of
 * connections. Runs on the host.
 */
#include "inc/types.h"

#include "lib/lwip/tcp_buckets.c"
#include "net/test/loopstack.h"

/* --- Tests --- */

static void
test_many(void)
{
	uint32_t up = open_conns(CONNS_MAX), i, good = 0;

	ok(up == CONNS_MAX && nservers == CONNS_MAX, "900 connections");
	ok(tcp_buckets_used() == 2 * CONNS_MAX, "two PCBs for each");
	for (i = 0; i < CONNS_MAX; i++) {
		tcp_write(clients[i].pcb, &i, sizeof(i), TCP_WRITE_FLAG_COPY);
		tcp_buckets_output(clients[i].pcb);
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
	tcp_buckets_output(clients[7].pcb);
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
		tcp_buckets_output(clients[i].pcb);
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
forge_syn(uint16_t port, uint8_t to)
{
	static const uint8_t fixed[] = {
		2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 9, 0x08, 0x00,
		0x45, 0, 0, 40, 0, 0, 0, 0, 64, 6, 0, 0,
		10, 9, 9, 9, 10, 0, 0, 1,
		0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0x50, 0x02, 0x10, 0,
	};
	struct pbuf *p = pbuf_alloc(PBUF_RAW, 60, PBUF_POOL);
	uint8_t *f = p->payload;

	memset(f, 0, 60);
	memcpy(f, fixed, sizeof(fixed));
	f[34] = port >> 8;
	f[35] = port;
	f[37] = to;
	if (nif.input(p, &nif) != ERR_OK)
		pbuf_free(p);
	lose();
}

static void
test_flood(void)
{
	uint32_t i;

	for (i = 0; i < 20000; i++)
		forge_syn(1024 + i, PORT);
	ok(tcp_buckets_used() <= 255, "half-open ones stay in the backlog");
	ok(open_conns(5) == 5, "others come in all the same");
	close_conns(5);
	ticks(2300, false);
	ok(tcp_buckets_used() == 0, "and they go");
}

/* The frames under way that carry a reset; all are lost. */
static uint32_t
lose_resets(void)
{
	uint32_t resets = 0;
	struct pbuf *p;

	for (; queue_out != queue_in; queue_out++) {
		p = queue[queue_out % QUEUE];
		resets += (((uint8_t *)p->payload)[47] & TCP_RST) != 0;
		pbuf_free(p);
	}
	return resets;
}

/* A handshake outlives as many SYNs as the backlog has other places. */
static void
test_oldest(void)
{
	uint32_t i;

	for (i = 0; i < 300; i++)
		forge_syn(1024 + i, PORT);
	nservers = 0;
	adopt(&clients[0], tcp_buckets_new());
	tcp_buckets_connect(clients[0].pcb, FIRST_PORT, &self, PORT,
			    on_connected);
	nif.input(queue[queue_out++ % QUEUE], &nif);	/* the SYN */
	ok(queue_in - queue_out == 1, "a SYN is answered in a flood");
	i = queue_out;
	queue_out = queue_in;				/* under way */
	struct pbuf *answer = queue[i % QUEUE];
	for (i = 0; i < 254; i++)
		forge_syn(2024 + i, PORT);
	nif.input(answer, &nif);
	nif.input(queue[queue_out++ % QUEUE], &nif);	/* the ACK */
	ok(clients[0].connected && nservers == 1 && lose_resets() == 0,
	   "and the handshake outlives 254 others");
	close_conns(1);
	ticks(2300, false);
	ok(tcp_buckets_used() == 0, "none is left");
}

/* Whatever the secret, consecutive ports spread over the buckets. */
static void
test_spread(void)
{
	static uint8_t hit[TCP_BUCKETS];
	uint32_t least = TCP_BUCKETS, key, port, n;
	uint64_t before = hash_key;

	for (key = 0; key < 200; key++) {
		hash_key = (uint64_t)tcp_isn_random() << 32 |
			tcp_isn_random() | 1;
		memset(hit, 0, sizeof(hit));
		for (n = 0, port = 0; port < TCP_BUCKETS; port++)
			hit[bucket_of(0x0a000001, 30000 + port, PORT)] = 1;
		for (port = 0; port < TCP_BUCKETS; port++)
			n += hit[port];
		least = MIN(least, n);
	}
	hash_key = before;
	/* Thrown at random, 63 % of the buckets would be hit. */
	ok(least > TCP_BUCKETS / 2, "ports fall into half of the buckets");
}

int
main(void)
{
	loopstack_init();
	listen_on(PORT);
	test_many();
	test_timers();
	test_retransmit();
	test_same_port();
	test_cross_abort();
	test_listener_close();
	test_flood();
	test_oldest();
	test_spread();
	printf("%d passed, %d failed\n", passed, failed);
	return failed != 0;
}
