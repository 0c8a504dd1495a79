/*
 * sock.c: sockets between the program (sockapi.c) and the libOS: which calls
 * a socket has to make, and what results and events mean for it.
 */
#include "lib/ix/sock.h"

_Thread_local struct sock *sock_table[SOCK_MAX];
_Thread_local int sock_table_used;
static _Thread_local struct sock *free_socks;
static _Thread_local struct sock *todo_first;
static _Thread_local struct sock *sent_by[IX_CALLS];

/* Copies of datagrams on their way. */
#define SLOTS		256
#define SLOT_SIZE	1472
enum slot_state { SLOT_FREE = 0, SLOT_BATCH, SLOT_WIRE };
static _Thread_local char *slot_mem;
static _Thread_local uint8_t slot_state[SLOTS];
static _Thread_local uint32_t slot_next;
/* Those that are free again when the batch has been carried out. */
static _Thread_local uint8_t batch_slots[SLOTS];
static _Thread_local uint32_t nbatch_slots;

/* --- The table --------------------------------------------------------- */

static int
free_fd(void)
{
	for (int fd = 0; fd < sock_table_used; fd++)
		if (!sock_table[fd])
			return fd;
	return sock_table_used < SOCK_MAX ? sock_table_used++ : -1;
}

struct sock *
sock_new(enum sock_kind kind, int *error)
{
	struct sock *s = free_socks;
	struct piece *in = s ? s->in : NULL;
	uint32_t room = s ? s->in_room : 0;
	char *out = s ? s->out : NULL;
	int fd = free_fd();

	*error = -E_MAX_OPEN;
	if (fd < 0)
		return NULL;
	if (s)
		free_socks = s->next;
	else
		s = malloc(sizeof(*s));
	*error = -E_NO_MEM;
	if (!s)
		return NULL;
	memset(s, 0, sizeof(*s));
	s->in = in;
	s->in_room = room;
	s->out = out;
	s->kind = kind;
	s->fd = fd;
	sock_table[fd] = s;
	return s;
}

static void
sock_free(struct sock *s)
{
	s->kind = SK_FREE;
	s->next = free_socks;
	free_socks = s;
}

void
sock_drop(struct sock *s)
{
	sock_table[s->fd] = NULL;
	while (sock_table_used > 0 && !sock_table[sock_table_used - 1])
		sock_table_used--;
	s->fd = -1;
	s->linger = true;
	s->shut = true;
	/* What nobody will read is given back, so that the end is orderly. */
	while (s->kind == SK_CONN && s->in_count > s->in_first)
		s->credit += sock_pop(s).len;
	sock_todo(s);
}

void
sock_todo(struct sock *s)
{
	if (s->todo)
		return;
	s->todo = true;
	s->next = todo_first;
	todo_first = s;
}

/* --- Queues ------------------------------------------------------------ */

static bool
push(struct sock *s, uint64_t addr, uint32_t len, uint64_t peer)
{
	if (s->in_first == s->in_count)
		s->in_first = s->in_count = 0;
	if (s->in_count == s->in_room) {
		uint32_t room = s->in_room ? s->in_room * 2 : 8;
		struct piece *in = realloc(s->in, room * sizeof(*in));

		if (!in)
			return false;
		s->in = in;
		s->in_room = room;
	}
	s->in[s->in_count++] = (struct piece){ addr, len, peer };
	return true;
}

struct piece
sock_pop(struct sock *s)
{
	struct piece p = s->in[s->in_first++];

	p.len -= s->in_off;
	p.addr += s->in_off;
	s->in_off = 0;
	return p;
}

/* --- Calls ------------------------------------------------------------- */

static struct ix_call *
add_call(enum ix_call_op op, uint64_t a, uint64_t b, uint64_t c, uint64_t d,
	 struct sock *who)
{
	struct ix_call *call = ix_call(op, a, b, c, d);

	if (call)
		sent_by[ix.ncalls - 1] = who;
	return call;
}

/* The bytes not yet taken, as one or two pieces of the ring. */
static bool
send_ring(struct sock *s)
{
	uint32_t from = s->out_taken % SOCK_OUT;
	uint32_t n = s->out_end - s->out_taken;
	uint32_t first = MIN(n, SOCK_OUT - from);

	s->iov[0].addr = (uint64_t)s->out + from;
	s->iov[0].len = first;
	s->iov[1].addr = (uint64_t)s->out;
	s->iov[1].len = n - first;
	if (!add_call(IX_SENDV, s->handle, (uint64_t)s->iov,
		      n > first ? 2 : 1, 0, s))
		return false;
	s->sending = true;
	return true;
}

/* Make the calls that a connection needs. False: the batch is full. */
static bool
serve_conn(struct sock *s)
{
	if (s->credit) {
		if (!add_call(IX_RECV_DONE, s->handle, s->credit, 0, 0, NULL))
			return false;
		s->credit = 0;
	}
	if (s->out_end != s->out_taken && !s->sending && !send_ring(s))
		return false;
	if (!s->shut || s->shut_done || s->out_end != s->out_taken)
		return true;
	/* Closing does what shutting down does, once all is acknowledged. */
	if (!s->linger || s->out_acked != s->out_end) {
		if (!add_call(IX_SHUTDOWN, s->handle, 0, 0, 0, NULL))
			return false;
		s->shut_done = true;
	}
	return true;
}

/* What was received before the end is still the program's. */
static bool
serve_dead(struct sock *s)
{
	if (s->credit &&
	    !add_call(IX_RECV_DONE, s->handle, s->credit, 0, 0, NULL))
		return false;
	s->credit = 0;
	return true;
}

/* The same for any socket; frees it when it has ended. */
static bool
serve(struct sock *s)
{
	bool conn = s->kind == SK_CONN && s->connected;

	if (conn && !(s->dead ? serve_dead(s) : serve_conn(s)))
		return false;
	if (!s->linger || s->sending || s->connecting)
		return true;
	if (conn && !s->dead && s->out_acked != s->out_end)
		return true;
	if (conn && !add_call(IX_CLOSE, s->handle, 0, 0, 0, NULL))
		return false;
	if (s->kind == SK_LISTEN &&
	    !add_call(IX_UNLISTEN, s->handle, 0, 0, 0, NULL))
		return false;
	if (s->kind == SK_UDP && s->handle &&
	    !add_call(IX_UDP_CLOSE, s->handle, 0, 0, 0, NULL))
		return false;
	while ((s->kind == SK_LISTEN || s->kind == SK_UDP) &&
	       s->in_first < s->in_count)
		add_call(s->kind == SK_UDP ? IX_UDP_RECV_DONE : IX_REJECT,
			 sock_pop(s).addr, 0, 0, 0, NULL);
	sock_free(s);
	return true;
}

static void
serve_all(void)
{
	struct sock *s = todo_first, *next;

	todo_first = NULL;
	for (; s; s = next) {
		next = s->next;
		s->todo = false;
		if (!serve(s))
			sock_todo(s);
	}
}

/* --- Results and events ------------------------------------------------ */

static void
take_results(void)
{
	for (uint32_t i = 0; i < ix.nresults; i++) {
		struct sock *s = sent_by[i];
		int64_t r = ix_result(i);

		if (!s)
			continue;
		s->sending = false;
		if (r > 0)
			s->out_taken += r;
		else if (r < 0 && r != -E_NO_MEM)	/* it ended meanwhile */
			s->out_acked = s->out_taken = s->out_end;
		if (r != 0 || s->linger)
			sock_todo(s);
	}
	while (nbatch_slots > 0)
		slot_state[batch_slots[--nbatch_slots]] = SLOT_FREE;
}

static void
knock(struct sock *s, const struct ix_event *e)
{
	if (s->linger || s->in_count - s->in_first >= SOCK_QUEUE ||
	    !push(s, e->a, 0, e->b))
		add_call(IX_REJECT, e->a, 0, 0, 0, NULL);
}

static void
received(struct sock *s, const struct ix_event *e)
{
	if (e->n == 0) {
		s->eof = true;
		if (s->linger)
			sock_todo(s);
		return;
	}
	if (!s->linger && push(s, e->a, e->n, 0))
		return;
	s->credit += e->n;
	sock_todo(s);
}

static void
died(struct sock *s, int error)
{
	s->dead = s->eof = true;
	s->error = error;
	s->connecting = false;
	if (s->linger)
		sock_todo(s);
}

static void
datagram(struct sock *s, const struct ix_event *e)
{
	if (s->in_count - s->in_first >= SOCK_QUEUE ||
	    !push(s, e->a, e->n, e->b))
		add_call(IX_UDP_RECV_DONE, e->a, 0, 0, 0, NULL);
}

static void
take_event(const struct ix_event *e)
{
	struct sock *s = (struct sock *)e->cookie;

	switch (e->type) {
	case IX_EV_KNOCK:
		knock(s, e);
		break;
	case IX_EV_CONNECTED:
		s->connecting = false;
		s->connected = e->n == 0;
		if (e->n < 0)
			died(s, -e->n);
		sock_todo(s);
		break;
	case IX_EV_RECV:
		received(s, e);
		break;
	case IX_EV_SENT:
		s->out_acked += e->n;
		if (s->linger || s->out_taken != s->out_end)
			sock_todo(s);
		break;
	case IX_EV_DEAD:
		died(s, -e->n);
		break;
	case IX_EV_UDP_RECV:
		datagram(s, e);
		break;
	case IX_EV_UDP_SENT:
		slot_state[(e->a - (uint64_t)slot_mem) / SLOT_SIZE] =
			SLOT_FREE;
		break;
	}
}

void
sock_enter(uint64_t usec)
{
	uint32_t n;

	serve_all();
	n = ix_run_io(todo_first ? 0 : usec);
	take_results();
	for (uint32_t i = 0; i < n; i++)
		take_event(ix_event(i));
}

void
sock_queue(enum ix_call_op op, uint64_t a, uint64_t b)
{
	while (!add_call(op, a, b, 0, 0, NULL))
		sock_enter(0);
}

int64_t
sock_call(enum ix_call_op op, uint64_t a, uint64_t b, uint64_t c)
{
	struct ix_call *call;

	while (!(call = add_call(op, a, b, c, 0, NULL)))
		sock_enter(0);
	sock_enter(0);
	return call->op;
}

/* A free slot, waiting for the NIC if need be. */
static uint32_t
find_slot(void)
{
	for (;;) {
		for (uint32_t i = 0; i < SLOTS; i++) {
			uint32_t k = (slot_next + i) % SLOTS;

			if (slot_state[k] != SLOT_FREE)
				continue;
			slot_next = k + 1;
			return k;
		}
		sock_enter(0);
	}
}

int64_t
sock_send_datagram(struct sock *s, const void *buf, uint32_t len,
		   uint64_t peer)
{
	uint32_t k;
	char *mem;

	if (len > SLOT_SIZE)
		return -E_TOO_BIG;
	if (!slot_mem)
		slot_mem = malloc(SLOTS * SLOT_SIZE);
	if (!slot_mem)
		return -E_NO_MEM;
	k = find_slot();
	mem = slot_mem + k * SLOT_SIZE;
	memcpy(mem, buf, len);
	ix_copied_send(len);
	while (!add_call(IX_UDP_SEND, s->handle, (uint64_t)mem, len, peer,
			 NULL))
		sock_enter(0);
	if (len > ix_info()->small_send) {
		slot_state[k] = SLOT_WIRE;
	} else {
		slot_state[k] = SLOT_BATCH;
		batch_slots[nbatch_slots++] = k;
	}
	return len;
}
