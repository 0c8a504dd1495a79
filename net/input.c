/*
 * input.c: the input environment, forked by the core network server. It owns
 * the receiving side of the NIC: it asks the kernel for a frame and passes it
 * on as a page.
 */
#include "net/ns.h"

/*
 * Two pages take turns. The server is done with a page before it receives
 * again (serv.c), so once the second page has been delivered the first may be
 * written.
 */
static struct jif_pkt frames[2] ALIGNED(PGSIZE);

/*
 * Receive frames for ever. LAB6=poll: the kernel says -E_AGAIN when there is
 * none, and others run before we ask again. LAB6=irq: the call waits.
 */
// @exercise net_input 15 'Input environment: frames from kernel to server'
void
input(envid_t ns)
{
	struct jif_pkt *pkt = &frames[0];
	char mode[8];
	uint32_t flags;
	uint32_t turn = 0;
	int len;

	flags = NET_GOOD;
	if (boot_arg("lab6", mode, sizeof(mode)) && strcmp(mode, "irq") == 0)
		flags |= NET_BLOCK;
	for (;;) {
		pkt->len = 0;	/* a page of our own since fork, not a copy */
		len = sys_net_receive(0, pkt->data, sizeof(pkt->data), flags);
		if (len < 0) {
			sys_yield();
			continue;
		}
		pkt->len = len;
		trace(TRACE_INPUT_SEND, len, 0);
		if (sys_ipc_send(ns, NSREQ_INPUT, pkt, PTE_P | PTE_U) < 0)
			exit();
		turn ^= 1;
		pkt = &frames[turn];
	}
}
// @end
