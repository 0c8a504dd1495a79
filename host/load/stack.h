/*
 * stack.h: lwIP on the frames layer: addresses, input, output, timers, and
 * the loop that drives it all.
 */
#ifndef LOAD_STACK_H
#define LOAD_STACK_H

#include <stddef.h>
#include <stdint.h>

#define STACK_IPS_MAX	64

/* Segments that TCP sent again. */
extern uint64_t stack_retransmits;

/* Brings up opt.ips addresses on the link. */
void stack_init(void);

/* One received frame; the frames layer calls it. */
void stack_input(const uint8_t *frame, size_t len);

/* Runs the timers that are due at @now; stack_next() tells when again. */
void stack_tick(uint64_t now);
uint64_t stack_next(void);

/* Drops what the stack still holds (all connections, without a word). */
void stack_exit(void);

/* The peer's MAC once ARP has found it (6 bytes), else NULL. */
const uint8_t *stack_peer_mac(void);

/* Sends one ARP request for the peer. */
void stack_ask_peer(void);

/* Packets received with a wrong IP, TCP, UDP or ICMP checksum. */
uint64_t stack_bad_checksums(void);

/* A local port not used before in this cycle; *@ip gets the address (host
 * byte order) it goes with. */
uint16_t stack_new_port(uint32_t *ip);

/* loop.c ------------------------------------------------------------------ */

enum { STEP_IDLE, STEP_MORE, STEP_DONE };
enum { LOOP_DONE, LOOP_TIMEOUT, LOOP_CLOSED };

/*
 * Receives, runs timers and calls @step once per turn until it returns
 * STEP_DONE, @deadline (ns) passes, or the link closes.  After STEP_IDLE the
 * loop may sleep until a frame, a timer, or loop_wake_at().
 */
int loop_run(int (*step)(uint64_t now), uint64_t deadline);

/* Asks for a turn at @ns at the latest; holds for the coming sleep only. */
void loop_wake_at(uint64_t ns);

/*
 * Waits until ARP has the peer's address.  Returns 0, or -1 after saying
 * that the peer did not answer before @deadline.
 */
int loop_resolve(uint64_t deadline);

#endif
