/*
 * sock.c: the table of sockets: numbers, owners, events.
 *
 * A socket's number carries a generation, so a number kept after close names
 * nothing. It may be used by its owner and by the owner's descendants, which
 * inherit descriptors by fork; it is given back when both its owner and its
 * last user have ended.
 */
#include "net/ns.h"

#include "lwip/err.h"

#define INDEX_BITS	12
#define INDEX(id)	((id) & ((1 << INDEX_BITS) - 1))
#define GENERATIONS	(1 << (30 - INDEX_BITS))
_Static_assert(NSOCKS <= 1 << INDEX_BITS, "a number names every socket");

static struct sock socks[NSOCKS];
static struct sock *free_first, *free_last;
static uint32_t nsocks;
struct wait_queue poll_queue;

static void
free_append(struct sock *s)
{
	s->next_free = NULL;
	if (free_last != NULL)
		free_last->next_free = s;
	else
		free_first = s;
	free_last = s;
}

void
sock_init(void)
{
	int32_t i;

	for (i = 0; i < NSOCKS; i++) {
		socks[i].id = i;
		free_append(&socks[i]);
	}
}

static enum share_kind
share_of(uint32_t kind)
{
	return kind == SOCK_TCP ? SHARE_TCP :
		kind == SOCK_UDP ? SHARE_UDP : SHARE_ICMP;
}

struct sock *
sock_alloc(uint32_t kind, envid_t owner)
{
	struct sock *s = free_first;
	int32_t id;

	if (s == NULL || !share_take(owner, share_of(kind)))
		return NULL;
	free_first = s->next_free;
	if (free_first == NULL)
		free_last = NULL;
	id = s->id;
	memset(s, 0, sizeof(*s));
	s->id = id;
	s->kind = kind;
	s->owner = owner;
	s->last_user = owner;
	nsocks++;
	return s;
}

void
sock_free(struct sock *s)
{
	int32_t generation = (s->id >> INDEX_BITS) + 1;

	thread_wake(&s->wait);
	share_give(s->owner, share_of(s->kind));
	if (s->state == ST_LISTEN)
		share_give(s->owner, SHARE_LISTEN);
	s->kind = SOCK_FREE;
	s->id = (generation % GENERATIONS) << INDEX_BITS | INDEX(s->id);
	nsocks--;
	free_append(s);
}

void
sock_set_owner(struct sock *s, envid_t owner)
{
	share_move(s->owner, owner, share_of(s->kind));
	if (s->state == ST_LISTEN)
		share_move(s->owner, owner, SHARE_LISTEN);
	share_frames(s->owner, -(int)s->rx_pbufs);
	share_frames(owner, s->rx_pbufs);
	s->owner = owner;
}

void
sock_frames(struct sock *s, int n)
{
	s->rx_pbufs += n;
	share_frames(s->owner, n);
}

/* Is `env` the owner, or descended from it? */
static bool
descends(envid_t env, envid_t owner)
{
	int depth;

	for (depth = 0; depth < 32 && env != 0; depth++) {
		if (env == owner)
			return true;
		if (envs[ENVX(env)].id != env)
			return false;
		env = envs[ENVX(env)].parent_id;
	}
	return false;
}

struct sock *
sock_find(int32_t id, envid_t client)
{
	struct sock *s;

	if (id < 0 || INDEX(id) >= NSOCKS)
		return NULL;
	s = &socks[INDEX(id)];
	if (s->kind == SOCK_FREE || s->id != id)
		return NULL;
	if (s->last_user != client) {
		if (!descends(client, s->owner))
			return NULL;
		s->last_user = client;
	}
	return s;
}

void
sock_event(struct sock *s)
{
	thread_wake(&s->wait);
	thread_wake(&poll_queue);
}

int
sock_wait(struct sock *s)
{
	int32_t id = s->id;
	int r = thread_wait(&s->wait, 0);

	if (s->id != id)
		return -E_BAD_HANDLE;
	return r;
}

void
sock_close(struct sock *s)
{
	if (s->kind == SOCK_TCP)
		tcp_sock_close(s);
	else
		dgram_sock_close(s);
	sock_free(s);
	thread_wake(&poll_queue);
}

void
sock_sweep(void)
{
	struct sock *s;

	if (nsocks == 0)
		return;
	for (s = socks; s < socks + NSOCKS; s++) {
		if (s->kind == SOCK_FREE || s->listener != NULL ||
		    env_alive(s->owner))
			continue;
		if (env_alive(s->last_user))
			sock_set_owner(s, s->last_user);
		else
			sock_close(s);
	}
}

int16_t
sock_poll(struct sock *s, int16_t events)
{
	int16_t have;

	if (s->kind == SOCK_TCP)
		have = tcp_sock_poll(s);
	else
		have = POLLOUT | (s->dgram_count > 0 ? POLLIN : 0);
	return have & (events | POLLERR | POLLHUP);
}

uint32_t
sock_count(void)
{
	return nsocks;
}

int
err_from_lwip(int err)
{
	switch (err) {
	case ERR_OK:
		return 0;
	case ERR_MEM:
	case ERR_BUF:
		return -E_NO_MEM;
	case ERR_TIMEOUT:
		return -E_TIMEOUT;
	case ERR_RTE:
		return -E_NO_ROUTE;
	case ERR_USE:
		return -E_ADDR_IN_USE;
	case ERR_ABRT:
		return -E_CONN_ABORTED;
	case ERR_RST:
		return -E_CONN_RESET;
	case ERR_CONN:
	case ERR_CLSD:
		return -E_NOT_CONN;
	default:
		return -E_INVAL;
	}
}
