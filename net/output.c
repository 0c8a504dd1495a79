/*
 * output.c: the output environment, forked by the core network server. It
 * receives frames from the server, one page each, and hands them to the
 * kernel.
 */
#include "net/ns.h"

static struct jif_pkt frame ALIGNED(PGSIZE);

/*
 * Send frames for ever. When the ring is full the frame waits here and the
 * server behind it: nothing is dropped.
 */
// @exercise net_output 15 'Output environment: frames from server to kernel'
void
output(envid_t ns)
{
	envid_t from;
	uint32_t perm;
	uint32_t len;
	int64_t type;

	for (;;) {
		type = ipc_recv(&from, &frame, &perm);
		if (from != ns || type != NSREQ_OUTPUT || perm == 0)
			continue;
		len = JIF_LEN(frame.len);
		trace(TRACE_OUTPUT_GOT, len, 0);
		while (sys_net_transmit(JIF_CSUM(frame.len), frame.data,
					len) == -E_AGAIN)
			sys_yield();
	}
}
// @end
