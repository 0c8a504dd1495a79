/*
 * env.h: environments, as the kernel keeps them and as user code reads them
 * in the window UENVS. Only the kernel writes here.
 */
#ifndef JIX_INC_ENV_H
#define JIX_INC_ENV_H

#include "inc/count.h"
#include "inc/mmu.h"
#include "inc/trap.h"
#include "inc/types.h"

/*
 * An envid: bit 31 zero, 19 bits that count the uses of a slot, two zeros, 10
 * bits index into envs[]. 0 means the calling environment, negative an error.
 */
#define LOG2NENV	10
#define NENV		(1 << LOG2NENV)
#define ENVX(envid)	((envid) & (NENV - 1))

enum env_status {
	ENV_FREE = 0,
	ENV_DYING,		/* ended while running on another CPU */
	ENV_RUNNABLE,
	ENV_RUNNING,
	ENV_NOT_RUNNABLE,	/* blocked, or not yet started */
};

enum env_type {
	ENV_TYPE_USER = 0,
	ENV_TYPE_NS,		/* core network server: may name its helpers */
	ENV_TYPE_NET,		/* may call net_transmit and net_receive */
	ENV_TYPE_CONTROL,	/* control plane: may bind cores and queues */
};

/* What a blocked environment waits for. */
enum env_wait {
	WAIT_NONE = 0,
	WAIT_IPC_RECV,		/* a message */
	WAIT_IPC_SEND,		/* in the queue of a receiver */
	WAIT_SLEEP,		/* a time */
	WAIT_ENV,		/* the end of another environment */
	WAIT_CONSOLE,		/* console input */
	WAIT_NET,		/* a frame, or room for one */
	WAIT_DP,		/* an event of a dataplane */
};

#define ENV_NAME_LEN	24

struct env {
	struct trapframe tf;		/* saved registers */
	envid_t id;
	envid_t parent_id;
	uint32_t type;			/* enum env_type */
	volatile uint32_t status;	/* enum env_status */
	uint32_t runs;			/* times it was given a CPU */
	int32_t cpu;			/* CPU it runs or last ran on */
	uint32_t wait;			/* enum env_wait */
	char name[ENV_NAME_LEN];

	pte_t *pml4;			/* kernel address of its root table */
	physaddr_t pml4_pa;
	uint64_t pgfault_upcall;	/* user entry point, or 0 */
	uint64_t fs_base;

	/* IPC, receiving side. */
	bool ipc_recving;
	envid_t ipc_recv_from;		/* 0: from anybody */
	uint64_t ipc_dstva;		/* place of a page; >= UTOP: none */
	uint64_t ipc_value;
	envid_t ipc_from;
	uint32_t ipc_perm;		/* of the page mapped, 0: none */

	/* IPC, sending side, while queued at a receiver. */
	uint64_t ipc_srcva;
	uint64_t ipc_send_value;
	uint32_t ipc_send_perm;
	bool ipc_then_recv;		/* ipc_call: receive after the send */
	uint64_t ipc_call_dstva;
	envid_t ipc_to;

	uint64_t wake_at;		/* TSC of the deadline; 0: none */
	envid_t wait_env;

	struct env *link;		/* in free list, run or sender queue */
	struct env *senders;		/* who waits to send here, first ... */
	struct env *senders_tail;	/* ... and last */
	struct env *sleep_link;
	uint64_t tsc_used;		/* time on a CPU, in TSC ticks */
	struct counters count;
};

#endif
