/*
 * ix.h: what a dataplane application (ring 3) and the libOS (ring 1) agree
 * on: the application's half of the address space, batched calls, event
 * conditions, plain calls, handles. lib/ix/ is the library for this side,
 * dp/ carries the calls out.
 *
 * One elastic thread runs on each core of a dataplane; everything here is per
 * core. The application fills calls[], enters the libOS, finds in each call's
 * first word its result, and in events[] what happened. It owns the arrays'
 * memory and may change it at any time: the libOS reads each word once.
 */
#ifndef JIX_INC_IX_H
#define JIX_INC_IX_H

#include "inc/memlayout.h"

/*
 * The application's half: the first 512 GB, the same on all cores, in 2 MB
 * pages that stay until the dataplane ends.
 *
 *	IX_TEXT		program, as linked (lib/ix/ix.ld)
 *	IX_HEAP		grows by IX_OP_MAP
 *	IX_CORE(n)	core n's own: area, stack, receive buffers (read-only)
 */
#define IX_TEXT		VA(0x0000000000800000)
#define IX_TEXT_END	VA(0x0000000040000000)
#define IX_HEAP		VA(0x0000001000000000)
#define IX_HEAP_END	VA(0x0000001100000000)
#define IX_CORES	VA(0x0000002000000000)
#define IX_CORE_SHIFT	30
#define IX_CORE(n)	(IX_CORES + (VA(1) * (n) << IX_CORE_SHIFT))
#define IX_CORES_END	IX_CORE(NCPU)
#define IX_AREA_OFF	VA(0)			/* struct ix_area */
#define IX_TLS_OFF	VA(0x00100000)		/* thread block, ends at TP */
#define IX_TP_OFF	VA(0x001ff000)		/* the FS base */
#define IX_STACK_OFF	VA(0x00400000)		/* 2 MB, none below */
#define IX_STACK_TOP_OFF VA(0x00600000)
#define IX_RXPOOL_OFF	VA(0x10000000)
#define IX_END		VA(0x0000008000000000)

#ifndef __ASSEMBLER__
#include "inc/types.h"

/* Reasons to enter the libOS, in rax at `int 0x40`. */
enum ix_op {
	IX_OP_RUN = 0,	/* (ncalls, usec): carry out calls[0..ncalls), run the
			   stack, return the number of events; usec: how long
			   to wait for the first one, IX_FOREVER: no limit */
	IX_OP_PRINT,	/* (buf, len): to the console; the number taken */
	IX_OP_EXIT,	/* (code): this core is done; does not return */
	IX_OP_MAP,	/* (npages): more heap, 2 MB pages; its address */
	IX_OP_NULL,	/* nothing: what a crossing costs */
	IX_OP_STATS,	/* (buf, len): this core's struct dp_stats */
	IX_OP_SNAPSHOT,	/* (tag): export all counters (inc/export.h) */
	IX_NOPS,
};
#define IX_FOREVER	(~0ul)

/*
 * Batched calls. The first word names the call, the result replaces it: 0 or
 * what is said here, or a negative error of inc/error.h.
 */
enum ix_call_op {
	IX_NOP = 0,
	IX_LISTEN,	/* (port, backlog, cookie): handle of a listener */
	IX_UNLISTEN,	/* (listener) */
	IX_CONNECT,	/* (ip, port, cookie): handle of a connection */
	IX_ACCEPT,	/* (handle of a knock, cookie) */
	IX_REJECT,	/* (handle of a knock) */
	IX_SENDV,	/* (handle, iov, n): bytes taken, perhaps fewer. The
			   memory must stay until IX_EV_SENT has counted them */
	IX_RECV_DONE,	/* (handle, bytes): give received bytes back */
	IX_CLOSE,	/* (handle): after what was sent; the handle is gone */
	IX_ABORT,	/* (handle): reset */
	IX_SHUTDOWN,	/* (handle): send FIN, go on receiving */
	IX_UDP_BIND,	/* (port, cookie): handle of a socket; port 0: any */
	IX_UDP_CLOSE,	/* (socket) */
	IX_UDP_SEND,	/* (socket, addr, len, IX_PEER(ip, port)) */
	IX_UDP_SENDV,	/* (socket, iov, n, IX_PEER(ip, port)) */
	IX_UDP_RECV_DONE,	/* (addr as in the event) */
	IX_TIMER,	/* (usec from now, cookie): one IX_EV_TIMER */
	IX_FRAMES,	/* (cookie): raw frames instead of TCP; 0: end */
	IX_FRAME_BOUNCE,	/* (addr): a frame back to its sender */
	IX_FRAME_DONE,	/* (addr): give a received frame back */
	IX_PING,	/* (ip, cookie): an ICMP echo request; core 0 only */
	IX_NCALLOPS,
};

struct ix_call {
	int64_t op;		/* enum ix_call_op; then the result */
	uint64_t arg[4];
};
_Static_assert(sizeof(struct ix_call) == 40, "as in the paper");

/* Addresses and ports are in host byte order. */
#define IX_PEER(ip, port)	((uint64_t)(ip) << 32 | (uint16_t)(port))
#define IX_PEER_IP(peer)	((uint32_t)((peer) >> 32))
#define IX_PEER_PORT(peer)	((uint16_t)(peer))

struct ix_iovec {
	uint64_t addr;
	uint64_t len;
};
#define IX_IOV_MAX	64

enum ix_event_type {
	IX_EV_NONE = 0,
	IX_EV_KNOCK,	/* a new connection. cookie: the listener's; a: its
			   handle; b: IX_PEER of the other side. More is told
			   of it once it is accepted, its end included */
	IX_EV_CONNECTED,	/* n: 0, or an error: the handle is gone */
	IX_EV_RECV,	/* a: address, n: bytes; n = 0: end of stream */
	IX_EV_SENT,	/* n: bytes acknowledged, their memory is free again;
			   a: bytes that can be sent now */
	IX_EV_DEAD,	/* n: an error; the last event of its connection. All
			   that was received has been told before and stays as
			   it is: the handle is gone when all is given back by
			   IX_RECV_DONE, at once if nothing is held, or by
			   IX_CLOSE. a: the handle */
	IX_EV_UDP_RECV,	/* a: address, n: bytes, b: IX_PEER of the sender */
	IX_EV_UDP_SENT,	/* a: first address of a send whose memory is free */
	IX_EV_TIMER,	/* n: 0 */
	IX_EV_FRAME,	/* a: address, n: bytes */
	IX_EV_PONG,	/* the reply to the last IX_PING */
};

struct ix_event {
	uint32_t type;		/* enum ix_event_type */
	int32_t n;
	uint64_t cookie;	/* as the application gave it */
	uint64_t a, b;
};

#define IX_CALLS	4096	/* more than three for each event */
#define IX_EVENTS	1024
#define IX_ARGS		1024

/* What the libOS tells the application once, before its entry. */
struct ix_info {
	uint32_t core;		/* 0 .. ncores - 1 */
	uint32_t ncores;
	uint32_t cpu;		/* index of its counters in UCOUNT */
	uint32_t batch;		/* the bound B */
	uint64_t tsc_hz;
	uint32_t ip;		/* host byte order */
	uint8_t mac[6];
	uint16_t small_send;	/* sends up to this size are copied */
	uint64_t seed;
	uint64_t exact;		/* 1: EXACT run */
};

/*
 * What the application counts of itself; the libOS publishes it when the core
 * has nothing to do, at the latest after 10 ms.
 */
struct ix_count {
	uint64_t requests;	/* answered */
	uint64_t recv_bytes, recv_copies;	/* out of receive buffers */
	uint64_t send_bytes, send_copies;	/* of what is to be sent */
};

struct ix_area {
	struct ix_info info;
	char args[IX_ARGS];	/* "program arg arg", from the control plane */
	struct ix_count count;
	struct ix_call calls[IX_CALLS] ALIGNED(CACHELINE);
	struct ix_event events[IX_EVENTS] ALIGNED(CACHELINE);
};
_Static_assert(sizeof(struct ix_area) <= IX_TLS_OFF, "fits its place");

#define IX_AREA(n)	((struct ix_area *)(IX_CORE(n) + IX_AREA_OFF))

/*
 * Handles: 20 bits of index, 4 of kind, 8 of core, 31 of generation; always
 * positive. The layout is the libOS's business; it is here for tests that
 * forge handles.
 */
#define IX_HANDLE(gen, core, kind, index) \
	((uint64_t)(gen) << 32 | (uint64_t)(core) << 24 | \
	 (uint64_t)(kind) << 20 | (uint64_t)(index))
#define IX_HANDLE_INDEX(h)	((uint32_t)(h) & 0xfffff)
#define IX_HANDLE_KIND(h)	((uint32_t)(h) >> 20 & 0xf)
#define IX_HANDLE_CORE(h)	((uint32_t)(h) >> 24)
#define IX_HANDLE_GEN(h)	((uint32_t)((h) >> 32))

/* Enter the libOS (lib/ix/entry.S): result of the operation. */
int64_t ix_enter(uint64_t op, uint64_t a, uint64_t b, uint64_t c);

#endif
#endif
