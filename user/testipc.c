/*
 * testipc: messages. A receiver takes what is queued in the order of its
 * sending; a call gets the reply of whom it called and of nobody else; the
 * end of a partner ends the waiting; pages come with the rights given.
 */
#include "inc/lib.h"
#include "inc/testing.h"

#define PAGE_A	((char *)UHEAP)
#define PAGE_B	((char *)UHEAP + PGSIZE)

static envid_t parent;

static envid_t
checked_fork(void)
{
	envid_t id = fork();

	if (id < 0)
		panic("fork: %e", id);
	return id;
}

/* Until that environment has blocked for the reason given. */
static void
await_wait(envid_t id, enum env_wait why)
{
	const volatile struct env *e = &envs[ENVX(id)];

	while (e->status != ENV_NOT_RUNNABLE || e->wait != why)
		sys_yield();
}

/* A child that waits in our queue with this message. */
static envid_t
queued(uint64_t value)
{
	envid_t child = checked_fork();

	if (child == 0) {
		check_eq(ipc_send(parent, value, NULL, 0), 0);
		exit();
	}
	await_wait(child, WAIT_IPC_SEND);
	return child;
}

static void
test_queue(void)
{
	envid_t child[5], who;

	for (int i = 0; i < 4; i++)
		child[i] = queued(100 + i);
	/* One that ends in the queue is not heard of any more. */
	check_eq(sys_env_destroy(child[3]), 0);
	child[4] = queued(104);
	check_eq(sys_env_destroy(child[1]), 0);
	for (int i = 0; i < 5; i += 2) {
		check_eq(ipc_recv_timed(&who, NULL, NULL, 1000), 100 + i);
		check_eq(who, child[i]);
		wait(child[i]);
	}
	check_eq(ipc_recv_timed(&who, NULL, NULL, 10), -E_TIMEOUT);
}

/* A server answers by try-send; a stranger's message waits meanwhile. */
static void
test_call(void)
{
	envid_t server, stranger, who;
	uint64_t v;

	if ((server = checked_fork()) == 0) {
		v = ipc_recv(&who, NULL, NULL);
		test_await(0, 1);
		check_eq(sys_ipc_try_send(who, v * 2, (void *)UTOP, 0), 0);
		exit();
	}
	if ((stranger = checked_fork()) == 0) {
		await_wait(parent, WAIT_IPC_RECV);
		check_eq(sys_ipc_try_send(parent, 9, (void *)UTOP, 0),
			 -E_IPC_NOT_RECV);
		test->word[0] = 1;
		check_eq(ipc_send(parent, 13, NULL, 0), 0);
		exit();
	}
	check_eq(ipc_call(server, 21, NULL, 0, NULL, NULL), 42);
	check_eq(ipc_recv(&who, NULL, NULL), 13);
	check_eq(who, stranger);
	wait(server);
	wait(stranger);
}

static void
test_dying(void)
{
	envid_t child;

	/* It ends while we are in its queue, and while we await its reply. */
	if ((child = checked_fork()) == 0) {
		await_wait(parent, WAIT_IPC_SEND);
		exit();
	}
	check_eq(ipc_send(child, 1, NULL, 0), -E_BAD_ENV);
	if ((child = checked_fork()) == 0) {
		ipc_recv(NULL, NULL, NULL);
		exit();
	}
	check_eq(ipc_call(child, 1, NULL, 0, NULL, NULL), -E_BAD_ENV);
	check_eq(ipc_send(child, 1, NULL, 0), -E_BAD_ENV);
	check_eq(sys_ipc_try_send(child, 1, (void *)UTOP, 0), -E_BAD_ENV);
	check_eq(sys_ipc_try_send(parent, 1, (void *)UTOP, 0),
		 -E_IPC_NOT_RECV);
	wait(child);
	wait(child);
	wait(12345);
}

static void
test_pages(void)
{
	uint32_t perm;
	envid_t child;

	check_eq(sys_page_alloc(0, PAGE_A, PTE_P | PTE_U | PTE_W), 0);
	PAGE_A[0] = 'a';
	if ((child = checked_fork()) == 0) {
		PAGE_A[0] = 'b';
		/* Read-only, then writable, then none asked, then none sent. */
		ipc_send(parent, 1, PAGE_A, PTE_P | PTE_U);
		ipc_send(parent, 2, PAGE_A, PTE_P | PTE_U | PTE_W);
		ipc_send(parent, 3, PAGE_A, PTE_P | PTE_U);
		ipc_send(parent, 4, NULL, 0);
		check_eq(PAGE_A[0], 'c');
		exit();
	}
	check_eq(ipc_recv(NULL, PAGE_B, &perm), 1);
	check_eq(perm, PTE_P | PTE_U);
	check_eq(PAGE_B[0], 'b');
	check(!(uvpt_lookup(PAGE_B) & PTE_W));
	check_eq(ipc_recv(NULL, PAGE_B, &perm), 2);
	check_eq(perm, PTE_P | PTE_U | PTE_W);
	PAGE_B[0] = 'c';
	check_eq(ipc_recv(NULL, NULL, &perm), 3);
	check_eq(perm, 0);
	check_eq(ipc_recv(NULL, PAGE_B, &perm), 4);
	check_eq(perm, 0);
	check_eq(PAGE_B[0], 'c');
	check_eq(PAGE_A[0], 'a');
	wait(child);
}

int
main(int argc, char **argv)
{
	test_begin();
	parent = sys_getenvid();
	test_queue();
	test_call();
	test_dying();
	test_pages();
	test_done();
}
