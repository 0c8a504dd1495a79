/*
 * ns.h: what the files of the core network server share. The server is one
 * environment: a dispatcher that receives messages and cooperative threads,
 * one for each request being served. Nothing is preempted: state changes only
 * where a thread waits.
 */
#ifndef JIX_NET_NS_H
#define JIX_NET_NS_H

#include "inc/lib.h"
#include "inc/ns.h"
#include "lwip/ip_addr.h"
#include "lwip/pbuf.h"

/* --- What the helper environments do (input.c, output.c, timer.c) --------- */

void input(envid_t ns);
void output(envid_t ns);
void timer(envid_t ns);

/*
 * Intervals of TIMER messages in milliseconds: while lwIP has connections or
 * a thread waits with a deadline, and otherwise. A change is sent to the
 * timer environment as an IPC value.
 */
#define TIMER_BUSY_MS	10
#define TIMER_IDLE_MS	250

/* --- thread.c ---------------------------------------------------------- */

struct thread;

/* Threads that wait for one thing, first come first woken. */
struct wait_queue {
	struct thread *first;
	struct thread *last;
};

/*
 * Start fn(arg) in a thread that serves client; it runs when the caller next
 * waits or the dispatcher calls thread_run_all(). 0 or -E_NO_MEM.
 */
int thread_start(envid_t client, void (*fn)(void *), void *arg);
/* From the dispatcher: let threads run until all wait or have ended. */
void thread_run_all(void);
/*
 * From a thread: wait until the queue is woken. 0; -E_TIMEOUT once
 * now_ms() >= deadline (0: none); -E_BAD_ENV when the client has died, after
 * which the thread gives up its work.
 */
int thread_wait(struct wait_queue *q, uint64_t deadline);
void thread_wake(struct wait_queue *q);
/* Is any thread waiting with a deadline? */
bool thread_deadlines(void);
/* Wake those whose deadline has passed. */
void thread_check_deadlines(uint64_t now);
/* Wake those whose client has died. */
void thread_check_clients(void);
uint32_t thread_count(void);
uint32_t thread_stacks(void);

/* --- serv.c ------------------------------------------------------------ */

extern struct ns_stats ns_stats;	/* everybody reads it at UCOUNT_NS */
extern envid_t output_env;
uint64_t now_ms(void);
/* Does that environment exist? */
bool env_alive(envid_t env);
/* A connection has come up: the timer environment must tick faster. */
void timer_hurry(void);

/* --- request.c --------------------------------------------------------- */

struct request {
	envid_t from;
	uint32_t type;		/* enum ns_request */
	uint32_t slot;		/* of the page, see serv.c */
	union nsipc *page;	/* shared with the client */
};

/* Does a request of this type exist for applications? */
bool request_known(uint64_t type);
/* Serve it, in a thread: the reply. */
int64_t request_serve(struct request *req);

/* --- netif.c ----------------------------------------------------------- */

/* Bring up the interface: MAC from the NIC, address from the boot arguments. */
void netif_start(void);
/* A frame from the input environment, in its page. */
void netif_frame_in(const struct jif_pkt *pkt);
/*
 * Receive what we have sent to our own address since the last call. True if
 * there was anything.
 */
bool netif_loop_in(void);
/* ARP's timer: once a second. */
void netif_tick(void);

/* --- share.c: what environments hold of what all share ----------------- */

enum share_kind {
	SHARE_TCP,
	SHARE_UDP,
	SHARE_ICMP,
	SHARE_LISTEN,
	SHARE_KINDS,
};

/* One more for env; false: it has its share already. */
bool share_take(envid_t env, enum share_kind kind);
void share_give(envid_t env, enum share_kind kind);
/* It changes hands, whatever the new holder has. */
void share_move(envid_t from, envid_t to, enum share_kind kind);
/* env holds n received frames more (or fewer: n < 0). */
void share_frames(envid_t env, int n);
/*
 * May a socket of env that holds so many frames have one more? While env holds
 * less than is left; the first one while an eighth of all is left.
 */
bool share_has_frames(envid_t env, uint32_t of_socket);
/*
 * How many segments more may a socket queue that has so many? The fewer are
 * left the fewer; the last quarter is for the first segment of each socket.
 */
uint32_t share_segments(uint32_t of_socket);

/* --- sock.c: the table of sockets -------------------------------------- */

#define NSOCKS		2048

enum sock_kind {
	SOCK_FREE = 0,
	SOCK_TCP,
	SOCK_UDP,
	SOCK_ICMP,
};

enum sock_state {
	ST_NEW = 0,
	ST_LISTEN,
	ST_CONNECTING,
	ST_CONNECTED,	/* TCP; its pcb may be gone: then err or eof tells */
};

struct dgram {
	struct pbuf *p;
	uint32_t addr;		/* network order */
	uint16_t port;		/* host order */
};
#define DGRAMS		32	/* a socket holds that many; more are dropped */

struct sock {
	int32_t id;		/* number and generation */
	uint8_t kind;
	uint8_t state;
	bool eof;		/* the peer has sent its FIN */
	bool shut_rx, shut_tx;
	int err;		/* how it broke, not yet told; or 0 */
	envid_t owner;
	envid_t last_user;
	union {
		struct tcp_pcb *tcp;
		struct udp_pcb *udp;
		struct raw_pcb *raw;
	};
	/* TCP: received data, pbufs linked by next; first from rx_off on. */
	struct pbuf *rx_first, *rx_last;
	uint32_t rx_off;
	uint32_t rx_bytes;
	uint32_t rx_pbufs;	/* of all kinds: frames held */
	/* UDP and ICMP: a ring of datagrams. */
	struct dgram *dgrams;
	uint32_t dgram_head, dgram_count;
	uint32_t peer_addr;	/* of connect() */
	uint16_t peer_port;
	/* A listener's connections not yet accepted. */
	struct sock *ready_first, *ready_last, *ready_next;
	uint32_t ready_count;
	struct sock *listener;
	struct wait_queue wait;
	struct sock *next_free;
};

void sock_init(void);
/* A new socket of that kind for owner; NULL: none is left, or it has many. */
struct sock *sock_alloc(uint32_t kind, envid_t owner);
void sock_free(struct sock *s);
void sock_set_owner(struct sock *s, envid_t owner);
/* s holds n received frames more, or fewer. */
void sock_frames(struct sock *s, int n);
/* The socket of that number, if client may use it; else NULL. */
struct sock *sock_find(int32_t id, envid_t client);
/* Something happened to s: wake who waits for it and who polls. */
void sock_event(struct sock *s);
/* Give back the sockets of environments that have ended. */
void sock_sweep(void);
/* Close, whatever it is. */
void sock_close(struct sock *s);
uint32_t sock_count(void);
/* Wait for an event of s: as thread_wait(); -E_BAD_HANDLE if s was closed. */
int sock_wait(struct sock *s);

/* Poll: what s has of events. */
int16_t sock_poll(struct sock *s, int16_t events);
/* Threads in POLL wait here. */
extern struct wait_queue poll_queue;
int err_from_lwip(int err);

/* --- sock_tcp.c and sock_udp.c ----------------------------------------- */

int tcp_sock_open(struct sock *s);
int tcp_sock_bind(struct sock *s, uint32_t addr, uint16_t port);
int tcp_sock_listen(struct sock *s, int backlog);
int tcp_sock_accept(struct sock *s, bool nonblock, struct sock **conn);
int tcp_sock_connect(struct sock *s, uint32_t addr, uint16_t port,
		     bool nonblock);
int64_t tcp_sock_send(struct sock *s, const void *data, uint32_t len,
		      uint32_t flags);
int64_t tcp_sock_recv(struct sock *s, void *data, uint32_t len,
		      bool nonblock);
int tcp_sock_shutdown(struct sock *s, int how);
void tcp_sock_close(struct sock *s);
int16_t tcp_sock_poll(struct sock *s);

int dgram_sock_open(struct sock *s);
int dgram_sock_bind(struct sock *s, uint32_t addr, uint16_t port);
int dgram_sock_connect(struct sock *s, uint32_t addr, uint16_t port);
int64_t dgram_sock_send(struct sock *s, const void *data, uint32_t len,
			uint32_t addr, uint16_t port);
int64_t dgram_sock_recv(struct sock *s, void *data, uint32_t len,
			bool nonblock, struct sockaddr_in *from);
void dgram_sock_close(struct sock *s);
void dgram_init(void);

#endif
