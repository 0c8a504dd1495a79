/*
 * ns.h: the messages of the lab-6 network server. An application sends a
 * request by ipc_call: the value is one of enum ns_request, the page a union
 * nsipc, mapped readable and writable. The server writes results into the
 * page and replies with one word: what the call returns, 0 or more, or a
 * negative error. Each environment has at most one request open; another one
 * is refused with -E_BUSY.
 *
 * The page stays shared while a request is open: the server reads each
 * control field once, and a client that changes payload meanwhile spoils its
 * own. Used by net/, lib/nsipc.c and programs that show the server's state.
 */
#ifndef JIX_INC_NS_H
#define JIX_INC_NS_H

#include "inc/count.h"
#include "inc/mmu.h"
#include "inc/socket.h"
#include "inc/types.h"

/* X(name, number): 1 to 9 and above 12 from anybody, the others as said. */
#define NS_REQUESTS(X) \
	X(ACCEPT, 1) \
	X(BIND, 2) \
	X(SHUTDOWN, 3) \
	X(CLOSE, 4) \
	X(CONNECT, 5) \
	X(LISTEN, 6) \
	X(RECV, 7) \
	X(SEND, 8) \
	X(SOCKET, 9) \
	X(INPUT, 10)	/* a received frame: from the input environment */ \
	X(OUTPUT, 11)	/* a frame to send: from the server to output */ \
	X(TIMER, 12)	/* time has passed: from the timer environment */ \
	X(RECVFROM, 13) \
	X(SENDTO, 14) \
	X(POLL, 15) \
	X(GETSOCKNAME, 16) \
	X(GETPEERNAME, 17) \
	X(STATS, 18)

enum ns_request {
#define NS_REQUEST_ENUM(name, n) NSREQ_##name = n,
	NS_REQUESTS(NS_REQUEST_ENUM)
#undef NS_REQUEST_ENUM
	NSREQ_MAX
};

#define NS_NONBLOCK	1u	/* flags: -E_AGAIN instead of waiting */
#define NS_MORE		2u	/* flags of a send: the rest follows at once */

/* Requests about a socket begin with its number, which SOCKET returned. */
struct nsreq_socket {
	int32_t domain;
	int32_t type;
	int32_t protocol;
};

/* ACCEPT, BIND, CONNECT, GETSOCKNAME, GETPEERNAME: addr in or out. */
struct nsreq_addr {
	int32_t s;
	uint32_t flags;
	struct sockaddr_in addr;
};

/* SHUTDOWN: how; LISTEN: the backlog; CLOSE: arg unused. */
struct nsreq_simple {
	int32_t s;
	int32_t arg;
	uint32_t answered;	/* as in struct nsreq_report */
};

#define NS_DATA_OFFSET	64
#define NS_DATA_MAX	(PGSIZE - NS_DATA_OFFSET)

/* What the client's side has done and not yet reported: the server counts. */
struct nsreq_report {
	uint32_t bytes_out, copies_out;	/* from the request page */
	uint32_t bytes_in, copies_in;	/* into it */
	uint32_t answered;	/* requests of its own clients */
};

/* RECV, RECVFROM, SEND, SENDTO. */
struct nsreq_data {
	int32_t s;
	uint32_t flags;
	uint32_t len;		/* of data, or room for it: <= NS_DATA_MAX */
	struct nsreq_report report;
	struct sockaddr_in addr;
	uint8_t pad[NS_DATA_OFFSET - 12 - sizeof(struct nsreq_report) -
		    sizeof(struct sockaddr_in)];
	uint8_t data[NS_DATA_MAX];
};
_Static_assert(sizeof(struct nsreq_data) == PGSIZE, "it fills a page");

/* POLL. The fd of an entry is the socket's number, or negative. */
struct nsreq_poll {
	uint32_t n;		/* <= POLL_MAX */
	int32_t timeout_ms;
	uint32_t answered;	/* as in struct nsreq_report */
	struct pollfd fds[POLL_MAX];
};
_Static_assert(sizeof(struct nsreq_poll) <= PGSIZE, "it fits a page");

/*
 * INPUT, OUTPUT: one frame. In the upper byte of len: what the NIC shall
 * compute (NET_CSUM of inc/syscall.h).
 */
#define JIF_LEN(len)	((len) & 0xffffffu)
#define JIF_CSUM(len)	((len) & 0xff000000u)

struct jif_pkt {
	uint32_t len;
	uint8_t data[PGSIZE - 4];
};
_Static_assert(sizeof(struct jif_pkt) == PGSIZE, "it fills a page");

/*
 * STATS: what the server knows of itself. It keeps one in the page that
 * everybody reads at UCOUNT_NS; there, of what is in use now only tcp_segs is
 * filled in.
 */
struct ns_stats {
	struct counters count;	/* the server's: copies, thread switches */
	uint64_t requests[NSREQ_MAX];	/* received, by kind */
	uint64_t replies;
	uint64_t replies_dropped;	/* the client was not receiving */
	uint64_t refused;	/* malformed, forged or out of turn */
	uint64_t frames_out;	/* OUTPUT messages sent */
	uint64_t syns_refused;	/* no PCB was free */
	/* In use now. */
	uint32_t sockets;
	uint32_t threads;	/* requests being served, this one included */
	uint32_t stacks;	/* thread stacks allocated */
	uint32_t tcp_pcbs;	/* connections, TIME_WAIT included */
	uint32_t tcp_listeners;
	uint32_t udp_pcbs;
	uint32_t rx_pbufs;	/* received frames held */
	uint32_t tcp_segs;	/* segments queued or in flight */
	uint32_t heap;		/* blocks of lwIP's memory pools */
	envid_t input, output, timer;
} ALIGNED(PGSIZE);
_Static_assert(sizeof(struct ns_stats) == PGSIZE, "it has a page");

union nsipc {
	struct nsreq_socket socket;
	struct nsreq_addr addr;
	struct nsreq_simple simple;
	struct nsreq_data data;
	struct nsreq_poll poll;
	struct ns_stats stats;
	struct jif_pkt pkt;
	uint8_t page[PGSIZE];
};
_Static_assert(sizeof(union nsipc) == PGSIZE, "a message is one page");

/*
 * lib/nsipc.c. The request page, private to the caller's environment, and the
 * call: the server's reply, or -E_NO_DEV if there is no server.
 */
extern union nsipc nsipcbuf;
int64_t nsipc(uint32_t type);
/* The server's environment, or -E_NO_DEV. */
envid_t nsipc_server(void);
/* Fill *st from the server: 0 or an error. */
int nsipc_stats(struct ns_stats *st);

#endif
