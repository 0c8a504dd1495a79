/*
 * testoutput.c: raw frames through net_transmit, without any network server.
 *
 *	testoutput [COUNT]
 *
 * Sends COUNT (10) frames that hold "Packet 00", "Packet 01", ... after an
 * Ethernet header: to everybody, from this NIC, of the local experimental
 * type 88b5 (IEEE 802). When the ring is full it waits for room.
 */
#include "inc/lib.h"

#define HEADER	14

int
main(int argc, char **argv)
{
	static uint8_t frame[128];
	uint32_t count = argc > 1 ? strtol(argv[1], NULL, 0) : 10;
	uint32_t full = 0;
	uint32_t i;
	size_t len;
	int r;

	memset(frame, 0xff, 6);
	for (i = 0; i < 6; i++)
		frame[6 + i] = uinfo->nic[0].mac[i];
	frame[12] = 0x88;
	frame[13] = 0xb5;
	for (i = 0; i < count; i++) {
		len = HEADER + snprintf((char *)frame + HEADER,
					sizeof(frame) - HEADER, "Packet %02u",
					i);
		while ((r = sys_net_transmit(0, frame, len)) == -E_AGAIN) {
			full++;
			sys_yield();
		}
		if (r < 0)
			panic("frame %u: %e", i, r);
	}
	cprintf("testoutput: %u frames sent, waited %s\n", count,
		full > 0 ? "for room" : "for nothing");
	return 0;
}
