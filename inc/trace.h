/*
 * trace.h: the stations of a packet's way through either server, and the
 * events that record when it passed them.
 *
 * Tracing is off by default and costs one branch where it is off. With the
 * boot argument trace=1 each CPU writes events into a ring of its own; the
 * kernel writes its CPU's, user code of lab-6 asks it to (sys_trace), and the
 * libOS writes that of its core. The rings go to the host over the debug
 * console at the end (inc/export.h), where `make trace` draws them.
 */
#ifndef JIX_INC_TRACE_H
#define JIX_INC_TRACE_H

#include "inc/types.h"

/* X(name, design, text): design 6 is lab-6, 9 is IX, 0 both. In path order. */
#define STATIONS(X) \
	X(NONE, 0, "not a station") \
	X(RX_SEEN, 6, "the driver finds the frame in its ring") \
	X(RX_COPIED, 6, "copied to the input environment's page") \
	X(INPUT_SEND, 6, "input sends the page to ns") \
	X(NS_INPUT, 6, "ns has the frame") \
	X(NS_STACK_IN, 6, "through Ethernet, IP and TCP") \
	X(NS_THREAD, 6, "the thread of the waiting request runs") \
	X(NS_REPLY, 6, "ns answers the application's request") \
	X(APP_RECV, 0, "the application has the data") \
	X(APP_SEND, 0, "the application sends its answer") \
	X(NS_REQUEST, 6, "ns has the request to send") \
	X(NS_STACK_OUT, 6, "through TCP and IP") \
	X(NS_OUTPUT, 6, "ns passes the frame to output") \
	X(OUTPUT_GOT, 6, "output has the frame") \
	X(TX_COPIED, 6, "copied into the driver's buffer") \
	X(TX_DOORBELL, 6, "tail written: the NIC sends") \
	X(DP_POLL, 9, "the libOS polls and finds a batch") \
	X(DP_RX, 9, "the frame taken from the ring") \
	X(DP_STACK_IN, 9, "through Ethernet, IP and TCP: an event") \
	X(DP_RETURN, 9, "back to ring 3 with the events") \
	X(DP_ENTER, 9, "ring 3 enters the libOS with its calls") \
	X(DP_CALL, 9, "the libOS carries out a call") \
	X(DP_STACK_OUT, 9, "through TCP and IP") \
	X(DP_TX, 9, "the frame put into the ring") \
	X(DP_DOORBELL, 9, "tail written: the NIC sends") \
	X(DP_RECLAIM, 9, "sent and acknowledged: the page is free") \
	X(ENV_SWITCH, 6, "another environment gets the CPU") \
	X(IPC, 6, "a message is delivered") \
	X(CLIENT_SEND, 0, "the load generator sends") \
	X(CLIENT_RECV, 0, "the load generator has the answer")

enum station {
#define STATION_ENUM(name, design, text) TRACE_##name,
	STATIONS(STATION_ENUM)
#undef STATION_ENUM
	NSTATIONS
};

struct trace_event {
	uint64_t tsc;
	uint16_t station;	/* enum station */
	uint8_t cpu;
	uint8_t ring;		/* privilege level it happened at: 0, 1, 3 */
	uint32_t env;		/* envid, 0 in a dataplane */
	uint64_t a, b;		/* the station's own: a length, a size */
};
_Static_assert(sizeof(struct trace_event) == 32, "events are exported as is");

#define TRACE_RING_EVENTS	4096	/* per CPU; the oldest go */

struct trace_ring {
	uint64_t next;		/* events written so far */
	struct trace_event event[TRACE_RING_EVENTS];
};

static inline void
trace_put(struct trace_ring *r, struct trace_event e)
{
	r->event[r->next++ % TRACE_RING_EVENTS] = e;
}

#endif
