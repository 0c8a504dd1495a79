/*
 * frames.c: joins link, capture and impairment into two one-way streets.
 * The stack, the raw modes and the loop call it; see frames.h.
 */
#include "frames.h"
#include "clock.h"

frame_tap frames_tap;
struct impair frames_tx, frames_rx;
static frame_fn stack_in;

static void
to_wire(const uint8_t *frame, size_t len)
{
	pcap_frame(frame, len);
	link_send(frame, len);
}

static void
from_wire(const uint8_t *frame, size_t len)
{
	pcap_frame(frame, len);
	impair_frame(&frames_rx, frame, len,
	    frames_rx.active ? clock_now() : 0);
}

static void
deliver(const uint8_t *frame, size_t len)
{
	if (!frames_tap || !frames_tap(frame, len))
		stack_in(frame, len);
}

int
frames_init(frame_fn input)
{
	stack_in = input;
	impair_init(&frames_tx, &opt.tx, opt.seed, 1, to_wire);
	impair_init(&frames_rx, &opt.rx, opt.seed, 2, deliver);
	return opt.pcap ? pcap_open(opt.pcap) : 0;
}

void
frames_send(const uint8_t *frame, size_t len)
{
	impair_frame(&frames_tx, frame, len,
	    frames_tx.active ? clock_now() : 0);
}

unsigned
frames_poll(void)
{
	return link_poll(from_wire);
}

void
frames_tick(uint64_t now)
{
	if (frames_rx.active)
		impair_tick(&frames_rx, now);
	if (frames_tx.active)
		impair_tick(&frames_tx, now);
	link_flush();
}

uint64_t
frames_next(void)
{
	uint64_t tx = impair_next(&frames_tx), rx = impair_next(&frames_rx);

	return tx < rx ? tx : rx;
}

void
frames_close(void)
{
	link_flush();
	pcap_close();
	link_close();
	impair_free(&frames_tx);
	impair_free(&frames_rx);
}
