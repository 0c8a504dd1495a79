/*
 * netstat.c: what the lab-6 network server is doing, and what a message costs.
 *
 *	netstat		print the server's state once
 *	netstat -w	watch: each time traffic has stopped, print what the
 *			messages since the last stop have cost, and once no
 *			connection is left, what is still in use
 *
 * A message is a RECV or RECVFROM request that was answered; -w looks between
 * bursts, so that no message is half way. TIMER messages go with time, not
 * with messages, and netstat's own requests are its own: both are left out.
 */
#include "inc/lib.h"
#include "inc/ns.h"

#define LOOK_MS		20	/* between looks */
#define QUIET_LOOKS	25	/* without traffic: it has stopped */

/* The environments on a message's way. */
enum { INPUT, NS, OUTPUT, APP, NPARTS };
static const char *const part_names[NPARTS] = {
	"input", "ns", "output", "application",
};

struct sample {
	struct ns_stats st;
	struct counters env[NPARTS];
};

static envid_t app;

/* The application: the first environment with the name of a server. */
static envid_t
find_app(void)
{
	static const char *const names[] = { "echosrv", "httpd", "udpecho" };
	char name[ENV_NAME_LEN];
	size_t n, k;
	int i;

	for (i = 0; i < NENV; i++) {
		if (envs[i].status == ENV_FREE)
			continue;
		for (k = 0; k < sizeof(name); k++)
			name[k] = envs[i].name[k];
		for (n = 0; n < ARRAY_SIZE(names); n++) {
			if (strcmp(name, names[n]) == 0)
				return envs[i].id;
		}
	}
	return 0;
}

static void
sample_env(struct sample *s, int part, envid_t env)
{
	const volatile struct env *e = &envs[ENVX(env)];
	const volatile uint64_t *from = (const volatile uint64_t *)&e->count;
	uint64_t *to = (uint64_t *)&s->env[part];
	size_t i;

	if (env == 0)
		return;
	for (i = 0; i < NCOUNTERS; i++)
		to[i] = from[i];
}

static void
take_sample(struct sample *s)
{
	int r = nsipc_stats(&s->st);

	if (r < 0)
		panic("netstat: no answer from the server: %e", r);
	sample_env(s, INPUT, s->st.input);
	sample_env(s, NS, nsipc_server());
	sample_env(s, OUTPUT, s->st.output);
	sample_env(s, APP, app);
}

static uint64_t
messages(const struct ns_stats *st)
{
	return st->requests[NSREQ_RECV] + st->requests[NSREQ_RECVFROM];
}

/* One line: a total over the messages between, and its share of one. */
static void
print_per(const char *what, uint64_t total, uint64_t n)
{
	cprintf("netstat:   %-28s %10lu  %6lu.%02lu each\n", what, total,
		total / n, total % n * 100 / n);
}

#define DELTA(field)	(b->field - a->field)

static void
print_messages(const struct sample *a, const struct sample *b, uint64_t n)
{
	static const struct {
		const char *name;
		uint32_t type;
	} kinds[] = {
#define KIND(name, number) { #name, number },
		NS_REQUESTS(KIND)
#undef KIND
	};
	uint64_t ipcs = DELTA(st.frames_out) + DELTA(st.replies);
	uint64_t stats = DELTA(st.requests[NSREQ_STATS]);
	uint64_t count;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		count = DELTA(st.requests[kinds[i].type]);
		if (kinds[i].type == NSREQ_TIMER ||
		    kinds[i].type == NSREQ_STATS)
			continue;
		if (kinds[i].type == NSREQ_OUTPUT)
			count = DELTA(st.frames_out);
		else
			ipcs += count;
		if (count != 0)
			print_per(kinds[i].name, count, n);
	}
	print_per("answered", DELTA(st.count.requests), n);
	print_per("replies", DELTA(st.replies) - stats, n);
	print_per("IPC messages", ipcs - stats, n);
}

/* Bytes, and how often, by the environment that copies. */
static void
print_copies(const struct sample *a, const struct sample *b, uint64_t n)
{
#define COPY(field, site) \
	print_per("copy " #site, DELTA(field.copy_##site), n); \
	print_per("copies " #site, DELTA(field.copies_##site), n)
	COPY(env[INPUT], dma_to_page);
	COPY(st.count, page_to_pbuf);
	COPY(st.count, pbuf_to_req);
	COPY(st.count, req_to_app);
	COPY(st.count, app_to_req);
	COPY(st.count, req_to_pbuf);
	COPY(st.count, pbuf_to_page);
	COPY(env[OUTPUT], page_to_dma);
#undef COPY
}

static void
print_parts(const struct sample *a, const struct sample *b, uint64_t n)
{
	char line[64];
	int i;

	for (i = 0; i < NPARTS; i++) {
		snprintf(line, sizeof(line), "syscalls of %s", part_names[i]);
		print_per(line, DELTA(env[i].syscalls), n);
		snprintf(line, sizeof(line), "TSC in ring 3 of %s",
			 part_names[i]);
		print_per(line, DELTA(env[i].user_tsc), n);
		snprintf(line, sizeof(line), "TSC in ring 0 for %s",
			 part_names[i]);
		print_per(line, DELTA(env[i].kernel_tsc), n);
	}
	print_per("thread switches in ns", DELTA(st.count.thread_switches), n);
}

static void
print_cost(const struct sample *a, const struct sample *b)
{
	uint64_t n = messages(&b->st) - messages(&a->st);

	cprintf("netstat: %lu messages\n", n);
	print_messages(a, b, n);
	print_copies(a, b, n);
	print_parts(a, b, n);
	cprintf("netstat: end\n");
}

/* What is in use; a test compares two of these lines. */
static void
print_state(const struct ns_stats *st, const char *what)
{
	cprintf("netstat: %s: sockets %u, threads %u, stacks %u, tcp %u, "
		"listeners %u, udp %u, pbufs %u, segments %u, heap %u, "
		"pages free %ld\n", what, st->sockets, st->threads,
		st->stacks, st->tcp_pcbs, st->tcp_listeners, st->udp_pcbs,
		st->rx_pbufs, st->tcp_segs, st->heap, sys_pages_free());
}

static void
print_totals(const struct ns_stats *st)
{
	cprintf("netstat: frames in %lu, out %lu, dropped %lu, malformed %lu; "
		"requests refused %lu, replies dropped %lu, SYNs refused %lu\n",
		st->count.rx_frames, st->count.tx_frames,
		st->count.rx_dropped, st->count.rx_malformed, st->refused,
		st->replies_dropped, st->syns_refused);
}

/* Does the server hold anything but listening sockets? */
static bool
at_rest(const struct ns_stats *st)
{
	return st->tcp_pcbs == 0 && st->rx_pbufs == 0 && st->heap == 0;
}

static void
watch(void)
{
	static struct sample samples[2];
	struct sample *last = &samples[0], *now = &samples[1], *t;
	uint64_t seen;
	uint32_t quiet;
	bool resting = false;

	app = find_app();
	take_sample(last);
	seen = messages(&last->st);
	quiet = QUIET_LOOKS;
	cprintf("netstat: watching\n");
	for (;;) {
		sys_sleep_until(sys_time_msec() + LOOK_MS);
		if (app == 0)
			app = find_app();
		take_sample(now);
		if (messages(&now->st) != seen) {
			seen = messages(&now->st);
			quiet = 0;
		} else if (++quiet == QUIET_LOOKS &&
			   seen != messages(&last->st)) {
			print_cost(last, now);
			resting = false;
		}
		/* Connections have ended, TIME_WAIT too. */
		if (!resting && quiet >= QUIET_LOOKS && at_rest(&now->st)) {
			print_state(&now->st, "at rest");
			resting = true;
		}
		if (quiet == QUIET_LOOKS) {
			t = last;
			last = now;
			now = t;
		}
	}
}

int
main(int argc, char **argv)
{
	static struct ns_stats st;
	struct args a;
	int opt;
	int r;

	args_start(&a, argc, argv);
	while ((opt = args_option(&a)) != 0) {
		if (opt == 'w')
			watch();
		args_usage("[-w]");
	}
	r = nsipc_stats(&st);
	if (r < 0)
		panic("netstat: no answer from the server: %e", r);
	print_state(&st, "now");
	print_totals(&st);
	return 0;
}
