/*
 * evilframes: an environment that may send and receive frames says where they
 * are and how long in every wrong way, and asks the NIC for checksums of
 * frames that have nothing to sum. Errors come back, and frames still go out.
 */
#include "inc/lib.h"
#include "inc/ring.h"
#include "inc/testing.h"

#define UNMAPPED	0x0000000d00000000ul

static char frame[RING_FRAME_MAX];

static void
bad_lengths(void)
{
	static const size_t bad[] = {
		0, 13, 1515, PGSIZE, 1ul << 32, 1ul << 63, ~0ul,
	};
	static const size_t bad_room[] = {
		0, 13, RING_FRAME_PAD - 1, PG2SIZE + 1, 1ul << 32, 1ul << 63,
		~0ul,
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		check_eq(sys_net_transmit(0, frame, bad[i]), -E_INVAL);
	for (size_t i = 0; i < ARRAY_SIZE(bad_room); i++)
		check_eq(sys_net_receive(0, frame, bad_room[i], 0), -E_INVAL);
	check_eq(sys_net_receive(0, frame, sizeof(frame), 4), -E_INVAL);
	check_eq(sys_net_receive(0, frame, sizeof(frame), ~0u), -E_INVAL);
}

static void
bad_pointers(void)
{
	static const uint64_t bad[] = {
		0, UNMAPPED, UNMAPPED + PGSIZE - 1, ULIM - 64, KERNBASE,
		PHYSMAP, 1ul << 63, ~0ul - 63, ~0ul,
	};
	extern const char text[] __asm__("main");

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		check_eq(sys_net_transmit(0, (void *)bad[i], 64), -E_FAULT);
		check_eq(sys_net_receive(0, (void *)bad[i], 64, 0), -E_FAULT);
		check_eq(sys_net_receive(0, (void *)bad[i], 64, NET_BLOCK),
			 -E_FAULT);
	}
	/* Begins in a page of ours, ends beyond it. */
	check_eq(sys_page_alloc(0, (void *)(UNMAPPED - PGSIZE),
				PTE_P | PTE_U | PTE_W), 0);
	check_eq(sys_net_transmit(0, (void *)(UNMAPPED - 32), 64), -E_FAULT);
	check_eq(sys_net_receive(0, (void *)(UNMAPPED - 32), 64, 0), -E_FAULT);
	/* Read-only: good to send, not to receive. */
	check_eq(sys_net_receive(0, (void *)text, 64, 0), -E_FAULT);
}

static void
bad_cards(void)
{
	for (uint32_t nic = 1; nic < 1u << 24; nic <<= 1)
		check_eq(sys_net_transmit(nic, frame, 64), -E_NO_DEV);
	check_eq(sys_net_receive(~0u, frame, 64, 0), -E_NO_DEV);
	for (uint32_t flags = 8; flags <= 0x80; flags <<= 1)
		check_eq(sys_net_transmit(NET_CSUM(flags), frame, 64),
			 -E_INVAL);
}

/* Sums of every kind over frames of every content; some go out. */
static void
senseless_sums(void)
{
	static const size_t lengths[] = { 14, 15, 33, 34, 35, 59, 60, 1514 };
	uint32_t sent = 0;

	for (uint32_t flags = 0; flags < 8; flags++) {
		for (int i = 0; i < 8; i++) {
			int r;

			memset(frame, flags * 37 + i, sizeof(frame));
			while ((r = sys_net_transmit(NET_CSUM(flags), frame,
						     lengths[i])) == -E_AGAIN)
				sys_yield();
			if (flags != 0 && !uinfo->nic[0].csum)
				check_eq(r, -E_NOT_SUPP);
			else
				check_eq(r, 0);
			sent += r == 0;
		}
	}
	cprintf("evilframes: %u frames sent\n", sent);
}

int
main(int argc, char **argv)
{
	test_begin();
	bad_lengths();
	bad_pointers();
	bad_cards();
	senseless_sums();
	test_done();
}
