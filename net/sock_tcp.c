/*
 * sock_tcp.c: TCP sockets on lwIP's callbacks. A callback records what
 * happened in the socket and wakes its waiters; the thread that serves the
 * request looks again.
 *
 * A socket lets go of its PCB (tcp_detach) once nothing more can come of it:
 * lwIP frees a PCB in TIME_WAIT without telling anybody.
 */
#include "net/ns.h"

#include "lib/lwip/tcp_buckets.h"
#include "lib/lwip/tcp_isn.h"

#define PORT_FIRST	49152	/* of outgoing connections (RFC 6335) */
#define PORT_COUNT	(65536 - PORT_FIRST)
#define POLL_TICKS	25	/* of 20 ms: look again when memory was short */

static void
tcp_detach(struct sock *s)
{
	struct tcp_pcb *pcb = s->tcp;

	tcp_arg(pcb, NULL);
	if (s->state != ST_LISTEN) {
		tcp_recv(pcb, NULL);
		tcp_sent(pcb, NULL);
		tcp_err(pcb, NULL);
		tcp_poll(pcb, NULL, 0);
	}
	s->tcp = NULL;
}

/* Both directions have ended: the rest is lwIP's business. */
static void
detach_if_over(struct sock *s)
{
	if (s->tcp != NULL && s->eof && s->shut_tx)
		tcp_detach(s);
}

static void
rx_append(struct sock *s, struct pbuf *p)
{
	struct pbuf *last;

	s->rx_bytes += p->tot_len;
	if (s->rx_last != NULL)
		s->rx_last->next = p;
	else
		s->rx_first = p;
	sock_frames(s, pbuf_clen(p));
	for (last = p; last->next != NULL; last = last->next)
		;
	s->rx_last = last;
}

/* Free the first received pbuf; those behind it stay. */
static void
rx_drop_first(struct sock *s)
{
	struct pbuf *p = s->rx_first;

	s->rx_first = p->next;
	if (s->rx_first == NULL)
		s->rx_last = NULL;
	s->rx_off = 0;
	p->next = NULL;
	p->tot_len = p->len;
	pbuf_free(p);
	sock_frames(s, -1);
}

static void
rx_drop_all(struct sock *s)
{
	while (s->rx_first != NULL)
		rx_drop_first(s);
	s->rx_bytes = 0;
}

/* --- lwIP's callbacks -------------------------------------------------- */

static err_t
on_recv(void *arg, struct tcp_pcb *pcb, struct pbuf *p, err_t err)
{
	struct sock *s = arg;

	if (p == NULL) {
		s->eof = true;
		detach_if_over(s);
	} else if (s->shut_rx) {
		tcp_recved(pcb, p->tot_len);
		pbuf_free(p);
		return ERR_OK;
	} else if (!share_has_frames(s->owner, s->rx_pbufs)) {
		return ERR_MEM;	/* lwIP asks again, every 10 ms */
	} else {
		rx_append(s, p);
	}
	sock_event(s);
	return ERR_OK;
}

static err_t
on_sent(void *arg, struct tcp_pcb *pcb, u16_t len)
{
	sock_event(arg);
	return ERR_OK;
}

/* Only for a thread that waits for memory, which makes no other event. */
static err_t
on_poll(void *arg, struct tcp_pcb *pcb)
{
	struct sock *s = arg;

	if (s->wait.first != NULL)
		sock_event(s);
	return ERR_OK;
}

/* The connection is gone, and its PCB with it. */
static void
on_error(void *arg, err_t err)
{
	struct sock *s = arg;

	s->tcp = NULL;
	if (err == ERR_CLSD)
		s->eof = true;
	else if (s->state == ST_CONNECTING)
		s->err = err == ERR_RST ? -E_CONN_REFUSED : -E_TIMEOUT;
	else
		s->err = err == ERR_RST ? -E_CONN_RESET : -E_CONN_ABORTED;
	sock_event(s);
}

static err_t
on_connected(void *arg, struct tcp_pcb *pcb, err_t err)
{
	struct sock *s = arg;

	s->state = ST_CONNECTED;
	sock_event(s);
	return ERR_OK;
}

static void
set_callbacks(struct sock *s)
{
	tcp_arg(s->tcp, s);
	tcp_recv(s->tcp, on_recv);
	tcp_sent(s->tcp, on_sent);
	tcp_err(s->tcp, on_error);
	tcp_poll(s->tcp, on_poll, POLL_TICKS);
	ip_set_option(s->tcp, SOF_KEEPALIVE);
}

/* A handshake with a listener is complete. On an error lwIP resets it. */
static err_t
on_accept(void *arg, struct tcp_pcb *pcb, err_t err)
{
	struct sock *listener = arg;
	struct sock *s;

	if (err != ERR_OK || pcb == NULL || listener == NULL)
		return ERR_VAL;
	s = sock_alloc(SOCK_TCP, listener->owner);
	if (s == NULL)
		return ERR_MEM;
	s->tcp = pcb;
	s->state = ST_CONNECTED;
	s->listener = listener;
	set_callbacks(s);
	tcp_backlog_delayed(pcb);
	if (listener->ready_last != NULL)
		listener->ready_last->ready_next = s;
	else
		listener->ready_first = s;
	listener->ready_last = s;
	listener->ready_count++;
	sock_event(listener);
	return ERR_OK;
}

/* --- What requests call ------------------------------------------------ */

int
tcp_sock_open(struct sock *s)
{
	s->tcp = tcp_buckets_new();
	if (s->tcp == NULL)
		return -E_NO_MEM;
	set_callbacks(s);
	return 0;
}

int
tcp_sock_bind(struct sock *s, uint32_t addr, uint16_t port)
{
	ip_addr_t ip = IPADDR4_INIT(addr);
	int tries;
	err_t err;

	if (s->state != ST_NEW || s->tcp == NULL || s->tcp->local_port != 0)
		return -E_INVAL;
	if (port != 0)
		return err_from_lwip(tcp_buckets_bind(s->tcp, &ip, port));
	for (tries = 0; tries < 64; tries++) {
		port = PORT_FIRST + tcp_isn_random() % PORT_COUNT;
		err = tcp_buckets_bind(s->tcp, &ip, port);
		if (err != ERR_USE)
			return err_from_lwip(err);
	}
	return -E_ADDR_IN_USE;
}

int
tcp_sock_listen(struct sock *s, int backlog)
{
	struct tcp_pcb *pcb;
	err_t err;

	if (s->state != ST_NEW || s->tcp == NULL || s->tcp->local_port == 0)
		return -E_INVAL;
	if (!share_take(s->owner, SHARE_LISTEN))
		return -E_MAX_OPEN;
	backlog = MIN(MAX(backlog, 1), 255);
	pcb = tcp_listen_with_backlog_and_err(s->tcp, backlog, &err);
	if (pcb == NULL) {
		share_give(s->owner, SHARE_LISTEN);
		return err_from_lwip(err);
	}
	s->tcp = pcb;
	s->state = ST_LISTEN;
	tcp_arg(pcb, s);
	tcp_accept(pcb, on_accept);
	return 0;
}

/* The first connection waiting, or NULL. It no longer belongs to s. */
static struct sock *
ready_pop(struct sock *s)
{
	struct sock *conn = s->ready_first;

	if (conn == NULL)
		return NULL;
	s->ready_first = conn->ready_next;
	if (s->ready_first == NULL)
		s->ready_last = NULL;
	s->ready_count--;
	conn->listener = NULL;
	if (conn->tcp != NULL)
		tcp_backlog_accepted(conn->tcp);
	return conn;
}

int
tcp_sock_accept(struct sock *s, bool nonblock, struct sock **conn)
{
	int r;

	if (s->state != ST_LISTEN)
		return -E_INVAL;
	for (;;) {
		*conn = ready_pop(s);
		if (*conn != NULL && (*conn)->err != 0) {
			/* Reset before anybody took it. */
			sock_close(*conn);
			continue;
		}
		if (*conn != NULL)
			return 0;
		if (nonblock)
			return -E_AGAIN;
		if ((r = sock_wait(s)) < 0)
			return r;
	}
}

/* Send the SYN, from the bound port or a random free one. */
static int
connect_start(struct sock *s, uint32_t addr, uint16_t port)
{
	ip_addr_t ip = IPADDR4_INIT(addr);
	uint16_t local;
	int tries;
	err_t err;
	int r;

	if (s->tcp == NULL && (r = tcp_sock_open(s)) < 0)
		return r;
	local = s->tcp->local_port;
	if (local != 0)
		return err_from_lwip(tcp_buckets_connect(s->tcp, local, &ip,
							 port, on_connected));
	for (tries = 0; tries < 64; tries++) {
		local = PORT_FIRST + tcp_isn_random() % PORT_COUNT;
		err = tcp_buckets_connect(s->tcp, local, &ip, port,
					  on_connected);
		if (err != ERR_USE)
			return err_from_lwip(err);
	}
	return -E_ADDR_IN_USE;
}

/* How it broke, told once. */
static int
take_error(struct sock *s)
{
	int err = s->err;

	s->err = 0;
	return err;
}

int
tcp_sock_connect(struct sock *s, uint32_t addr, uint16_t port, bool nonblock)
{
	int r;

	if (s->state == ST_NEW) {
		if ((r = connect_start(s, addr, port)) < 0)
			return r;
		s->state = ST_CONNECTING;
		timer_hurry();
	} else if (s->state == ST_LISTEN) {
		return -E_INVAL;
	}
	while (s->state == ST_CONNECTING && s->err == 0) {
		if (nonblock)
			return -E_AGAIN;
		if ((r = sock_wait(s)) < 0)
			return r;
	}
	if (s->err != 0) {
		if (s->state == ST_CONNECTING)
			s->state = ST_NEW;
		return take_error(s);
	}
	return 0;
}

/* Why nothing can be sent, or 0. */
static int
send_check(struct sock *s)
{
	if (s->err != 0)
		return take_error(s);
	if (s->state != ST_CONNECTED || s->tcp == NULL || s->shut_tx)
		return -E_NOT_CONN;
	return 0;
}

int64_t
tcp_sock_send(struct sock *s, const void *data, uint32_t len, uint32_t flags)
{
	uint32_t done = 0, n;
	err_t err;
	int r;

	if ((r = send_check(s)) < 0)
		return r;
	/* What follows at once fills the last segment; else it goes now. */
	if (flags & NS_MORE)
		tcp_nagle_enable(s->tcp);
	else
		tcp_nagle_disable(s->tcp);
	while (done < len) {
		n = MIN(MIN(len - done, tcp_sndbuf(s->tcp)), TCP_MSS *
			share_segments(tcp_sndqueuelen(s->tcp)));
		err = n == 0 ? ERR_MEM :
			tcp_write(s->tcp, (const char *)data + done, n,
				  TCP_WRITE_FLAG_COPY);
		if (err == ERR_OK) {
			done += n;
			COUNT_COPY(&ns_stats.count, req_to_pbuf, n);
			continue;
		}
		if (err != ERR_MEM)
			return done > 0 ? (int64_t)done : err_from_lwip(err);
		tcp_buckets_output(s->tcp);
		if (flags & NS_NONBLOCK)
			return done > 0 ? (int64_t)done : -E_AGAIN;
		if ((r = sock_wait(s)) < 0 || (r = send_check(s)) < 0)
			return done > 0 ? (int64_t)done : r;
	}
	tcp_buckets_output(s->tcp);
	return done;
}

/* Copy received bytes out, giving back each pbuf that is finished. */
static uint32_t
rx_take(struct sock *s, void *data, uint32_t len)
{
	uint32_t done = 0;
	struct pbuf *p;
	uint32_t n;

	while (done < len && (p = s->rx_first) != NULL) {
		n = MIN(len - done, p->len - s->rx_off);
		memcpy((char *)data + done, (char *)p->payload + s->rx_off, n);
		done += n;
		s->rx_off += n;
		if (s->rx_off == p->len)
			rx_drop_first(s);
	}
	s->rx_bytes -= done;
	COUNT_COPY(&ns_stats.count, pbuf_to_req, done);
	return done;
}

int64_t
tcp_sock_recv(struct sock *s, void *data, uint32_t len, bool nonblock)
{
	uint32_t n;
	int r;

	while (s->rx_bytes == 0) {
		if (s->err != 0)
			return take_error(s);
		if (s->eof || s->shut_rx)
			return 0;
		if (s->state != ST_CONNECTED || s->tcp == NULL)
			return -E_NOT_CONN;
		if (nonblock)
			return -E_AGAIN;
		if ((r = sock_wait(s)) < 0)
			return r;
	}
	n = rx_take(s, data, len);
	if (s->tcp != NULL)
		tcp_buckets_recved(s->tcp, n);
	return n;
}

int
tcp_sock_shutdown(struct sock *s, int how)
{
	err_t err;

	if (s->state != ST_CONNECTED)
		return -E_NOT_CONN;
	if (how != SHUT_WR) {
		s->shut_rx = true;
		if (s->tcp != NULL && s->rx_bytes > 0)
			tcp_buckets_recved(s->tcp, s->rx_bytes);
		rx_drop_all(s);
	}
	if (how != SHUT_RD && !s->shut_tx && s->tcp != NULL) {
		err = tcp_buckets_shutdown(s->tcp, 0, 1);
		if (err != ERR_OK)
			return err_from_lwip(err);
		s->shut_tx = true;
		detach_if_over(s);
	}
	sock_event(s);
	return 0;
}

void
tcp_sock_close(struct sock *s)
{
	struct tcp_pcb *pcb = s->tcp;
	bool unread = s->rx_bytes > 0;
	struct sock *conn;

	while ((conn = ready_pop(s)) != NULL)
		sock_close(conn);
	rx_drop_all(s);
	if (pcb == NULL)
		return;
	tcp_detach(s);
	/* RFC 2525, 2.17: data that nobody read is lost, so say so. */
	if (unread || tcp_buckets_close(pcb) != ERR_OK)
		tcp_buckets_abort(pcb);
}

int16_t
tcp_sock_poll(struct sock *s)
{
	int16_t have = 0;

	if (s->err != 0)
		return POLLERR | POLLIN | POLLOUT;
	if (s->state == ST_LISTEN)
		return s->ready_first != NULL ? POLLIN : 0;
	if (s->state == ST_CONNECTING)
		return 0;
	if (s->tcp == NULL || s->state == ST_NEW)
		return POLLHUP | POLLIN;
	if (s->rx_bytes > 0 || s->eof || s->shut_rx)
		have |= POLLIN;
	if (!s->shut_tx && tcp_sndbuf(s->tcp) >= TCP_SND_BUF / 4 &&
	    tcp_sndqueuelen(s->tcp) < TCP_SND_QUEUELEN * 3 / 4 &&
	    share_segments(tcp_sndqueuelen(s->tcp)) > 0)
		have |= POLLOUT;
	return have;
}
