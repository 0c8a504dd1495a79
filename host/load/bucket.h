/*
 * bucket.h: lwIP's PCB lists, split by a hash of the connection.
 *
 * lwIP finds a connection by walking one list, which with thousands of them
 * costs more than everything else.  Its list heads are global variables, so
 * they are pointed at the short list that can hold the connection before lwIP
 * runs, and stored back after.  The rule: whoever calls a tcp_ or udp_
 * function that looks at a list, from outside a callback of that same PCB,
 * brackets the call with bucket_enter() and bucket_leave().  Sections nest.
 */
#ifndef LOAD_BUCKET_H
#define LOAD_BUCKET_H

#include <stdint.h>

struct tcp_pcb;

/* The TCP bucket of a connection; addresses in network byte order. */
unsigned bucket_of(uint32_t local_ip, uint16_t local_port,
    uint32_t remote_ip, uint16_t remote_port);

/* The bucket of a PCB whose addresses and ports are set. */
unsigned bucket_of_pcb(const struct tcp_pcb *pcb);

/* Makes bucket @b current; returns what bucket_leave() wants back. */
unsigned bucket_enter(unsigned b);
void bucket_leave(unsigned before);

/* All connections in one list (timers, reassembled packets), and back. */
unsigned bucket_enter_all(void);
void bucket_leave_all(unsigned before);

/* The same for UDP sockets, by local port (host byte order). */
void bucket_udp_enter(uint16_t port);
void bucket_udp_leave(uint16_t port);
void bucket_udp_enter_all(void);
void bucket_udp_leave_all(void);

/* Connections that lwIP knows, those in TIME-WAIT included. */
unsigned bucket_count(void);

#endif
