/*
 * sock_udp.c: datagram sockets: UDP, and ICMP echo for ping. Received
 * datagrams wait in a ring of fixed size; one that finds it full is dropped.
 */
#include "net/ns.h"

#include "lib/lwip/tcp_isn.h"
#include "lwip/icmp.h"
#include "lwip/inet_chksum.h"
#include "lwip/prot/ip4.h"
#include "lwip/raw.h"
#include "lwip/udp.h"

#define DGRAM_MAX	1472	/* of data: what fits a frame */
#define NRINGS		(MEMP_NUM_UDP_PCB + MEMP_NUM_RAW_PCB)

static struct dgram rings[NRINGS][DGRAMS];
static struct dgram *free_rings[NRINGS];
static uint32_t nfree;

void
dgram_init(void)
{
	for (nfree = 0; nfree < NRINGS; nfree++)
		free_rings[nfree] = rings[nfree];
}

/* Keep a datagram; takes the reference to p. */
static void
dgram_put(struct sock *s, struct pbuf *p, uint32_t addr, uint16_t port)
{
	struct dgram *d;

	if (s->dgram_count == DGRAMS ||
	    !share_has_frames(s->owner, s->rx_pbufs)) {
		ns_stats.count.rx_dropped++;
		pbuf_free(p);
		return;
	}
	d = &s->dgrams[(s->dgram_head + s->dgram_count) % DGRAMS];
	d->p = p;
	d->addr = addr;
	d->port = port;
	s->dgram_count++;
	sock_frames(s, 1);
	sock_event(s);
}

static void
on_udp(void *arg, struct udp_pcb *pcb, struct pbuf *p, const ip_addr_t *addr,
       u16_t port)
{
	dgram_put(arg, p, ip4_addr_get_u32(ip_2_ip4(addr)), port);
}

/* ICMP with its IP header: keep echo replies, let lwIP see the rest. */
static u8_t
on_icmp(void *arg, struct raw_pcb *pcb, struct pbuf *p, const ip_addr_t *addr)
{
	const struct ip_hdr *ip = p->payload;
	const struct icmp_echo_hdr *icmp;
	uint32_t ihl;

	if (p->len < sizeof(*ip))
		return 0;
	ihl = IPH_HL_BYTES(ip);
	if (p->len < ihl + sizeof(*icmp))
		return 0;
	icmp = (const void *)((const char *)ip + ihl);
	if (ICMPH_TYPE(icmp) != ICMP_ER)
		return 0;
	pbuf_remove_header(p, ihl);
	dgram_put(arg, p, ip4_addr_get_u32(ip_2_ip4(addr)), 0);
	return 1;
}

int
dgram_sock_open(struct sock *s)
{
	if (nfree == 0)
		return -E_NO_MEM;
	if (s->kind == SOCK_UDP)
		s->udp = udp_new();
	else
		s->raw = raw_new(IP_PROTO_ICMP);
	if (s->udp == NULL)
		return -E_NO_MEM;
	if (s->kind == SOCK_UDP)
		udp_recv(s->udp, on_udp, s);
	else
		raw_recv(s->raw, on_icmp, s);
	s->dgrams = free_rings[--nfree];
	return 0;
}

int
dgram_sock_bind(struct sock *s, uint32_t addr, uint16_t port)
{
	ip_addr_t ip = IPADDR4_INIT(addr);
	int tries;
	err_t err;

	if (s->kind != SOCK_UDP || s->udp->local_port != 0)
		return -E_INVAL;
	if (port != 0)
		return err_from_lwip(udp_bind(s->udp, &ip, port));
	for (tries = 0; tries < 64; tries++) {
		port = 49152 + tcp_isn_random() % 16384;
		err = udp_bind(s->udp, &ip, port);
		if (err != ERR_USE)
			return err_from_lwip(err);
	}
	return -E_ADDR_IN_USE;
}

/* Only the default destination: datagrams from others are received too. */
int
dgram_sock_connect(struct sock *s, uint32_t addr, uint16_t port)
{
	s->peer_addr = addr;
	s->peer_port = port;
	s->state = ST_CONNECTED;
	return 0;
}

static err_t
icmp_send(struct sock *s, struct pbuf *p, const ip_addr_t *to)
{
	struct icmp_echo_hdr *icmp = p->payload;

	if (p->len < sizeof(*icmp) || ICMPH_TYPE(icmp) != ICMP_ECHO)
		return ERR_VAL;
	icmp->chksum = 0;
	icmp->chksum = inet_chksum(icmp, p->len);
	return raw_sendto(s->raw, p, to);
}

int64_t
dgram_sock_send(struct sock *s, const void *data, uint32_t len,
		uint32_t addr, uint16_t port)
{
	ip_addr_t to = IPADDR4_INIT(addr);
	struct pbuf *p;
	err_t err;
	int r;

	if (len > DGRAM_MAX)
		return -E_TOO_BIG;
	if (addr == 0)
		return -E_NOT_CONN;
	if (s->kind == SOCK_UDP && s->udp->local_port == 0 &&
	    (r = dgram_sock_bind(s, 0, 0)) < 0)
		return r;
	p = pbuf_alloc(s->kind == SOCK_UDP ? PBUF_TRANSPORT : PBUF_IP, len,
		       PBUF_RAM);
	if (p == NULL)
		return -E_NO_MEM;
	memcpy(p->payload, data, len);
	COUNT_COPY(&ns_stats.count, req_to_pbuf, len);
	if (s->kind == SOCK_UDP)
		err = udp_sendto(s->udp, p, &to, port);
	else
		err = icmp_send(s, p, &to);
	pbuf_free(p);
	return err == ERR_OK ? (int64_t)len : err_from_lwip(err);
}

/* The next datagram out of the ring; the caller frees its pbuf. */
static struct dgram
dgram_get(struct sock *s)
{
	struct dgram d = s->dgrams[s->dgram_head];

	s->dgram_head = (s->dgram_head + 1) % DGRAMS;
	s->dgram_count--;
	sock_frames(s, -1);
	return d;
}

int64_t
dgram_sock_recv(struct sock *s, void *data, uint32_t len, bool nonblock,
		struct sockaddr_in *from)
{
	struct dgram d;
	uint32_t n;
	int r;

	while (s->dgram_count == 0) {
		if (nonblock)
			return -E_AGAIN;
		if ((r = sock_wait(s)) < 0)
			return r;
	}
	d = dgram_get(s);
	n = MIN(len, d.p->tot_len);
	pbuf_copy_partial(d.p, data, n, 0);
	pbuf_free(d.p);
	COUNT_COPY(&ns_stats.count, pbuf_to_req, n);
	memset(from, 0, sizeof(*from));
	from->sin_len = sizeof(*from);
	from->sin_family = AF_INET;
	from->sin_port = htons(d.port);
	from->sin_addr.s_addr = d.addr;
	return n;
}

void
dgram_sock_close(struct sock *s)
{
	while (s->dgram_count > 0)
		pbuf_free(dgram_get(s).p);
	if (s->kind == SOCK_UDP)
		udp_remove(s->udp);
	else
		raw_remove(s->raw);
	free_rings[nfree++] = s->dgrams;
}
