/* craft.c: see craft.h. */
#include <string.h>
#include "craft.h"
#include "opts.h"
#include "stack.h"

#define IP_HLEN		20
#define TCP_HLEN	20
#define UDP_HLEN	8
#define ICMP_HLEN	8
#define TTL		64

void
craft_put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

void
craft_put32(uint8_t *p, uint32_t v)
{
	craft_put16(p, v >> 16);
	craft_put16(p + 2, v & 0xffff);
}

unsigned
craft_get16(const uint8_t *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

uint32_t
craft_get32(const uint8_t *p)
{
	return (uint32_t)craft_get16(p) << 16 | craft_get16(p + 2);
}

struct craft
craft_to_peer(void)
{
	struct craft c = { .from = opt.ip, .to = opt.peer,
	    .from_port = 40000, .to_port = (uint16_t)opt.port };
	const uint8_t *mac = stack_peer_mac();

	memcpy(c.from_mac, opt.mac, 6);
	if (mac)
		memcpy(c.to_mac, mac, 6);
	else
		memset(c.to_mac, 0xff, 6);
	return c;
}

/* Ones' complement sum of @n bytes, on top of @sum. */
static uint32_t
sum16(uint32_t sum, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i + 1 < n; i += 2)
		sum += craft_get16(p + i);
	if (n & 1)
		sum += (uint32_t)p[n - 1] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

void
craft_fix_ip(uint8_t *f)
{
	craft_put16(f + IP_OFF + 10, 0);
	craft_put16(f + IP_OFF + 10,
	    ~sum16(0, f + IP_OFF, (f[IP_OFF] & 15) * 4u) & 0xffff);
}

void
craft_fix_l4(uint8_t *f, size_t len)
{
	unsigned proto = f[IP_OFF + 9];
	size_t at = proto == PROTO_TCP ? 16 : proto == PROTO_UDP ? 6 : 2;
	uint32_t sum = 0;

	if (len < L4_OFF + at + 2)
		return;
	if (proto != PROTO_ICMP)
		sum = sum16(proto + (uint32_t)(len - L4_OFF), f + IP_OFF + 12,
		    8);
	craft_put16(f + L4_OFF + at, 0);
	craft_put16(f + L4_OFF + at,
	    ~sum16(sum, f + L4_OFF, len - L4_OFF) & 0xffff);
}

static void
ethernet(uint8_t *f, const struct craft *c, unsigned type)
{
	memcpy(f, c->to_mac, 6);
	memcpy(f + 6, c->from_mac, 6);
	craft_put16(f + 12, type);
}

size_t
craft_arp(uint8_t *f, const struct craft *c, unsigned op)
{
	ethernet(f, c, 0x0806);
	craft_put16(f + 14, 1);
	craft_put16(f + 16, 0x0800);
	f[18] = 6;
	f[19] = 4;
	craft_put16(f + 20, op);
	memcpy(f + 22, c->from_mac, 6);
	craft_put32(f + 28, c->from);
	memcpy(f + 32, c->to_mac, 6);
	craft_put32(f + 38, c->to);
	return ARP_LEN;
}

size_t
craft_ip(uint8_t *f, const struct craft *c, unsigned proto,
    const void *payload, size_t n)
{
	static const uint8_t fixed[10] = { 0x45, 0, 0, 0, 0, 0, 0, 0, TTL };

	ethernet(f, c, 0x0800);
	memcpy(f + IP_OFF, fixed, sizeof(fixed));
	craft_put16(f + IP_OFF + 2, (unsigned)(IP_HLEN + n));
	f[IP_OFF + 9] = (uint8_t)proto;
	craft_put32(f + IP_OFF + 12, c->from);
	craft_put32(f + IP_OFF + 16, c->to);
	memmove(f + L4_OFF, payload, n);
	craft_fix_ip(f);
	return L4_OFF + n;
}

size_t
craft_tcp(uint8_t *f, const struct craft *c, unsigned flags, uint32_t seq,
    uint32_t ack, const void *payload, size_t n)
{
	uint8_t *t = f + L4_OFF;

	if (n)
		memmove(t + TCP_HLEN, payload, n);
	craft_put16(t, c->from_port);
	craft_put16(t + 2, c->to_port);
	craft_put32(t + 4, seq);
	craft_put32(t + 8, ack);
	t[12] = TCP_HLEN / 4 << 4;
	t[13] = (uint8_t)flags;
	craft_put16(t + 14, 0xffff);
	craft_put32(t + 16, 0);
	size_t len = craft_ip(f, c, PROTO_TCP, t, TCP_HLEN + n);
	craft_fix_l4(f, len);
	return len;
}

size_t
craft_udp(uint8_t *f, const struct craft *c, const void *payload, size_t n)
{
	uint8_t *u = f + L4_OFF;

	if (n)
		memmove(u + UDP_HLEN, payload, n);
	craft_put16(u, c->from_port);
	craft_put16(u + 2, c->to_port);
	craft_put16(u + 4, (unsigned)(UDP_HLEN + n));
	size_t len = craft_ip(f, c, PROTO_UDP, u, UDP_HLEN + n);
	craft_fix_l4(f, len);
	return len;
}

size_t
craft_ping(uint8_t *f, const struct craft *c, const void *payload, size_t n)
{
	uint8_t *i = f + L4_OFF;

	if (n)
		memmove(i + ICMP_HLEN, payload, n);
	memset(i, 0, ICMP_HLEN);
	i[0] = 8;
	size_t len = craft_ip(f, c, PROTO_ICMP, i, ICMP_HLEN + n);
	craft_fix_l4(f, len);
	return len;
}
