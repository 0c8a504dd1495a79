/*
 * ring_model.h: a small model of the NICs for the tests of inc/ring*.h. It
 * reads and writes descriptors by the datasheets: it owns what lies from its
 * head to the tail register, and nothing else.
 */
#ifndef JIX_HOST_TEST_RING_MODEL_H
#define JIX_HOST_TEST_RING_MODEL_H

#include <stdlib.h>
#include <string.h>

#include "inc/ring_nic.h"
#include "host/test/test.h"

#define SLOTS	8
#define BUFS	64

/* Software's memory for both rings, and the NIC's registers. */
static struct ring_desc rx_desc[SLOTS], tx_desc[SLOTS];
static uint64_t rx_cookies[SLOTS];
static struct ring_tx_slot tx_slots[SLOTS];
static volatile uint32_t rx_tail, tx_tail;
static uint32_t rx_head, tx_head;
static struct ring_rx rx;
static struct ring_tx tx;
static uint8_t bufs[BUFS][RING_RX_BUFFER];

/* What the NIC sent last. */
static uint8_t sent[65536 * 2];
static uint32_t sent_len;
static uint64_t sent_cmd, sent_context[2];
static int sent_frames, sent_contexts;

static void
start(enum ring_kind kind)
{
	memset(rx_desc, 0, sizeof(rx_desc));
	memset(tx_desc, 0, sizeof(tx_desc));
	rx_tail = tx_tail = rx_head = tx_head = 0;
	sent_frames = sent_contexts = 0;
	ring_rx_init(&rx, kind, rx_desc, SLOTS, &rx_tail, rx_cookies);
	ring_tx_init(&tx, kind, tx_desc, SLOTS, &tx_tail, tx_slots);
}

/* Write back one descriptor as the NIC does. False if it has none. */
static bool
nic_write_back(uint32_t len, bool eop, uint64_t extra0, uint64_t extra1)
{
	struct ring_desc *d = &rx_desc[rx_head];

	if (rx_head == rx_tail)
		return false;
	memset((void *)(uintptr_t)d->q[0], (int)len & 0xff, len);
	if (rx.kind == RING_ADV) {
		d->q[0] = extra0;
		d->q[1] = (uint64_t)len << 32 | IGB_RXD_STA_DD |
			  (eop ? IGB_RXD_STA_EOP : 0) | extra1;
	} else {
		d->q[1] = len | E1000_RXD_STA_DD | E1000_RXD_STA_IXSM |
			  (eop ? E1000_RXD_STA_EOP : 0) | extra1;
	}
	rx_head = (rx_head + 1) % SLOTS;
	return true;
}

/* The NIC receives a frame of one or more buffers. */
UNUSED static bool
nic_receive(uint32_t len)
{
	for (; len > RING_RX_BUFFER; len -= RING_RX_BUFFER)
		if (!nic_write_back(RING_RX_BUFFER, false, 0, 0))
			return false;
	return nic_write_back(len, true, 0, 0);
}

/* The NIC gathers data of one descriptor; at its end a frame goes out. */
static void
nic_gather(const struct ring_desc *d)
{
	uint64_t q1 = d->q[1];
	uint32_t len = q1 & 0xffff;

	memcpy(sent + sent_len, (void *)(uintptr_t)d->q[0], len);
	sent_len += len;
}

/* The NIC sends at most n frames of what lies before the tail. */
UNUSED static void
nic_send(int n)
{
	struct ring_desc *d;

	sent_len = 0;
	while (n > 0 && tx_head != tx_tail) {
		d = &tx_desc[tx_head];
		tx_head = (tx_head + 1) % SLOTS;
		if (tx.kind == RING_ADV &&
		    (d->q[1] >> 20 & 0xf) == IGB_TXC_DTYP_CTXT >> 20) {
			sent_context[0] = d->q[0];
			sent_context[1] = d->q[1];
			sent_contexts++;
			continue;
		}
		if (sent_len == 0)
			sent_cmd = d->q[1];
		nic_gather(d);
		if (!(d->q[1] & E1000_TXD_CMD_EOP))
			continue;
		if (d->q[1] & E1000_TXD_CMD_RS)
			d->q[1] |= E1000_TXD_STA_DD;
		sent_frames++;
		if (--n > 0)
			sent_len = 0;
	}
}

#endif
