/*
 * t_timers.c: unit tests of tcp_buckets_tmr() (lib/lwip/tcp_buckets.c), which
 * spares lwIP's timers the connections in which nothing is due. Whether it
 * does so rightly is seen on the cable: the same random traffic, with losses,
 * full rings, refused bytes, closed windows and long pauses, is run once by it
 * and once with lwIP's timers called for every connection. Frame for frame the
 * two must be alike, and in the same ticks. Runs on the host.
 */
#include "inc/types.h"

#include "lib/lwip/tcp_buckets.c"
#include "net/test/loopstack.h"

#define CONNS		40
#define TICKS		6000
#define FRAMES_MAX	400000

/* What a frame says, sequence numbers counted from the first. */
struct sent {
	uint32_t tick;
	uint16_t sport, dport, len, window;
	uint32_t seq, ack, flags;
};

static struct sent traces[2][FRAMES_MAX];
static uint32_t nsent[2];
static uint32_t now, run;	/* tick and trace that are being made */
static uint32_t isn[2][CONNS];	/* of clients, of servers */
static uint64_t seed;

static uint32_t
chance(uint32_t n)
{
	seed = seed * 6364136223846793005ul + 1442695040888963407ul;
	return (seed >> 33) % n;
}

static void
note_frame(const uint8_t *f, uint32_t len)
{
	const struct tcp_hdr *tcp = (const void *)(f + 34);
	uint32_t sport = lwip_ntohs(tcp->src), dport = lwip_ntohs(tcp->dest);
	bool server = sport == PORT;
	uint32_t i = (server ? dport : sport) - FIRST_PORT;
	struct sent *s = &traces[run][nsent[run]];

	if (i >= CONNS || nsent[run] == FRAMES_MAX)
		return;
	if (TCPH_FLAGS(tcp) & TCP_SYN)
		isn[server][i] = lwip_ntohl(tcp->seqno);
	*s = (struct sent){
		.tick = now, .sport = sport, .dport = dport, .len = len,
		.window = tcp->wnd, .flags = TCPH_FLAGS(tcp),
		.seq = lwip_ntohl(tcp->seqno) - isn[server][i],
	};
	if (s->flags & TCP_ACK)
		s->ack = lwip_ntohl(tcp->ackno) - isn[!server][i];
	nsent[run]++;
}

/* The cable: it is full at times, and loses some. */
static err_t
send_badly(struct netif *n, struct pbuf *p)
{
	uint8_t head[54];

	pbuf_copy_partial(p, head, sizeof(head), 0);
	note_frame(head, p->tot_len);
	if (now > 0 && chance(30) == 0)
		return ERR_MEM;
	if (now > 0 && chance(12) == 0)
		return ERR_OK;
	return send_frame(n, p);
}

/* --- Ends --- */

static bool refusing[2 * CONNS];
static uint32_t kept[2 * CONNS];	/* received, the window not opened */

static err_t
take(void *arg, struct tcp_pcb *pcb, struct pbuf *p, err_t err)
{
	uint32_t i = (uint32_t)(uintptr_t)arg;

	if (p == NULL)
		return ERR_OK;
	if (refusing[i])
		return ERR_MEM;
	kept[i] += p->tot_len;
	pbuf_free(p);
	return ERR_OK;
}

static struct tcp_pcb *pcbs[2 * CONNS];

static void
broken(void *arg, err_t err)
{
	pcbs[(uintptr_t)arg] = NULL;
}

static void
take_over(uint32_t i, struct tcp_pcb *pcb)
{
	pcbs[i] = pcb;
	tcp_arg(pcb, (void *)(uintptr_t)i);
	tcp_recv(pcb, take);
	tcp_err(pcb, broken);
	tcp_poll(pcb, NULL, 0);
	tcp_nagle_disable(pcb);
}

/* Something happens to one end. */
static void
act(uint32_t i)
{
	static const uint8_t bytes[20000];
	struct tcp_pcb *pcb = pcbs[i];
	uint32_t n;

	if (pcb == NULL)
		return;
	switch (chance(8)) {
	case 0:
		refusing[i] = !refusing[i];
		break;
	case 1:
	case 2:
		tcp_buckets_recved(pcb, MIN(kept[i], 0xffffu));
		kept[i] -= MIN(kept[i], 0xffffu);
		break;
	case 3:
		if (chance(40) == 0)
			tcp_buckets_shutdown(pcb, 0, 1);
		break;
	default:
		n = 1 + chance(chance(4) ? 200 : sizeof(bytes));
		n = MIN(n, (uint32_t)tcp_sndbuf(pcb));
		if (n > 0 && tcp_write(pcb, bytes, n, 0) == ERR_OK)
			tcp_buckets_output(pcb);
		break;
	}
}

/* lwIP's timers for everybody, as without buckets. */
static void
reference_tmr(void)
{
	uint32_t before = tcp_ticks, n;

	bucket_load(NONE);
	for (n = 0; n < TCP_BUCKETS; n++)
		run_timer(n, tcp_fasttmr);
	tick_parity ^= 1;
	if (tick_parity == 0)
		return;
	for (n = 0; n < TCP_BUCKETS; n++) {
		tcp_ticks = before;
		run_timer(n, tcp_slowtmr);
	}
}

/* A run of everything; which is 0 or 1, by the timers given. */
static void
traffic(uint32_t which, uint64_t from, void (*tmr)(void))
{
	uint32_t i;

	run = which;
	nsent[run] = 0;
	now = 0;
	seed = from;
	memset(refusing, 0, sizeof(refusing));
	memset(kept, 0, sizeof(kept));
	if (tick_parity == 1)
		tcp_buckets_tmr();
	nif.linkoutput = send_badly;
	ok(open_conns(CONNS) == CONNS, "connections");
	for (i = 0; i < CONNS; i++) {
		take_over(i, clients[i].pcb);
		take_over(CONNS + i, servers[i].pcb);
	}
	for (now = 1; now <= TICKS; now++) {
		/* Bursts, and pauses in which all falls silent. */
		if (now % 600 < 150 && chance(2) == 0)
			act(chance(2 * CONNS));
		clock_us += TCP_TMR_INTERVAL * 1000;
		tmr();
		pump();
	}
	nif.linkoutput = send_frame;
	for (i = 0; i < 2 * CONNS; i++) {
		if (pcbs[i] != NULL)
			tcp_buckets_abort(pcbs[i]);
	}
	pump();
	ticks(2 * TCP_MSL / TCP_TMR_INTERVAL + 10, true);
	ok(tcp_buckets_used() == 0, "none is left");
}

static void
test_alike(uint64_t from)
{
	uint32_t n;

	traffic(0, from, reference_tmr);
	traffic(1, from, tcp_buckets_tmr);
	for (n = 0; n < nsent[0] && n < nsent[1]; n++) {
		if (memcmp(&traces[0][n], &traces[1][n],
			   sizeof(struct sent)) != 0)
			break;
	}
	if (n < nsent[0] || n < nsent[1])
		printf("frame %u of %u and %u differs, in tick %u or %u, "
		       "port %u\n", n, nsent[0], nsent[1], traces[0][n].tick,
		       traces[1][n].tick, traces[0][n].sport);
	ok(nsent[0] > 1000, "much was sent");
	ok(n == nsent[0] && n == nsent[1],
	   "the same frames in the same ticks as by lwIP's timers");
}

/* A peer that never ends its side: FIN_WAIT_2 passes, and the end is freed. */
static void
test_fin_wait(void)
{
	uint32_t i;

	open_conns(50);
	for (i = 0; i < 50; i++) {
		tcp_poll(clients[i].pcb, NULL, 0);
		tcp_poll(servers[i].pcb, NULL, 0);
		tcp_arg(clients[i].pcb, NULL);
		tcp_buckets_close(clients[i].pcb);
	}
	pump();
	ok(tcp_buckets_used() == 100, "50 in FIN_WAIT_2");
	ticks(TCP_FIN_WAIT_TIMEOUT / TCP_TMR_INTERVAL + 10, true);
	ok(tcp_buckets_used() == 50, "they have gone");
	for (i = 0; i < 50; i++) {
		tcp_arg(servers[i].pcb, NULL);
		tcp_buckets_abort(servers[i].pcb);
	}
	pump();
}

static uint32_t
count_awake(void)
{
	uint32_t n, count = 0;

	for (n = 0; n < TCP_BUCKETS / 64; n++)
		count += __builtin_popcountl(awake[n] | touched[n]);
	return count;
}

/* Nothing is done for connections in which nothing is timed ... */
static void
test_sleep(void)
{
	uint32_t i;

	ok(open_conns(300) == 300, "300 connections");
	for (i = 0; i < 300; i++) {
		tcp_poll(clients[i].pcb, NULL, 0);
		tcp_poll(servers[i].pcb, NULL, 0);
		ip_set_option(clients[i].pcb, SOF_KEEPALIVE);
	}
	ticks(20, true);
	ok(count_awake() == 0, "where nothing is timed, all sleep");
}

/* ... but peers that have vanished are noticed. */
static void
test_keep_alive(void)
{
	uint32_t i, n, early = 0, late = 0;

	n = TCP_KEEPIDLE_DEFAULT / TCP_TMR_INTERVAL;
	ticks(n - 200, false);
	for (i = 0; i < 300; i++)
		early += clients[i].error;
	ticks(400 + TCP_KEEPCNT_DEFAULT * TCP_KEEPINTVL_DEFAULT /
	      TCP_TMR_INTERVAL, false);
	for (i = 0; i < 300; i++)
		late += !clients[i].error;
	ok(early == 0 && late == 0, "keep-alive ends them in its time");
	for (i = 0; i < 300; i++) {
		tcp_arg(servers[i].pcb, NULL);
		tcp_buckets_abort(servers[i].pcb);
	}
	lose();
	ok(tcp_buckets_used() == 0, "none is left");
}

int
main(void)
{
	uint32_t i;

	loopstack_init();
	listen_on(PORT);
	ticks(2, true);		/* in tick 0 lwIP measures no round trip */
	for (i = 1; i <= 5; i++)
		test_alike(i);
	test_fin_wait();
	test_sleep();
	test_keep_alive();
	printf("%d passed, %d failed\n", passed, failed);
	return failed != 0;
}
