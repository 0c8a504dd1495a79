/*
 * sock.h: the socket layer's own structures (lib/ix/sock.c: between sockets
 * and the libOS; lib/ix/sockapi.c: the functions of inc/socket.h).
 *
 * Everything is thread-local: a core has its own sockets. Calls are gathered
 * and leave at the next poll() or blocking call. What is sent is copied into
 * the socket's ring, from where the libOS sends it in place; what is received
 * is copied from the receive buffer, which then goes back.
 */
#ifndef JIX_LIB_IX_SOCK_H
#define JIX_LIB_IX_SOCK_H

#include "inc/assert.h"
#include "inc/error.h"
#include "inc/libix.h"
#include "inc/socket.h"

#define SOCK_OUT	32768u	/* bytes of a sending ring, a power of two */
#define SOCK_QUEUE	256u	/* knocks, or datagrams, waiting */
#define SOCK_MAX	16384

enum sock_kind {
	SK_FREE = 0,
	SK_TCP,			/* not connected yet, nor listening */
	SK_LISTEN,
	SK_CONN,
	SK_UDP,
};

/* Something received: part of a stream, a datagram, or a knock. */
struct piece {
	uint64_t addr;		/* or the knock's handle */
	uint32_t len;
	uint64_t peer;		/* IX_PEER */
};

struct sock {
	uint8_t kind;		/* enum sock_kind */
	bool nonblock;
	bool todo;		/* in the list of those with calls to make */
	bool sending;		/* a sendv is in the batch */
	bool connecting, connected;
	bool eof;		/* nothing more will come */
	bool dead;		/* the libOS has given it up */
	bool shut, shut_done;	/* FIN wanted, asked for */
	bool linger;		/* closed by the program, not yet sent out */
	int error;		/* E_*, told once */
	int fd;			/* -1: none */
	uint16_t port;		/* local, host order */
	uint64_t peer;
	uint64_t handle;
	/* Received: in[in_first] .. in[in_count - 1]; a ring for queues. */
	struct piece *in;
	uint32_t in_first, in_count, in_room;
	uint32_t in_off;	/* bytes read of the first */
	uint32_t credit;	/* bytes read and not yet given back */
	/* Sent: free-running offsets; acked <= taken <= end. */
	char *out;
	uint32_t out_acked, out_taken, out_end;
	struct ix_iovec iov[2];
	struct sock *next;
};

/* By descriptor; none from sock_table_used on. */
extern _Thread_local struct sock *sock_table[SOCK_MAX];
extern _Thread_local int sock_table_used;

/* The socket of a descriptor, whatever the program gives for one, or null. */
static inline struct sock *
sock_of(int fd)
{
	return fd >= 0 && fd < sock_table_used ? sock_table[fd] : NULL;
}

/* A new socket with a descriptor, or null with *error. */
struct sock *sock_new(enum sock_kind kind, int *error);
/* The program is done with s: it goes when everything is sent. */
void sock_drop(struct sock *s);
/* s has calls to make before the next entry. */
void sock_todo(struct sock *s);
/*
 * Enter the libOS with all calls that wait, for at most usec, and take in
 * results and events.
 */
void sock_enter(uint64_t usec);
/* One call now: its result. */
int64_t sock_call(enum ix_call_op op, uint64_t a, uint64_t b, uint64_t c);
/* Add a call to the batch; its result does not matter. */
void sock_queue(enum ix_call_op op, uint64_t a, uint64_t b);
/* Take the first piece off a queue. */
struct piece sock_pop(struct sock *s);
/* A datagram out of a copy of buf. Bytes or error. */
int64_t sock_send_datagram(struct sock *s, const void *buf, uint32_t len,
			   uint64_t peer);

#endif
