/*
 * thread.c: cooperative threads of the network server, one per request.
 *
 * A thread runs until it waits or ends; then the next ready one runs, and when
 * none is left the dispatcher, which waits for the next message. Each stack is
 * a slot of its own with an unmapped page below, so that running over its end
 * faults instead of corrupting a neighbour. The thread's own record lies at
 * the top of its stack.
 */
#include "net/ns.h"

#define STACKS		0x0000003000000000ul	/* address of slot 0 */
#define STACK_SIZE	(4 * PGSIZE)
#define STACK_SLOT	(STACK_SIZE + PGSIZE)	/* guard page below */
#define STACK_SLOTS	(NENV + 1)
#define STACKS_KEPT	16	/* idle stacks not given back */

struct thread {
	uint64_t rsp;			/* while it does not run */
	struct thread *next;		/* in a wait queue, ready, or idle */
	struct wait_queue *queue;	/* that it waits in, or NULL */
	struct thread *waiting_next, *waiting_prev;	/* all that wait */
	uint64_t deadline;		/* ms, 0: none */
	int status;			/* what thread_wait() returns */
	uint32_t slot;
	envid_t client;
	void (*fn)(void *);
	void *arg;
};

void thread_switch(uint64_t *save_rsp, uint64_t load_rsp);
void thread_begin(void);

static struct thread dispatcher;
static struct thread *current = &dispatcher;
static struct wait_queue ready;
static struct thread *waiting;
static struct thread *idle;
static uint32_t nidle;
static uint32_t nthreads;
static uint32_t nstacks;
static uint32_t ndeadlines;
/* Slots never used start here; those given back are listed. */
static uint32_t slots_used;
static uint32_t slots_back[STACK_SLOTS];
static uint32_t nslots_back;

static void
queue_append(struct wait_queue *q, struct thread *t)
{
	t->next = NULL;
	if (q->last != NULL)
		q->last->next = t;
	else
		q->first = t;
	q->last = t;
}

static struct thread *
queue_pop(struct wait_queue *q)
{
	struct thread *t = q->first;

	if (t != NULL) {
		q->first = t->next;
		if (q->first == NULL)
			q->last = NULL;
	}
	return t;
}

static void
queue_remove(struct wait_queue *q, struct thread *t)
{
	struct thread **link = &q->first;
	struct thread *before = NULL;

	while (*link != t) {
		before = *link;
		link = &before->next;
	}
	*link = t->next;
	if (q->last == t)
		q->last = before;
}

/* Run another thread; comes back when the present one runs again. */
static void
switch_to(struct thread *t)
{
	struct thread *before = current;

	current = t;
	ns_stats.count.thread_switches++;
	if (t != &dispatcher)
		trace(TRACE_NS_THREAD, 0, 0);
	thread_switch(&before->rsp, t->rsp);
}

static void
run_next(void)
{
	struct thread *t = queue_pop(&ready);

	switch_to(t != NULL ? t : &dispatcher);
}

static char *
slot_bottom(uint32_t slot)
{
	return (char *)STACKS + slot * STACK_SLOT + PGSIZE;
}

static void
stack_unmap(uint32_t slot, uint32_t pages)
{
	while (pages-- > 0)
		sys_page_unmap(0, slot_bottom(slot) + pages * PGSIZE);
}

/* A thread with a stack that nobody uses, or NULL: no memory. */
static struct thread *
thread_alloc(void)
{
	struct thread *t = idle;
	uint32_t slot, i;

	if (t != NULL) {
		idle = t->next;
		nidle--;
		return t;
	}
	if (nslots_back > 0)
		slot = slots_back[--nslots_back];
	else if (slots_used < STACK_SLOTS)
		slot = slots_used++;
	else
		return NULL;
	for (i = 0; i < STACK_SIZE / PGSIZE; i++) {
		if (sys_page_alloc(0, slot_bottom(slot) + i * PGSIZE,
				   PTE_P | PTE_U | PTE_W) < 0) {
			stack_unmap(slot, i);
			slots_back[nslots_back++] = slot;
			return NULL;
		}
	}
	nstacks++;
	t = (struct thread *)(slot_bottom(slot) + STACK_SIZE) - 1;
	t->slot = slot;
	return t;
}

/* Called by the dispatcher, so on nobody's stack that could be meant. */
static void
trim_idle(void)
{
	struct thread *t;
	uint32_t slot;

	while (nidle > STACKS_KEPT) {
		t = idle;
		idle = t->next;
		nidle--;
		nstacks--;
		slot = t->slot;
		stack_unmap(slot, STACK_SIZE / PGSIZE);
		slots_back[nslots_back++] = slot;
	}
}

/* What every thread runs; entered by thread_begin in switch.S. */
void thread_main(void) NORETURN;

void
thread_main(void)
{
	struct thread *me = current;

	me->fn(me->arg);
	nthreads--;
	me->next = idle;
	idle = me;
	nidle++;
	run_next();
	panic("an ended thread runs again");
}

int
thread_start(envid_t client, void (*fn)(void *), void *arg)
{
	struct thread *t = thread_alloc();
	uint64_t *sp;

	if (t == NULL)
		return -E_NO_MEM;
	t->client = client;
	t->fn = fn;
	t->arg = arg;
	t->queue = NULL;
	/* As switch.S wants it: six registers, then the return address. */
	sp = (uint64_t *)ROUNDDOWN((uint64_t)t, 16);
	*--sp = (uint64_t)thread_begin;
	sp -= 6;	/* whatever they hold: nothing has been saved there */
	t->rsp = (uint64_t)sp;
	nthreads++;
	queue_append(&ready, t);
	return 0;
}

void
thread_run_all(void)
{
	if (ready.first != NULL)
		run_next();
	trim_idle();
}

static void
make_ready(struct thread *t, int status)
{
	if (t->waiting_prev != NULL)
		t->waiting_prev->waiting_next = t->waiting_next;
	else
		waiting = t->waiting_next;
	if (t->waiting_next != NULL)
		t->waiting_next->waiting_prev = t->waiting_prev;
	if (t->deadline != 0)
		ndeadlines--;
	t->queue = NULL;
	t->status = status;
	queue_append(&ready, t);
}

int
thread_wait(struct wait_queue *q, uint64_t deadline)
{
	struct thread *me = current;

	if (deadline != 0 && now_ms() >= deadline)
		return -E_TIMEOUT;
	me->queue = q;
	me->deadline = deadline;
	if (deadline != 0) {
		ndeadlines++;
		timer_hurry();
	}
	me->waiting_prev = NULL;
	me->waiting_next = waiting;
	if (waiting != NULL)
		waiting->waiting_prev = me;
	waiting = me;
	queue_append(q, me);
	run_next();
	return me->status;
}

void
thread_wake(struct wait_queue *q)
{
	struct thread *t;

	while ((t = queue_pop(q)) != NULL)
		make_ready(t, 0);
}

bool
thread_deadlines(void)
{
	return ndeadlines != 0;
}

void
thread_check_deadlines(uint64_t now)
{
	struct thread *t, *next;

	if (ndeadlines == 0)
		return;
	for (t = waiting; t != NULL; t = next) {
		next = t->waiting_next;
		if (t->deadline != 0 && now >= t->deadline) {
			queue_remove(t->queue, t);
			make_ready(t, -E_TIMEOUT);
		}
	}
}

void
thread_check_clients(void)
{
	struct thread *t, *next;

	for (t = waiting; t != NULL; t = next) {
		next = t->waiting_next;
		if (!env_alive(t->client)) {
			queue_remove(t->queue, t);
			make_ready(t, -E_BAD_ENV);
		}
	}
}

uint32_t
thread_count(void)
{
	return nthreads;
}

uint32_t
thread_stacks(void)
{
	return nstacks;
}
