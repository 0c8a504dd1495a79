/*
 * testinput.c: raw frames through net_receive, without any network server.
 *
 *	testinput [COUNT]
 *
 * Asks for the gateway's address by ARP (RFC 826), so that somebody answers,
 * then dumps each frame received; after COUNT frames (0: never) it ends.
 */
#include "inc/lib.h"
#include "inc/socket.h"

#define ARP_LEN	42

static void
put32(uint8_t *p, uint32_t net_order)
{
	memcpy(p, &net_order, 4);
}

/* Who has 10.0.2.2? Tell 10.0.2.15. */
static void
announce(void)
{
	static const uint8_t fixed[] = {
		0x08, 0x06,		/* ARP */
		0, 1, 0x08, 0x00, 6, 4,	/* Ethernet and IPv4 addresses */
		0, 1,			/* request */
	};
	uint8_t frame[ARP_LEN] = { 0 };
	int i, r;

	memset(frame, 0xff, 6);
	for (i = 0; i < 6; i++)
		frame[6 + i] = frame[22 + i] = uinfo->nic[0].mac[i];
	memcpy(frame + 12, fixed, sizeof(fixed));
	put32(frame + 28, inet_addr("10.0.2.15"));
	put32(frame + 38, inet_addr("10.0.2.2"));
	while ((r = sys_net_transmit(0, frame, sizeof(frame))) == -E_AGAIN)
		sys_yield();
	if (r < 0)
		panic("ARP request: %e", r);
}

static void
dump(const uint8_t *frame, uint32_t len)
{
	char line[80];
	uint32_t i, n = 0;

	for (i = 0; i < len; i++) {
		if (i % 16 == 0)
			n = snprintf(line, sizeof(line), "input: %04x  ", i);
		n += snprintf(line + n, sizeof(line) - n, "%s%02x",
			      i % 2 == 0 ? " " : "", frame[i]);
		if (i % 16 == 15 || i == len - 1)
			cprintf("%s\n", line);
	}
	cprintf("\n");
}

int
main(int argc, char **argv)
{
	static uint8_t frame[2048];
	uint32_t count = argc > 1 ? strtol(argv[1], NULL, 0) : 0;
	uint32_t i;
	int len;

	announce();
	cprintf("Waiting for packets...\n");
	for (i = 0; count == 0 || i < count; i++) {
		while ((len = sys_net_receive(0, frame, sizeof(frame),
					      NET_BLOCK)) == -E_AGAIN)
			;	/* woken: ask again */
		if (len < 0)
			panic("receive: %e", len);
		dump(frame, len);
	}
	cprintf("testinput: %u frames received\n", count);
	return 0;
}
