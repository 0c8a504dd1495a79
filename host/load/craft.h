/*
 * craft.h: Ethernet frames made by hand, right in every field unless the
 * caller then spoils them.  For the modes that send what no stack would.
 */
#ifndef LOAD_CRAFT_H
#define LOAD_CRAFT_H

#include <stddef.h>
#include <stdint.h>

enum {
	ETH_HLEN = 14, IP_OFF = 14, L4_OFF = 34,
	ARP_LEN = 42,
	PROTO_ICMP = 1, PROTO_TCP = 6, PROTO_UDP = 17,
	FLAG_FIN = 1, FLAG_SYN = 2, FLAG_RST = 4, FLAG_PSH = 8, FLAG_ACK = 16,
	ARP_ASK = 1, ARP_REPLY = 2,
};

/* Both ends of a packet: addresses in host byte order. */
struct craft {
	uint8_t to_mac[6], from_mac[6];
	uint32_t from, to;
	uint16_t from_port, to_port;
};

/* Addressed from opt.ip and opt.mac to the peer, whose MAC is known. */
struct craft craft_to_peer(void);

/* Each writes a frame to @f, room for FRAME_MAX, and returns its length. */
size_t craft_arp(uint8_t *f, const struct craft *c, unsigned op);
size_t craft_ip(uint8_t *f, const struct craft *c, unsigned proto,
    const void *payload, size_t n);
size_t craft_tcp(uint8_t *f, const struct craft *c, unsigned flags,
    uint32_t seq, uint32_t ack, const void *payload, size_t n);
size_t craft_udp(uint8_t *f, const struct craft *c, const void *payload,
    size_t n);
size_t craft_ping(uint8_t *f, const struct craft *c, const void *payload,
    size_t n);

/* Computes the IPv4 header's checksum, and the payload's, anew. */
void craft_fix_ip(uint8_t *f);
void craft_fix_l4(uint8_t *f, size_t len);

/* Network byte order, at any address. */
void craft_put16(uint8_t *p, unsigned v);
void craft_put32(uint8_t *p, uint32_t v);
unsigned craft_get16(const uint8_t *p);
uint32_t craft_get32(const uint8_t *p);

#endif
