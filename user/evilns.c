/*
 * evilns: messages of every wrong kind to the network server, forged replies
 * to its clients, clients that never receive or die half way. The server
 * refuses, goes on serving, and has nothing left over. Needs ns.
 *
 *	evilns [ROUNDS]
 */
#include "inc/lib.h"
#include "inc/ns.h"
#include "inc/testing.h"

#define RW		(PTE_P | PTE_U | PTE_W)
#define R		(PTE_P | PTE_U)
#define NOPAGE		((void *)UTOP)
#define PORT		4242
#define RANDOM		1000	/* requests */
#define BLOCKED		40	/* clients that wait at once */
#define SETTLE_MS	3000

static envid_t ns;

/* A request made by hand, for a page that holds whatever it holds. */
static int64_t
raw_call(uint64_t type, uint32_t perm)
{
	int r = sys_ipc_call(ns, type, &nsipcbuf, perm, NOPAGE);

	return r < 0 ? r : (int64_t)thisenv->ipc_value;
}

static void
wrong_requests(void)
{
	static const uint64_t unknown[] = {
		0, NSREQ_INPUT, NSREQ_OUTPUT, NSREQ_TIMER, NSREQ_MAX, 1000,
		1ul << 32 | NSREQ_SOCKET, -1ul, 1ul << 63,
	};
	int64_t r;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(unknown); i++) {
		nsipcbuf.pkt.len = 60;
		check_eq(raw_call(unknown[i], RW), -E_INVAL);
	}
	for (i = 1; i < NSREQ_MAX; i++) {
		memset(&nsipcbuf, 0, sizeof(nsipcbuf));
		/* Read-only, and without a page at all. */
		check_eq(raw_call(i, R), -E_INVAL);
		r = sys_ipc_call(ns, i, NOPAGE, 0, NOPAGE);
		check_eq(r, 0);
		check_eq(thisenv->ipc_value, -E_INVAL);
	}
}

/* Every request with every kind of nonsense in its fields. */
static void
wrong_fields(void)
{
	static const uint32_t words[] = {
		0, 1, 0x7fffffff, 0x80000000, 0xffffffff, 0x1000, 0xfc1,
	};
	uint32_t *page = (uint32_t *)&nsipcbuf;
	size_t i, k, w;
	int64_t r;

	for (i = 1; i < NSREQ_MAX; i++) {
		if (i == NSREQ_STATS || i == NSREQ_POLL)
			continue;
		for (w = 0; w < ARRAY_SIZE(words); w++) {
			for (k = 0; k < PGSIZE / 4; k++)
				page[k] = words[w];
			r = raw_call(i, RW);
			if (r >= 0)
				cprintf("evilns: request %lu of %x: %ld\n", i,
					words[w], r);
			check(r < 0);
		}
	}
	nsipcbuf.poll.n = 0xffffffff;
	nsipcbuf.poll.timeout_ms = 0;
	check_eq(raw_call(NSREQ_POLL, RW), -E_INVAL);
	nsipcbuf.poll.n = 1;
	nsipcbuf.poll.fds[0].fd = 0x7fffffff;
	check_eq(raw_call(NSREQ_POLL, RW), 1);
	check_eq(nsipcbuf.poll.fds[0].revents, POLLNVAL);
}

/* Any request with anything in its page, from a seed. */
static void
random_requests(uint32_t count)
{
	uint64_t *page = (uint64_t *)&nsipcbuf;
	uint64_t x = 0x9e3779b97f4a7c15;
	int64_t type;
	size_t k;

	while (count-- > 0) {
		for (k = 0; k < PGSIZE / 8; k++) {
			x ^= x << 13;
			x ^= x >> 7;
			x ^= x << 17;
			page[k] = x;
		}
		type = x % NSREQ_MAX;
		if (type == NSREQ_STATS)
			continue;
		/* Often small numbers, which get further. */
		nsipcbuf.simple.s &= x % 5 != 0 ? 0xfff : -1;
		nsipcbuf.simple.arg &= x % 3 != 0 ? 0xff : -1;
		/* A poll of sockets that do not exist says so of each. */
		check(raw_call(type, RW) <=
		      (type == NSREQ_POLL ? POLL_MAX : -1));
	}
}

/* Sockets are their owner's: guess every number. */
static void
foreign_sockets(void)
{
	int32_t id;

	for (id = 0; id < 6000; id++) {
		nsipcbuf.simple.s = id;
		check_eq(raw_call(NSREQ_CLOSE, RW), -E_BAD_HANDLE);
	}
}

static int
listener(uint16_t port)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
	};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	check(fd >= 0);
	check_eq(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	check_eq(listen(fd, 8), 0);
	return fd;
}

/* Clients that wait for a connection that never comes, then die of it. */
static void
blocked_clients(void)
{
	envid_t child[BLOCKED];
	int fd = listener(PORT);
	int i;

	for (i = 0; i < BLOCKED; i++) {
		child[i] = fork();
		if (child[i] == 0) {
			accept(fd, NULL, NULL);
			test->failures++;	/* nobody connects */
			exit();
		}
		check(child[i] > 0);
	}
	for (i = 0; i < BLOCKED; i++) {
		while (envs[ENVX(child[i])].wait != WAIT_IPC_RECV ||
		       envs[ENVX(child[i])].ipc_recv_from != ns)
			sys_yield();
	}
	/* Forged answers: the kernel lets only the server's through. */
	for (i = 0; i < BLOCKED; i++)
		check_eq(sys_ipc_try_send(child[i], 0, NOPAGE, 0),
			 -E_IPC_NOT_RECV);
	for (i = 0; i < BLOCKED; i++)
		sys_env_destroy(child[i]);
	close(fd);
}

/* Requests whose sender does not wait for the answer. */
static void
deaf_client(void)
{
	int i;

	for (i = 0; i < 200; i++) {
		nsipcbuf.socket.domain = 99;
		check_eq(sys_ipc_send(ns, NSREQ_SOCKET, &nsipcbuf, RW), 0);
	}
}

/* A child leaves sockets of every kind open and dies. */
static void
dying_client(void)
{
	envid_t child = fork();
	int i;

	if (child == 0) {
		listener(PORT + 1);
		for (i = 0; i < 20; i++) {
			socket(AF_INET, SOCK_STREAM, 0);
			socket(AF_INET, SOCK_DGRAM, 0);
		}
		sys_env_destroy(0);
	}
	wait(child);
}

/* Wait until the server has nothing more of ours. */
static void
settled(const struct ns_stats *before)
{
	int64_t end = sys_time_msec() + SETTLE_MS;
	static struct ns_stats now;

	do {
		sys_sleep_until(sys_time_msec() + 50);
		check_eq(nsipc_stats(&now), 0);
	} while ((now.sockets != before->sockets || now.threads != 1) &&
		 sys_time_msec() < end);
	check_eq(now.sockets, before->sockets);
	check_eq(now.threads, 1);
	check_eq(now.tcp_listeners, before->tcp_listeners);
	check_eq(now.udp_pcbs, before->udp_pcbs);
	check_eq(now.rx_pbufs, before->rx_pbufs);
	check_eq(now.heap, before->heap);
	check(now.refused > before->refused);
}

int
main(int argc, char **argv)
{
	uint32_t rounds = argc > 1 ? strtol(argv[1], NULL, 0) : 1;
	static struct ns_stats before;

	test_begin();
	ns = nsipc_server();
	check(ns > 0);
	while (rounds-- > 0) {
		check_eq(nsipc_stats(&before), 0);
		wrong_requests();
		wrong_fields();
		random_requests(RANDOM);
		foreign_sockets();
		blocked_clients();
		deaf_client();
		dying_client();
		settled(&before);
	}
	test_done();
}
