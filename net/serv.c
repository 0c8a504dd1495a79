/*
 * serv.c: the core network server of lab-6 mode. It forks its helpers (input,
 * output, timer), then serves messages: frames and ticks at once, on its own
 * stack; each application's request in a thread, whose end is the reply.
 *
 * Messages are received into a page slot that is free at that moment. A
 * request keeps its slot until it is answered, so any number of them can be
 * open; there is at most one per environment. The mapping in a free slot is
 * replaced by the next message that lands there.
 */
#include "net/ns.h"

#include "lib/lwip/tcp_buckets.h"
#include "lib/lwip/tcp_isn.h"
#include "lwip/init.h"
#include "lwip/stats.h"

#define SLOTS		0x0000003100000000ul	/* address of page slot 0 */
#define NSLOTS		(NENV + 1)
#define SYN_RESERVE	64	/* PCBs kept for TIME_WAIT and connect() */
#define SWEEP_MS	250
#define ARP_TICK_MS	1000

struct ns_stats ns_stats;
envid_t output_env;
static envid_t input_env;
static envid_t timer_env;

static struct request requests[NSLOTS];
static uint32_t free_slots[NSLOTS];
static uint32_t nfree;
/* The environment whose request is open, by ENVX. */
static envid_t open_from[NENV];
/* Who sent the page that a free slot still maps. */
static envid_t slot_sender[NSLOTS];

/* When lwIP's timers are due next, in ms. */
static uint64_t tcp_due;
static uint64_t arp_due;
static uint64_t sweep_due;
static uint64_t timer_interval = TIMER_BUSY_MS;

uint64_t
now_ms(void)
{
	return (read_tsc() - uinfo->boot_tsc) * 1000 / uinfo->tsc_hz;
}

static uint64_t
now_us(void)
{
	uint64_t mhz = uinfo->tsc_hz / 1000000;

	return (read_tsc() - uinfo->boot_tsc) / (mhz > 0 ? mhz : 1);
}

bool
env_alive(envid_t env)
{
	const volatile struct env *e = &envs[ENVX(env)];

	return e->id == env && e->status != ENV_FREE &&
		e->status != ENV_DYING;
}

/* Ask for another interval; if timer is not listening, a later try will do. */
static void
timer_set(uint64_t ms)
{
	if (ms != timer_interval &&
	    sys_ipc_try_send(timer_env, ms, (void *)UTOP, 0) == 0)
		timer_interval = ms;
}

void
timer_hurry(void)
{
	timer_set(TIMER_BUSY_MS);
}

/* --- Helpers ----------------------------------------------------------- */

/*
 * Fork a helper. It starts when it has been given its type, which only its
 * parent can do: a first message says so.
 */
static envid_t
helper_start(const char *name, uint32_t type, void (*fn)(envid_t))
{
	envid_t ns = sys_getenvid();
	envid_t child = fork();
	int r;

	if (child < 0)
		panic("fork of %s: %e", name, child);
	if (child == 0) {
		binaryname = name;
		ipc_recv(NULL, NULL, NULL);
		fn(ns);
		exit();
	}
	sys_env_set_name(child, name, strlen(name));
	if (type != ENV_TYPE_USER &&
	    (r = sys_env_set_type(child, type)) < 0)
		panic("type of %s: %e", name, r);
	ipc_send(child, 0, NULL, 0);
	return child;
}

/* --- Requests ---------------------------------------------------------- */

static void
reply(envid_t to, int64_t value)
{
	if (sys_ipc_try_send(to, value, (void *)UTOP, 0) == 0)
		ns_stats.replies++;
	else
		ns_stats.replies_dropped++;
}

static void
slot_release(uint32_t slot)
{
	free_slots[nfree++] = slot;
}

/* A request's thread. */
static void
serve(void *arg)
{
	struct request *req = arg;
	int64_t value;

	value = request_serve(req);
	trace(TRACE_NS_REPLY, req->type, req->from);
	if (open_from[ENVX(req->from)] == req->from)
		open_from[ENVX(req->from)] = 0;
	reply(req->from, value);
	slot_release(req->slot);
}

/* Why a message is not served; 0 if it is. */
static int
request_check(envid_t from, uint64_t type, uint32_t perm)
{
	if (!request_known(type))
		return -E_INVAL;
	if (!(perm & PTE_W))
		return -E_INVAL;
	if (open_from[ENVX(from)] == from)
		return -E_BUSY;
	return 0;
}

static void
request_start(envid_t from, uint64_t type, uint32_t perm, uint32_t slot)
{
	struct request *req = &requests[slot];
	int r = request_check(from, type, perm);

	if (r == 0) {
		req->from = from;
		req->type = type;
		req->slot = slot;
		req->page = (union nsipc *)(SLOTS + slot * PGSIZE);
		r = thread_start(from, serve, req);
	}
	if (r < 0) {
		ns_stats.refused++;
		reply(from, r);
		slot_release(slot);
		return;
	}
	ns_stats.requests[type]++;
	trace(TRACE_NS_REQUEST, type, from);
	open_from[ENVX(from)] = from;
}

/* --- Time -------------------------------------------------------------- */

/* Unmap what environments that have ended once sent. */
static void
slots_sweep(void)
{
	uint32_t i, slot;

	for (i = 0; i < nfree; i++) {
		slot = free_slots[i];
		if (slot_sender[slot] != 0 && !env_alive(slot_sender[slot])) {
			sys_page_unmap(0, (void *)(SLOTS + slot * PGSIZE));
			slot_sender[slot] = 0;
		}
	}
}

/* Time has passed: how much, the clock says. */
static void
tick(void)
{
	uint64_t now = now_ms();
	int missed;

	/* Time during which there was nothing to time is forgotten. */
	if (!tcp_buckets_busy() || now - tcp_due > 100 * TCP_TMR_INTERVAL)
		tcp_due = now;
	for (missed = 0; now >= tcp_due && missed < 100; missed++) {
		tcp_buckets_tmr();
		tcp_due += TCP_TMR_INTERVAL;
	}
	if (now >= arp_due) {
		netif_tick();
		arp_due = now + ARP_TICK_MS;
	}
	if (now >= sweep_due) {
		thread_check_clients();
		sock_sweep();
		slots_sweep();
		sweep_due = now + SWEEP_MS;
	}
	thread_check_deadlines(now);
	timer_set(tcp_buckets_busy() || thread_deadlines() ?
		  TIMER_BUSY_MS : TIMER_IDLE_MS);
}

/* --- The dispatcher ---------------------------------------------------- */

/* One message, whose page, if any, is in that slot. */
static void
dispatch(envid_t from, uint64_t type, uint32_t perm, uint32_t slot)
{
	if (perm != 0)
		slot_sender[slot] = from;
	if (type == NSREQ_INPUT && from == input_env && perm != 0) {
		ns_stats.requests[type]++;
		trace(TRACE_NS_INPUT, 0, 0);
		netif_frame_in((void *)(SLOTS + slot * PGSIZE));
		slot_release(slot);
		if (tcp_buckets_busy())
			timer_hurry();
	} else if (type == NSREQ_TIMER && from == timer_env) {
		ns_stats.requests[type]++;
		tick();
		slot_release(slot);
	} else {
		request_start(from, type, perm, slot);
	}
}

static void NORETURN
serve_for_ever(void)
{
	uint32_t slot;

	for (;;) {
		do
			thread_run_all();
		while (netif_loop_in());
		/* What waits for acknowledgements, for who looks on. */
		ns_stats.tcp_segs = lwip_stats.memp[MEMP_TCP_SEG]->used;
		slot = free_slots[--nfree];
		if (sys_ipc_recv((void *)(SLOTS + slot * PGSIZE)) < 0) {
			slot_release(slot);
			continue;
		}
		dispatch(thisenv->ipc_from, thisenv->ipc_value,
			 thisenv->ipc_perm, slot);
	}
}

/* Exact runs repeat; in others nobody shall guess what we choose. */
static uint64_t
seed(void)
{
	char buf[24];
	uint64_t n = 0;

	if (boot_arg("seed", buf, sizeof(buf)))
		n = strtoull(buf, NULL, 0);
	if (!boot_arg("exact", buf, sizeof(buf)) || strcmp(buf, "0") == 0)
		n ^= read_tsc();
	return n;
}

int
main(int argc, char **argv)
{
	uint32_t i;
	int r;

	binaryname = "ns";
	/* Before lwIP takes its memory: the helpers do without. */
	timer_env = helper_start("ns_timer", ENV_TYPE_USER, timer);
	input_env = helper_start("ns_input", ENV_TYPE_NET, input);
	output_env = helper_start("ns_output", ENV_TYPE_NET, output);
	r = sys_count_page(&ns_stats);
	if (r < 0)
		panic("page for the counters: %e", r);
	ns_stats.timer = timer_env;
	ns_stats.input = input_env;
	ns_stats.output = output_env;

	for (i = NSLOTS; i > 0; i--)
		slot_release(i - 1);
	lwip_init();
	tcp_isn_init(seed(), now_us);
	tcp_buckets_init((uint64_t)tcp_isn_random() << 32 | tcp_isn_random(),
			 SYN_RESERVE);
	sock_init();
	dgram_init();
	netif_start();
	serve_for_ever();
}
