/*
 * socket.h: sockets, for programs of both modes. In lab-6 mode each call is a
 * request to the core network server (lib/sockets.c); in IX mode libix offers
 * the calls marked [both] on top of its events. Programs that build for both
 * use these only, with non-blocking sockets and poll, keep their state in
 * _Thread_local variables and do not fork.
 *
 * A call that fails returns a negative code of inc/error.h:
 * -E_AGAIN	it would block, and the socket or the call is non-blocking
 * -E_CONN_RESET, -E_CONN_ABORTED, -E_TIMEOUT	how a connection broke: told
 *		once to whoever asks first, then -E_NOT_CONN
 * -E_BAD_HANDLE	the server no longer knows this socket
 * Addresses and ports in struct sockaddr_in are in network byte order.
 */
#ifndef JIX_INC_SOCKET_H
#define JIX_INC_SOCKET_H

#include "inc/types.h"

#define AF_INET		2

#define SOCK_STREAM	1	/* TCP */
#define SOCK_DGRAM	2	/* UDP; with IPPROTO_ICMP: echo requests */
#define SOCK_NONBLOCK	0x800	/* or'ed to the type */
#define IPPROTO_ICMP	1
#define IPPROTO_TCP	6
#define IPPROTO_UDP	17

struct in_addr {
	uint32_t s_addr;
};

struct sockaddr_in {
	uint8_t sin_len;
	uint8_t sin_family;
	uint16_t sin_port;
	struct in_addr sin_addr;
	uint8_t sin_zero[8];
};

struct sockaddr {
	uint8_t sa_len;
	uint8_t sa_family;
	uint8_t sa_data[14];
};
_Static_assert(sizeof(struct sockaddr) == sizeof(struct sockaddr_in),
	       "one address fits the other");

typedef uint32_t socklen_t;

#define INADDR_ANY	0u
#define INADDR_NONE	0xffffffffu

#define SHUT_RD		0
#define SHUT_WR		1
#define SHUT_RDWR	2

#define MSG_DONTWAIT	0x40	/* this call does not block */

struct pollfd {
	int fd;
	int16_t events;		/* POLLIN, POLLOUT: what is waited for */
	int16_t revents;	/* what there is; POLLERR, POLLHUP as well */
};

#define POLLIN		0x01	/* data, end of stream, or a connection */
#define POLLOUT		0x04	/* room to send, or connected */
#define POLLERR		0x08	/* the connection broke */
#define POLLHUP		0x10	/* the connection is over both ways */
#define POLLNVAL	0x20	/* no such socket */

static inline uint16_t
htons(uint16_t x)
{
	return __builtin_bswap16(x);
}

static inline uint32_t
htonl(uint32_t x)
{
	return __builtin_bswap32(x);
}

#define ntohs(x)	htons(x)
#define ntohl(x)	htonl(x)

/* A new socket's descriptor; -E_INVAL, -E_MAX_OPEN, -E_NO_MEM. [both] */
int socket(int domain, int type, int protocol);
/* Port 0: any free one. -E_ADDR_IN_USE. [both] */
int bind(int fd, const struct sockaddr *addr, socklen_t len);
/* At most 255 connections wait to be accepted. [both] */
int listen(int fd, int backlog);
/*
 * The next connection's descriptor, its peer in *addr unless that is null; it
 * is non-blocking if the listening socket is. [both]
 */
int accept(int fd, struct sockaddr *addr, socklen_t *len);
/*
 * Without blocking: -E_AGAIN, then POLLOUT, then again for the result: 0.
 * -E_CONN_REFUSED, -E_TIMEOUT, -E_NO_ROUTE. [both]
 */
int connect(int fd, const struct sockaddr *addr, socklen_t len);
/*
 * Up to len bytes: how many; 0 at the end of the stream. Of UDP one datagram,
 * its rest is lost. flags: MSG_DONTWAIT or 0. [both]
 */
ssize_t recv(int fd, void *buf, size_t len, int flags);
ssize_t recvfrom(int fd, void *buf, size_t len, int flags,
		 struct sockaddr *addr, socklen_t *alen);
/*
 * The number of bytes taken: all, unless non-blocking and short of room. Of
 * UDP one datagram of at most 1472 bytes, else -E_TOO_BIG. [both]
 */
ssize_t send(int fd, const void *buf, size_t len, int flags);
ssize_t sendto(int fd, const void *buf, size_t len, int flags,
	       const struct sockaddr *addr, socklen_t alen);
/* How: SHUT_RD, SHUT_WR (the peer sees the end), SHUT_RDWR. [both] */
int shutdown(int fd, int how);
/* As in inc/fd.h. [both] */
int close(int fd);
/*
 * Wait until one of n sockets has what it is asked for or timeout_ms have
 * passed (0: do not wait, -1: for ever): how many have, in their revents.
 * A descriptor below 0 is passed over. n is at most POLL_MAX. [both]
 */
int poll(struct pollfd *fds, uint32_t n, int timeout_ms);
#define POLL_MAX	500

/*
 * For the statistics: the program has answered n requests more of its clients
 * (a message echoed, a page served). They show once it sends, receives,
 * polls, shuts down or closes a socket again. [both]
 */
void sock_answered(uint32_t n);

/* The local and the remote address of a socket. */
int getsockname(int fd, struct sockaddr *addr, socklen_t *len);
int getpeername(int fd, struct sockaddr *addr, socklen_t *len);

/* "10.0.2.15" to an address in network order, INADDR_NONE if malformed. */
uint32_t inet_addr(const char *text);
/* And back; a static buffer. */
const char *inet_ntoa(struct in_addr addr);

#endif
