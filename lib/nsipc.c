/*
 * nsipc.c: requests to the core network server (inc/ns.h): one page, shared
 * with the server while a request is open, and the call.
 */
#include "inc/lib.h"
#include "inc/ns.h"

union nsipc nsipcbuf ALIGNED(PGSIZE);

/* Kept while it lives: looking for it goes through all environments. */
static envid_t server;

envid_t
nsipc_server(void)
{
	const volatile struct env *e = &envs[ENVX(server)];

	if (server != 0 && e->id == server && e->status != ENV_FREE)
		return server;
	server = ipc_find_env(ENV_TYPE_NS);
	return server != 0 ? server : -E_NO_DEV;
}

int64_t
nsipc(uint32_t type)
{
	envid_t to = nsipc_server();
	int r;

	if (to < 0)
		return to;
	/*
	 * The caller has just written its arguments, so the page is its own
	 * even after a fork, and writable.
	 */
	r = sys_ipc_call(to, type, &nsipcbuf, PTE_P | PTE_U | PTE_W,
			 (void *)UTOP);
	return r < 0 ? r : (int64_t)thisenv->ipc_value;
}

int
nsipc_stats(struct ns_stats *st)
{
	int r;

	nsipcbuf.page[0] = 0;
	r = nsipc(NSREQ_STATS);
	if (r == 0)
		*st = nsipcbuf.stats;
	return r;
}
