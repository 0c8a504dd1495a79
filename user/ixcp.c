/*
 * ixcp.c: the control plane of dataplanes. It alone may bind cores and NIC
 * queues; it loads the libOS and the application into a dataplane's memory,
 * starts it, waits for its end and gives everything back.
 *
 *	ixcp run [options] APP [options] [--] [ARGUMENTS]
 *	ixcp each [options] APP WORD,WORD...	run APP WORD for each word
 *	ixcp stop [-k] ID	ask it to end, then end it by force
 *	ixcp stop [-k] ID TIMES	by force, that often, soon after each start
 *	ixcp move [-k] ID GROUP COUNT CORE	flow groups to another core
 *	ixcp status [-k]	who has what; -k: after a key
 *	ixcp watch		the same at each key, until it is a digit, the
 *				ID of one to stop
 *
 *	-c CORES	how many (1)		-n NIC	which (the last)
 *	-b BOUND	frames per batch (64)
 *	-w USEC		poll that long without work, then wait in the kernel;
 *			-1: for ever (0 in exact runs too); default 200
 *	-t MSEC		kill the application after that long in ring 3;
 *			0: never
 *	-L NAME		another libOS (tests)
 *	-k		wait for a key before the first run and after the last
 *
 * APP is the program NAME.ix if there is one, else NAME.
 */
#include "inc/dpctl.h"
#include "inc/lib.h"
#include "inc/ring.h"
#include "inc/socket.h"

#define BATCH		64
#define POLL_US		200
#define BOUND_MS	100
#define BOUND_MS_EXACT	10
#define FLOW_GROUPS	128
#define LINK_MS		3000	/* a NIC needs up to 1 s after its reset */

struct options {
	long cores, nic, batch, poll_us, bound_ms;	/* nic -1: none */
	bool keys;
	const char *libos;
	const char *app;
	char args[IX_ARGS];
};

static struct dp_boot dp_boot;

static void
fail(const char *what, int64_t code)
{
	cprintf("ixcp: %s: %s\n", what, error_string(code));
	exit();
}

static int64_t
check(const char *what, int64_t r)
{
	if (r < 0)
		fail(what, r);
	return r;
}

/* --- Boot arguments ---------------------------------------------------- */

/* The value of key among the boot arguments, or `absent`. */
static const char *
boot_value(const char *key, const char *absent)
{
	static char value[64];

	return boot_arg(key, value, sizeof(value)) ? value : absent;
}

static uint32_t
boot_address(const char *key, long nic, const char *absent)
{
	char name[16];

	snprintf(name, sizeof(name), "%s%ld", key, nic);
	return ntohl(inet_addr(boot_value(name, absent)));
}

static uint64_t
boot_number(const char *key)
{
	return strtoull(boot_value(key, "0"), NULL, 0);
}

/* --- Starting ---------------------------------------------------------- */

static void
fill_boot(const struct options *o, int core, int cpu, uint64_t app_entry,
	  uint32_t pages)
{
	struct dp_boot *b = &dp_boot;
	uint64_t seed = boot_number("seed");

	memset(b, 0, sizeof(*b));
	b->core = core;
	b->ncores = o->cores;
	b->cpu = cpu;
	b->batch = o->batch;
	b->poll_us = o->poll_us < 0 ? ~0u : o->poll_us;
	b->tsc_hz = uinfo->tsc_hz;
	b->tracing = uinfo->tracing;
	b->exact = strcmp(boot_value("exact", "0"), "0") != 0;
	b->seed = b->exact ? seed : seed ^ read_tsc();
	b->app_entry = app_entry;
	b->data_pages = pages;
	b->rx_buffers = DP_RX_BUFFERS;
	b->ip = boot_address("ip", o->nic, o->nic == 0 ? "10.0.2.15" :
			     o->nic == 1 ? "10.0.3.15" : "10.0.3.16");
	b->netmask = 0xffffff00;
	b->gateway = boot_address("gw", o->nic, "0.0.0.0");
	if (b->gateway == 0)
		b->gateway = (b->ip & b->netmask) | 2;
	memcpy(b->mac, (const void *)uinfo->nic[o->nic].mac, 6);
	strlcpy(b->args, o->args, sizeof(b->args));
}

/* One core's private memory, its part of the application's half, its queue. */
static void
set_up_core(int dp, const struct options *o, int core,
	    const struct dpload_image *libos, const struct dpload_image *app)
{
	struct dp_info info;
	int64_t q;

	check("memory", sys_dp_alloc(dp, core, DP_SYS, 1, PTE_W));
	check("memory", sys_dp_alloc(dp, core, DP_RXPOOL, DP_RX_BUFFERS *
				     RING_RX_BUFFER / PG2SIZE, PTE_W));
	check("memory", sys_dp_alloc(dp, DP_SHARED, IX_CORE(core) +
				     IX_AREA_OFF, 1, PTE_W));
	check("memory", sys_dp_alloc(dp, DP_SHARED, IX_CORE(core) +
				     IX_STACK_OFF, 1, PTE_W));
	check("libOS", dpload_segments(dp, core, libos, DP_DATA,
				       DP_DATA_END));
	check("inspect", sys_dp_inspect(dp, &info));
	fill_boot(o, core, info.core[core].cpu, app->h.entry,
		  dpload_data_pages(libos));
	q = check("queue", sys_dp_bind_queue(dp, core, core));
	dp_boot.ring_kind = q & 0xff;
	dp_boot.rx_tail = q >> 8 & 0xffffff;
	dp_boot.tx_tail = q >> 32;
	check("start-up page", sys_dp_write(dp, core, DP_BOOT, &dp_boot,
					    sizeof(dp_boot)));
}

/* Spread the flow groups evenly over the cores. */
static void
set_flows(int dp, long cores)
{
	uint32_t groups = FLOW_GROUPS;
	uint8_t owner[FLOW_GROUPS];

	for (uint32_t g = 0; g < groups; g++) {
		owner[g] = g % cores;
		if (sys_dp_flows(dp, g, 1, owner[g]) < 0) {
			if (cores > 1)
				fail("flow groups", -E_NOT_SUPP);
			return;	/* a NIC with one queue */
		}
	}
	check("flow table", sys_dp_write(dp, DP_SHARED, DP_COMMON +
		offsetof(struct dp_common, flow_core), owner, groups));
	check("flow table", sys_dp_write(dp, DP_SHARED, DP_COMMON +
		offsetof(struct dp_common, flow_groups), &groups,
		sizeof(groups)));
}

/* A start without a link would lose the first frames. */
static void
wait_for_link(int dp, long nic)
{
	struct dp_info info;

	for (int i = 0; i < LINK_MS / 10; i++) {
		check("inspect", sys_dp_inspect(dp, &info));
		if (uinfo->nic[nic].link)
			return;
		sys_sleep_until(sys_time_msec() + 10);
	}
	cprintf("ixcp: NIC %ld has no link\n", nic);
}

static int
set_up(const struct options *o)
{
	static struct dpload_image libos, app;
	int dp;

	if (dpload_image(o->app, ".ix", &app) < 0)
		check(o->app, dpload_image(o->app, "", &app));
	check(o->libos, dpload_image(o->libos, "", &libos));
	dp = check("create", sys_dp_create(o->nic, o->bound_ms));
	for (int i = 0; i < o->cores; i++)
		check("core", sys_dp_bind_core(dp, -1));
	check("libOS", dpload_segments(dp, DP_SHARED, &libos, DP_TEXT,
				       DP_TEXT_END));
	check("program", dpload_segments(dp, DP_SHARED, &app, IX_TEXT,
					 IX_TEXT_END));
	check("memory", sys_dp_alloc(dp, DP_SHARED, DP_COMMON, 1, PTE_W));
	for (int i = 0; i < o->cores; i++)
		set_up_core(dp, o, i, &libos, &app);
	set_flows(dp, o->cores);
	wait_for_link(dp, o->nic);
	return dp;
}

/* --- Commands ---------------------------------------------------------- */

static void
run(const struct options *o)
{
	struct dp_info info;
	int dp, state;

	if (o->nic < 0)
		fail("no NIC", -E_NO_DEV);
	dp = set_up(o);
	check("start", sys_dp_start(dp));
	cprintf("ixcp: %s is dataplane %d: %ld core%s, NIC %ld\n", o->app, dp,
		o->cores, o->cores > 1 ? "s" : "", o->nic);
	state = check("wait", sys_dp_event(dp));
	check("inspect", sys_dp_inspect(dp, &info));
	for (uint32_t i = 0; i < info.ncores; i++)
		dpstat_end(i, &info.core[i]);
	check("stop", sys_dp_stop(dp));
	cprintf("ixcp: dataplane %d has %s\n", dp,
		state == DP_EXITED ? "ended" : "been killed");
}

#define POLITE_MS	100
#define AGAIN_MS	300

static bool
is_running(int dp, struct dp_info *info)
{
	return sys_dp_inspect(dp, info) == 0 && info->state == DP_RUNNING;
}

/* Ask each core to end. */
static void
stop_politely(int dp, const struct dp_info *info)
{
	struct {
		uint64_t seq, command, arg;
	} mail = { .command = DP_CMD_STOP };

	for (uint32_t i = 0; i < info->ncores; i++) {
		uint64_t va = DP_COMMON + offsetof(struct dp_common, mailbox) +
			i * sizeof(((struct dp_common *)0)->mailbox[0]);

		mail.seq = read_tsc();
		sys_dp_write(dp, i, va + 8, &mail.command, 16);
		sys_dp_write(dp, i, va, &mail.seq, 8);
	}
}

static void
stop(int dp)
{
	struct dp_info info;

	check("stop", sys_dp_inspect(dp, &info));
	stop_politely(dp, &info);
	for (int ms = 0; ms < POLITE_MS; ms += 10) {
		sys_sleep_until(sys_time_msec() + 10);
		if (!is_running(dp, &info))
			return;
	}
	sys_dp_stop(dp);
}

/* Each time dataplane dp has run for AGAIN_MS end it, by force. */
static void
stop_again_and_again(int dp, long times)
{
	struct dp_info info;

	for (; times > 0; times--) {
		while (!is_running(dp, &info))
			sys_sleep_until(sys_time_msec() + 10);
		sys_sleep_until(sys_time_msec() + AGAIN_MS);
		sys_dp_stop(dp);
		while (is_running(dp, &info))
			sys_sleep_until(sys_time_msec() + 10);
	}
}

/*
 * Frames of these groups that the old core's queue has already taken are its
 * own; the later ones come to the new core. Connections do not move.
 */
static void
move(int dp, uint32_t first, uint32_t count, uint32_t to)
{
	uint8_t owner = to;

	check("move", sys_dp_flows(dp, first, count, to));
	for (uint32_t g = first; g < first + count; g++)
		check("flow table", sys_dp_write(dp, DP_SHARED, DP_COMMON +
			offsetof(struct dp_common, flow_core) + g, &owner, 1));
	cprintf("ixcp: %u flow groups from %u on moved to core %u\n", count,
		first, to);
}

/* The key; without -k there is none to wait for. */
static int
wait_for_key(const struct options *o)
{
	int key = 0;

	if (!o->keys)
		return 0;
	cprintf("ixcp: press a key\n");
	while ((key = sys_cgetc()) == 0)
		sys_console_wait();
	return key;
}

/* Run o->app with each word as its argument, one after the other. */
static void
run_each(struct args *a, struct options *o)
{
	char *words = args_next(a), *word;

	while ((word = words) != NULL && *word != '\0') {
		words = strchr(word, ',');
		if (words)
			*words++ = '\0';
		snprintf(o->args, sizeof(o->args), "%s %s", o->app, word);
		cprintf("ixcp: %s\n", o->args);
		run(o);
	}
}

static bool
take_option(struct args *a, int opt, struct options *o)
{
	switch (opt) {
	case 'c':
		o->cores = args_number(a, 1, NCPU - 1);
		return true;
	case 'n':
		o->nic = args_number(a, 0, UINFO_NICS - 1);
		return true;
	case 'b':
		o->batch = args_number(a, 1, 512);
		return true;
	case 'w':
		o->poll_us = args_number(a, -1, 1000000000);
		return true;
	case 't':
		o->bound_ms = args_number(a, 0, 1000000);
		return true;
	case 'k':
		o->keys = true;
		return true;
	case 'L':
		o->libos = args_value(a);
		return o->libos != NULL;
	}
	return false;
}

#define USAGE	"run [-c CORES] [-n NIC] [-b BOUND] [-w USEC] [-t MSEC] " \
		"APP [ARGUMENTS] | stop ID [TIMES] | " \
		"move ID GROUP COUNT CORE | status | watch"

static void
parse_run(struct args *a, struct options *o, bool each)
{
	bool exact = strcmp(boot_value("exact", "0"), "0") != 0;
	uint64_t scale = MAX(boot_number("tscale"), 1ul);
	char *word;
	int opt, n;

	o->cores = 1;
	o->nic = (long)MIN(uinfo->nnic, 2u) - 1;
	o->batch = BATCH;
	o->poll_us = exact ? -1 : POLL_US;
	o->bound_ms = (exact ? BOUND_MS_EXACT : BOUND_MS) * scale;
	o->libos = "libos";
	while ((opt = args_option(a)) != 0)
		if (!take_option(a, opt, o))
			args_usage(USAGE);
	o->app = args_next(a);
	if (!o->app)
		args_usage(USAGE);
	while (a->left > 0 && a->word[0][0] == '-' && strchr("cnbwtkL",
	       a->word[0][1]) && (opt = args_option(a)) != 0)
		if (!take_option(a, opt, o))
			args_usage(USAGE);
	if (a->left > 0 && strcmp(a->word[0], "--") == 0)
		args_next(a);
	wait_for_key(o);
	if (each) {
		run_each(a, o);
		wait_for_key(o);
		return;
	}
	n = snprintf(o->args, sizeof(o->args), "%s", o->app);
	while ((word = args_next(a)) != NULL && n < (int)sizeof(o->args))
		n += snprintf(o->args + n, sizeof(o->args) - n, " %s", word);
	run(o);
	wait_for_key(o);
}

/* What is asked of dataplanes that run. False: not like that. */
static bool
manage(struct args *a, const char *command)
{
	long n[4];
	int count = 0;

	if (strcmp(command, "status") == 0 || strcmp(command, "watch") == 0) {
		for (int i = 0; i < DP_MAX; i++)
			dpstat_print(i);
		return true;
	}
	while (a->left > 0 && count < 4)
		n[count++] = args_number(a, 0, 1000000);
	if (strcmp(command, "stop") == 0 && count == 1)
		stop(n[0]);
	else if (strcmp(command, "stop") == 0 && count == 2)
		stop_again_and_again(n[0], n[1]);
	else if (strcmp(command, "move") == 0 && count == 4)
		move(n[0], n[1], n[2], n[3]);
	else
		return false;
	return true;
}

int
main(int argc, char **argv)
{
	static struct options o;
	const char *command;
	struct args a;
	int key;

	args_start(&a, argc, argv);
	command = args_next(&a);
	if (command && (strcmp(command, "run") == 0 ||
			strcmp(command, "each") == 0)) {
		parse_run(&a, &o, command[0] == 'e');
		return 0;
	}
	o.keys = command && (strcmp(command, "watch") == 0 ||
			     args_option(&a) == 'k');
	key = wait_for_key(&o);
	if (!command || !manage(&a, command))
		args_usage(USAGE);
	while (strcmp(command, "watch") == 0) {
		if (key >= '0' && key < '0' + DP_MAX) {
			stop(key - '0');
			break;
		}
		key = wait_for_key(&o);
		manage(&a, command);
	}
	return 0;
}
