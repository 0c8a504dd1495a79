/*
 * ipc.c: messages between environments: one word, and one page if both sides
 * ask for it.
 *
 * A receiver blocks; a sender either fails at once when the other side does
 * not receive (try_send), or waits in the receiver's queue (send, call), in
 * order of arrival. ipc_call becomes a receiver, of the callee's answer only,
 * in the same step in which its message is delivered, so a server may answer
 * by try_send and lose nothing.
 */
#include "kern/cpu.h"
#include "kern/env.h"
#include "kern/kernel.h"
#include "kern/pmap.h"
#include "kern/syscall.h"
#include "kern/time.h"
#include "kern/trace.h"

/* Is what `from` wants to send sound? */
static int
check_page(struct env *from, uint64_t srcva, uint32_t perm)
{
	pte_t *pte;

	if (srcva >= UTOP)
		return 0;
	if (srcva % PGSIZE || perm_check(perm) < 0)
		return -E_INVAL;
	if (!page_lookup(from->pml4, srcva, &pte))
		return -E_INVAL;
	return perm_allowed(perm, *pte) ? 0 : -E_INVAL;
}

static bool
receives_from(const struct env *to, const struct env *from)
{
	return to->status == ENV_NOT_RUNNABLE && to->ipc_recving &&
		(to->ipc_recv_from == 0 || to->ipc_recv_from == from->id);
}

/*
 * For the statistics: the queue of who wants to send to ns has grown or
 * shrunk by one; and a message has been delivered, from there or at once.
 */
static void
count_sender(const struct env *to, int by)
{
	struct queue *q = &queues[QUEUE_NS_SENDERS];
	uint64_t now;

	if (to->type != ENV_TYPE_NS)
		return;
	now = read_tsc();
	q->now.waited_tsc += q->depth * (now - q->looked);
	q->depth += by;
	q->looked = now;
}

static void
count_message(const struct env *to)
{
	struct queue *q = &queues[QUEUE_NS_SENDERS];
	uint64_t now = this_cpu()->last_tsc;

	if (to->type != ENV_TYPE_NS)
		return;
	if (now >= q->second_ends)
		queue_turn(q, now, tsc_hz);
	q->now.looks++;
	q->now.taken++;
	q->now.left += q->depth;
	q->now.depth_max = MAX(q->now.depth_max, q->depth + 1);
}

/* Hand over; `to` receives from `from`. 0 or an error that leaves all as is. */
// @exercise ipc_deliver 10 'Hand over a message and its page'
static int
deliver(struct env *from, struct env *to, uint64_t value, uint64_t srcva,
	uint32_t perm)
{
	uint32_t given = 0;
	int r = check_page(from, srcva, perm);

	if (r < 0)
		return r;
	if (srcva < UTOP && to->ipc_dstva < UTOP) {
		r = page_insert(to, page_lookup(from->pml4, srcva, NULL),
				to->ipc_dstva, perm_to_pte(perm));
		if (r < 0)
			return r;
		given = perm;
		from->count.ipc_pages++;
		this_cpu()->count->ipc_pages++;
	}
	to->ipc_value = value;
	to->ipc_from = from->id;
	to->ipc_perm = given;
	from->count.ipc_sends++;
	this_cpu()->count->ipc_sends++;
	count_message(to);
	trace(TRACE_IPC, to->id, value);
	env_set_result(to, 0);
	env_wake(to);
	return 0;
}
// @end

/*
 * e becomes a receiver. Only call_ipc_recv looks at e's queue afterwards: one
 * that e calls was itself receiving a moment ago, so it is not in there.
 */
static void
start_receive(struct env *e, uint64_t dstva, envid_t only_from)
{
	e->ipc_dstva = dstva;
	e->ipc_recv_from = only_from;
	env_block(e, WAIT_IPC_RECV);
	e->ipc_recving = true;
}

/* What a sender does once its message is out. */
static void
sender_done(struct env *s, int result)
{
	if (result == 0 && s->ipc_then_recv) {
		envid_t to = s->ipc_to;

		s->wait = WAIT_NONE;
		start_receive(s, s->ipc_call_dstva, to);
		return;
	}
	env_set_result(s, result);
	s->wait = WAIT_NONE;
	env_wake(s);
}

/* The first in e's queue leaves it; an empty queue needs no tail. */
static struct env *
senders_take(struct env *e)
{
	struct env *s = e->senders;

	if (s) {
		e->senders = s->link;
		s->link = NULL;
		count_sender(e, -1);
	}
	return s;
}

/* e receives from anybody: the first whose message is sound is served. */
static void
serve_senders(struct env *e)
{
	struct env *s;

	while (e->ipc_recving && (s = senders_take(e)) != NULL)
		sender_done(s, deliver(s, e, s->ipc_send_value, s->ipc_srcva,
				       s->ipc_send_perm));
}

// @exercise ipc_try_send 5 'Send if the other side receives'
int64_t
ipc_try_send(struct env *from, envid_t id, uint64_t value, uint64_t srcva,
	     uint32_t perm)
{
	struct env *to;
	int r = env_lookup(id, &to, false);

	if (r == 0)
		r = receives_from(to, from)
			? deliver(from, to, value, srcva, perm)
			: -E_IPC_NOT_RECV;
	if (r < 0) {
		from->count.ipc_fails++;
		this_cpu()->count->ipc_fails++;
	}
	return r;
}
// @end

static int64_t
send_or_queue(struct env *from, envid_t id, uint64_t value, uint64_t srcva,
	      uint32_t perm, bool then_recv, uint64_t dstva)
{
	struct env *to;
	int r = env_lookup(id, &to, false);

	if (r < 0)
		return r;
	if (to == from)
		return -E_INVAL;
	from->ipc_to = to->id;
	from->ipc_then_recv = then_recv;
	from->ipc_call_dstva = dstva;
	if (receives_from(to, from)) {
		r = deliver(from, to, value, srcva, perm);
		if (r == 0 && then_recv)
			start_receive(from, dstva, to->id);
		return r;
	}
	r = check_page(from, srcva, perm);
	if (r < 0)
		return r;
	from->ipc_srcva = srcva;
	from->ipc_send_value = value;
	from->ipc_send_perm = perm;
	env_block(from, WAIT_IPC_SEND);
	from->link = NULL;
	if (to->senders)
		to->senders_tail->link = from;
	else
		to->senders = from;
	to->senders_tail = from;
	count_sender(to, 1);
	return 0;
}

/* e leaves the queue that it waits in, because it ends or is made to run. */
void
ipc_cancel_send(struct env *e)
{
	struct env *to = &envs[ENVX(e->ipc_to)];
	struct env **p = &to->senders, *prev = NULL;

	for (; *p && *p != e; prev = *p, p = &(*p)->link)
		;
	if (!*p)
		return;
	*p = e->link;
	count_sender(to, -1);
	if (to->senders_tail == e)
		to->senders_tail = prev;
	e->link = NULL;
}

void
ipc_env_gone(struct env *e)
{
	struct env *s;

	while ((s = senders_take(e)) != NULL)
		sender_done(s, -E_BAD_ENV);
	for (int i = 0; i < NENV; i++) {
		struct env *w = &envs[i];

		if (w->status == ENV_NOT_RUNNABLE && w->ipc_recving &&
		    w->ipc_recv_from == e->id) {
			env_set_result(w, -E_BAD_ENV);
			env_wake(w);
		}
	}
}

int64_t
call_ipc_try_send(struct env *e, envid_t to, uint64_t value, void *srcva,
		  uint32_t perm)
{
	return ipc_try_send(e, to, value, (uint64_t)srcva, perm);
}

int64_t
call_ipc_send(struct env *e, envid_t to, uint64_t value, void *srcva,
	      uint32_t perm)
{
	return send_or_queue(e, to, value, (uint64_t)srcva, perm, false, UTOP);
}

int64_t
call_ipc_call(struct env *e, envid_t to, uint64_t value, void *srcva,
	      uint32_t perm, void *dstva)
{
	if ((uint64_t)dstva < UTOP && (uint64_t)dstva % PGSIZE)
		return -E_INVAL;
	return send_or_queue(e, to, value, (uint64_t)srcva, perm, true,
			     (uint64_t)dstva);
}

// @exercise ipc_recv 5 'Receive a message'
int64_t
call_ipc_recv(struct env *e, void *dstva)
{
	if ((uint64_t)dstva < UTOP && (uint64_t)dstva % PGSIZE)
		return -E_INVAL;
	start_receive(e, (uint64_t)dstva, 0);
	serve_senders(e);
	return 0;
}
// @end

int64_t
call_ipc_recv_timed(struct env *e, void *dstva, uint64_t msec)
{
	int64_t r = call_ipc_recv(e, dstva);

	if (r == 0 && e->ipc_recving)
		env_wake_at(e, msec_to_tsc(time_msec() + MIN(msec, 1ul << 40)));
	return r;
}
