/*
 * ipc.c: messages between environments, on top of the kernel's blocking
 * calls. A null page pointer becomes an address from UTOP up: "no page".
 */
#include "inc/lib.h"

static void *
page_or_none(void *pg)
{
	return pg ? pg : (void *)UTOP;
}

/* What a finished receive left in the environment's structure. */
static int64_t
received(int r, envid_t *from, uint32_t *perm)
{
	if (from)
		*from = r < 0 ? 0 : thisenv->ipc_from;
	if (perm)
		*perm = r < 0 ? 0 : thisenv->ipc_perm;
	return r < 0 ? r : (int64_t)thisenv->ipc_value;
}

int
ipc_send(envid_t to, uint64_t value, void *pg, uint32_t perm)
{
	return sys_ipc_send(to, value, page_or_none(pg), pg ? perm : 0);
}

int64_t
ipc_recv(envid_t *from, void *pg, uint32_t *perm)
{
	return received(sys_ipc_recv(page_or_none(pg)), from, perm);
}

int64_t
ipc_recv_timed(envid_t *from, void *pg, uint32_t *perm, uint64_t msec)
{
	return received(sys_ipc_recv_timed(page_or_none(pg), msec), from,
			perm);
}

int64_t
ipc_call(envid_t to, uint64_t value, void *pg, uint32_t perm, void *dstpg,
	 uint32_t *perm_out)
{
	int r = sys_ipc_call(to, value, page_or_none(pg), pg ? perm : 0,
			     page_or_none(dstpg));

	return received(r, NULL, perm_out);
}

envid_t
ipc_find_env(uint32_t type)
{
	for (int i = 0; i < NENV; i++)
		if (envs[i].type == type && envs[i].status != ENV_FREE &&
		    envs[i].status != ENV_DYING)
			return envs[i].id;
	return 0;
}
