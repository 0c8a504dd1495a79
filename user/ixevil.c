/*
 * ixevil.c: a hostile dataplane application. Each word names an attack:
 *
 *	ixevil ATTACK
 *
 * Those that touch what is not theirs or run what they may not end in the
 * death of this dataplane alone; "calls" and "handles" make every call with
 * bad arguments, must get an error for each, and then still work.
 */
#include "inc/assert.h"
#include "inc/attack.h"
#include "inc/dp.h"
#include "inc/error.h"
#include "inc/libix.h"
#include "inc/x86.h"

static volatile uint8_t data_page[64] = { 0xc3 };	/* ret */

/* Memory: all of these fault. */
static const struct attack touches[] = {
	{ "read-null", attack_read, 8 },
	{ "read-data", attack_read, DP_DATA },
	{ "write-data", attack_write, DP_DATA + 4096 },
	{ "read-sys", attack_read, DP_BOOT },
	{ "write-stack", attack_write, DP_STACK_TOP - 64 },
	{ "read-ring", attack_read, DP_RX_RING },
	{ "write-ring", attack_write, DP_TX_RING },
	{ "read-pool", attack_read, DP_RXPOOL },
	{ "read-common", attack_read, DP_COMMON },
	{ "write-common", attack_write, DP_COMMON },
	{ "read-text", attack_read, DP_TEXT },
	{ "run-text", attack_jump, DP_TEXT + 24 },
	{ "read-regs", attack_read, DP_REGS },
	{ "write-regs", attack_write, DP_REGS + 0x18 },
	{ "write-tail", attack_write, DP_REGS_TX + 0x18 },
	{ "write-rxbuf", attack_write, IX_CORES + IX_RXPOOL_OFF },
	{ "other-rxbuf", attack_write, IX_CORE(1) + IX_RXPOOL_OFF },
	{ "write-own-text", attack_write, IX_TEXT },
	{ "run-stack", attack_jump, IX_CORES + IX_STACK_OFF },
	{ "run-own-data", attack_jump, (uint64_t)data_page },
	{ "write-uinfo", attack_write, UINFO },
	{ "write-ucount", attack_write, UCOUNT },
	{ "read-uenvs", attack_read, UENVS },
	{ "read-uvpt", attack_read, UVPT },
	{ "read-kernel", attack_read, KERNBASE + 0x200000 },
	{ "write-kernel", attack_write, KERNBASE + 0x200000 },
	{ "read-physmap", attack_read, PHYSMAP + 0x200000 },
	{ "read-gdt", attack_read, KCPU + PGSIZE },
	{ "write-gdt", attack_write, KCPU + PGSIZE },
	{ "read-idt", attack_read, KENTRY + (1ul << KENTRY_SHIFT) },
	{ "write-idt", attack_write, KENTRY + (1ul << KENTRY_SHIFT) },
	{ "write-entry-stack", attack_write,
		KENTRY + (1ul << KENTRY_SHIFT) + 0xbf00 },
	{ "read-kstack", attack_read, KSTACK_TOP(1) - 64 },
	{ "read-mmio", attack_read, KMMIO },
};

/* Instructions that ring 3 may not execute here. */
#define INSTRUCTION(name, text) \
	static void \
	name(void) \
	{ \
		__asm__ volatile(text : : : "memory", "rax", "rcx", "rdx"); \
	}
INSTRUCTION(do_int41, "mov $1, %%eax; int $0x41")
INSTRUCTION(do_int20, "int $0x20")
INSTRUCTION(do_intf2, "int $0xf2")
INSTRUCTION(do_int3, "int3")
INSTRUCTION(do_syscall, "xor %%eax, %%eax; syscall")
INSTRUCTION(do_sysenter, "sysenter")
INSTRUCTION(do_cli, "cli")
INSTRUCTION(do_sti, "sti")
INSTRUCTION(do_hlt, "hlt")
INSTRUCTION(do_in, "mov $0x60, %%edx; in %%dx, %%al")
INSTRUCTION(do_out, "mov $0xf4, %%edx; out %%al, %%dx")
INSTRUCTION(do_wrmsr, "mov $0xc0000080, %%ecx; wrmsr")
INSTRUCTION(do_rdmsr, "mov $0xc0000080, %%ecx; rdmsr")
INSTRUCTION(do_cr3, "mov %%cr3, %%rax; mov %%rax, %%cr3")
INSTRUCTION(do_cr0, "mov %%cr0, %%rax")
INSTRUCTION(do_dr7, "xor %%eax, %%eax; mov %%rax, %%dr7")
INSTRUCTION(do_lidt, "lidt (%%rsp)")
INSTRUCTION(do_sgdt, "sub $16, %%rsp; sgdt (%%rsp); add $16, %%rsp")
INSTRUCTION(do_lgdt, "lgdt (%%rsp)")
INSTRUCTION(do_lldt, "xor %%eax, %%eax; lldt %%ax")
INSTRUCTION(do_clts, "clts")
INSTRUCTION(do_rdpmc, "xor %%ecx, %%ecx; rdpmc")
INSTRUCTION(do_xsetbv, "xor %%ecx, %%ecx; xor %%eax, %%eax; xsetbv")
INSTRUCTION(do_sidt, "sub $16, %%rsp; sidt (%%rsp); add $16, %%rsp")
INSTRUCTION(do_str, "str %%ax")
INSTRUCTION(do_smsw, "smsw %%ax")
INSTRUCTION(do_sysret, "sysretq")
INSTRUCTION(do_ltr, "mov $0x40, %%eax; ltr %%ax")
INSTRUCTION(do_swapgs, "swapgs")
INSTRUCTION(do_invlpg, "invlpg (%%rsp)")
INSTRUCTION(do_trap_flag, "pushfq; orq $0x100, (%%rsp); popfq; nop; nop")
INSTRUCTION(do_ud2, "ud2")
INSTRUCTION(do_divide, "xor %%ecx, %%ecx; div %%ecx")
/* A far return into ring 1's and ring 0's code segments. */
INSTRUCTION(do_ring1, "push $0x31; lea 1f(%%rip), %%rax; push %%rax; lretq; 1:")
INSTRUCTION(do_ring0, "push $0x08; lea 1f(%%rip), %%rax; push %%rax; lretq; 1:")
INSTRUCTION(do_iret1, "mov %%rsp, %%rax; push $0; push %%rax; pushfq; "
	    "push $0x31; lea 1f(%%rip), %%rax; push %%rax; iretq; 1:")

static const struct {
	const char *name;
	void (*run)(void);
} instructions[] = {
	{ "int41", do_int41 }, { "int20", do_int20 }, { "intf2", do_intf2 },
	{ "int3", do_int3 }, { "syscall", do_syscall },
	{ "sysenter", do_sysenter }, { "cli", do_cli }, { "sti", do_sti },
	{ "hlt", do_hlt }, { "in", do_in }, { "out", do_out },
	{ "wrmsr", do_wrmsr }, { "rdmsr", do_rdmsr }, { "cr3", do_cr3 },
	{ "cr0", do_cr0 }, { "dr7", do_dr7 }, { "lidt", do_lidt },
	{ "sgdt", do_sgdt }, { "ltr", do_ltr }, { "swapgs", do_swapgs },
	{ "invlpg", do_invlpg }, { "trap-flag", do_trap_flag },
	{ "ud2", do_ud2 }, { "divide", do_divide }, { "ring1", do_ring1 },
	{ "ring0", do_ring0 }, { "iret1", do_iret1 }, { "lgdt", do_lgdt },
	{ "lldt", do_lldt }, { "clts", do_clts }, { "rdpmc", do_rdpmc },
	{ "xsetbv", do_xsetbv }, { "sidt", do_sidt }, { "str", do_str },
	{ "smsw", do_smsw }, { "sysret", do_sysret },
};

/* --- Calls ------------------------------------------------------------- */

static uint64_t tried, failed;

/* The call must be refused with some error. */
static void
refused(const char *what, uint64_t op, uint64_t a, uint64_t b, uint64_t c,
	uint64_t d)
{
	struct ix_call *call = ix_call(IX_NOP, a, b, c, d);
	int64_t r;

	call->op = op;
	ix_run_io(0);
	r = call->op;
	tried++;
	if (r < 0)
		return;
	failed++;
	cprintf("ixevil: %s(%lx, %lx, %lx, %lx) gave %ld\n", what, a, b, c, d,
		(long)r);
}

static const uint64_t bad_ranges[][2] = {
	{ 0, 64 }, { 1, 8 }, { KERNBASE, 64 }, { PHYSMAP, 8 }, { KENTRY, 8 },
	{ DP_DATA, 64 }, { DP_DATA, 0xffff }, { DP_SYS, 8 }, { DP_BOOT, 64 },
	{ DP_COMMON, 64 }, { DP_TEXT, 64 }, { DP_REGS, 8 }, { DP_RXPOOL, 64 },
	{ IX_CORES + IX_RXPOOL_OFF, 64 }, { IX_CORE(1) + IX_RXPOOL_OFF, 64 },
	{ IX_CORE(15) + IX_RXPOOL_OFF, 8 }, { IX_HEAP_END - 8, 64 },
	{ IX_HEAP, 64 }, { IX_END - 32, 64 }, { IX_END, 1 },
	{ UINFO, 64 }, { UENVS, 64 }, { UVPT, 8 },
	{ 0x00007ffffffffff8, 64 }, { 0x0000800000000000, 8 },
	{ ~0ul - 7, 64 }, { ~0ul, 1 }, { IX_TEXT, ~0ul },
	{ IX_TEXT, 1ul << 63 }, { ~0ul - 63, 128 }, { IX_TEXT, 0x10000 },
	{ IX_TEXT - 8, 64 }, { IX_CORES + 0x200000 - 8, 64 },
};

static const uint64_t bad_numbers[] = {
	~0ul, 1ul << 63, 0x10000, 1ul << 32, 0xffffffff, 1ul << 47,
};

/* Addresses and lengths in the calls that take them. */
static void
bad_memory(int64_t sock)
{
	static struct ix_iovec iov[4];
	uint64_t peer = IX_PEER(0x0a000302, 9);

	for (uint32_t i = 0; i < ARRAY_SIZE(bad_ranges); i++) {
		uint64_t addr = bad_ranges[i][0], len = bad_ranges[i][1];

		refused("udp_send", IX_UDP_SEND, sock, addr, len, peer);
		iov[0].addr = addr;
		iov[0].len = len;
		refused("udp_sendv", IX_UDP_SENDV, sock, (uint64_t)iov, 1,
			peer);
		/* The array itself at a bad place. */
		refused("udp_sendv at", IX_UDP_SENDV, sock, addr & ~7ul, 4,
			peer);
		refused("udp_recv_done", IX_UDP_RECV_DONE, addr, 0, 0, 0);
		refused("frame_bounce", IX_FRAME_BOUNCE, addr, 0, 0, 0);
		refused("frame_done", IX_FRAME_DONE, addr, 0, 0, 0);
	}
	iov[0] = (struct ix_iovec){ (uint64_t)iov, 8 };
	refused("unaligned", IX_UDP_SENDV, sock, (uint64_t)iov + 1, 1, peer);
	refused("none", IX_UDP_SENDV, sock, (uint64_t)iov, 0, peer);
	for (uint32_t i = 0; i < ARRAY_SIZE(bad_numbers); i++) {
		uint64_t n = bad_numbers[i];

		refused("iov count", IX_UDP_SENDV, sock, (uint64_t)iov, n,
			peer);
		refused("bind port", IX_UDP_BIND, n, 0, 0, 0);
		refused("listen port", IX_LISTEN, n, 1, 0, 0);
		refused("connect port", IX_CONNECT, 0x0a000302, n, 0, 0);
		refused("timer", IX_TIMER, n | 1ul << 62, 0, 0, 0);
		refused("call number", n, 0, 0, 0, 0);
	}
	refused("listen 0", IX_LISTEN, 0, 1, 0, 0);
	refused("connect 0", IX_CONNECT, 0, 80, 0, 0);
	refused("connect ip", IX_CONNECT, 1ul << 32, 80, 0, 0);
	refused("ping 0", IX_PING, 0, 0, 0, 0);
	refused("ping ip", IX_PING, 1ul << 32, 0, 0, 0);
}

/* Handles that are forged, stale, of another kind or another core. */
static void
bad_handle(uint64_t h)
{
	static struct ix_iovec iov;

	iov = (struct ix_iovec){ (uint64_t)&iov, 8 };
	refused("unlisten", IX_UNLISTEN, h, 0, 0, 0);
	refused("accept", IX_ACCEPT, h, 0, 0, 0);
	refused("reject", IX_REJECT, h, 0, 0, 0);
	refused("sendv", IX_SENDV, h, (uint64_t)&iov, 1, 0);
	refused("recv_done", IX_RECV_DONE, h, 0, 0, 0);
	refused("close", IX_CLOSE, h, 0, 0, 0);
	refused("abort", IX_ABORT, h, 0, 0, 0);
	refused("shutdown", IX_SHUTDOWN, h, 0, 0, 0);
	refused("udp_close", IX_UDP_CLOSE, h, 0, 0, 0);
	refused("udp_send", IX_UDP_SEND, h, (uint64_t)&iov, 8, IX_PEER(1, 1));
	refused("udp_sendv", IX_UDP_SENDV, h, (uint64_t)&iov, 1,
		IX_PEER(1, 1));
}

static void
bad_handles(void)
{
	int64_t u = ix_call_now(IX_UDP_BIND, 99, 0, 0, 0);
	int64_t l = ix_call_now(IX_LISTEN, 99, 1, 0, 0);
	uint64_t live[2] = { u, l };

	if (u < 0 || l < 0)
		panic("set-up: %ld %ld", (long)u, (long)l);
	for (uint64_t kind = 0; kind < 16; kind++)
		for (uint64_t i = 0; i < 4; i++)
			bad_handle(IX_HANDLE(IX_HANDLE_GEN(u), ix_core(), kind,
					     i + (i == 3) * 0xffffc) ^
				   (kind == IX_HANDLE_KIND(u) ? 1ul << 40 : 0));
	for (int k = 0; k < 2; k++) {
		uint64_t h = live[k];

		bad_handle(h ^ 1ul << 32);		/* generation */
		bad_handle(h + (2ul << 32));
		bad_handle(h ^ 1ul << 24);		/* core */
		bad_handle(h ^ 0xffful << 8);		/* index */
		bad_handle(h | 1ul << 63);		/* negative */
		bad_handle(h ^ 0xful << 20);		/* kind */
	}
	bad_handle(0);
	bad_handle(~0ul);
	bad_handle(1);
	/* Alive, then stale. */
	if (ix_call_now(IX_UDP_CLOSE, u, 0, 0, 0) != 0 ||
	    ix_call_now(IX_UNLISTEN, l, 0, 0, 0) != 0)
		panic("a live handle was refused");
	bad_handle(u);
	bad_handle(l);
}

/* Plain calls with bad arguments, and operations that do not exist. */
static void
bad_plain(void)
{
	for (uint32_t i = 0; i < ARRAY_SIZE(bad_ranges); i++) {
		uint64_t addr = bad_ranges[i][0], len = bad_ranges[i][1];

		tried += 2;
		if (len > 512)
			continue;
		failed += ix_enter(IX_OP_PRINT, addr, len, 0) >= 0;
		failed += ix_enter(IX_OP_STATS, addr & ~7ul, 512, 0) >= 0;
	}
	for (uint64_t op = IX_NOPS; op < 64; op++, tried++)
		failed += ix_enter(op, 0, 0, 0) >= 0;
	tried += 3;
	failed += ix_enter(~0ul, 0, 0, 0) >= 0;
	failed += ix_enter(IX_OP_MAP, 1ul << 40, 0, 0) >= 0;
	failed += ix_enter(IX_OP_MAP, 0, 0, 0) >= 0;
}

static int
attack_calls(void)
{
	int64_t sock = ix_call_now(IX_UDP_BIND, 98, 0, 0, 0);

	bad_memory(sock);
	bad_handles();
	bad_plain();
	/* More calls than there are slots: the rest is not looked at. */
	ix_enter(IX_OP_RUN, 1ul << 40, 0, 0);
	ix_enter(IX_OP_RUN, IX_CALLS + 1, 0, 0);
	ix_enter(IX_OP_RUN, 0x7fffffff, 0, 0);
	if (ix_call_now(IX_UDP_CLOSE, sock, 0, 0, 0) != 0)
		failed++;
	cprintf("ixevil: calls: %lu tried, %lu not refused\n", tried, failed);
	return failed != 0;
}

/* Two cores: one makes calls, the other rewrites them all the time. */
static int
attack_race(void)
{
	static volatile bool stop;
	struct ix_area *other = IX_AREA(0);
	uint64_t end = read_tsc() + ix_info()->tsc_hz / 5;
	uint64_t x = 88172645463325252;

	if (ix_core() == 1) {
		while (!stop) {
			x ^= x << 13;
			x ^= x >> 7;
			x ^= x << 17;
			other->calls[x % 64].op = x >> 8 & 31;
			other->calls[x % 64].arg[x >> 16 & 3] =
				x & 1 << 20 ? x : bad_ranges[x % 30][0];
		}
		return 0;
	}
	for (tried = 0; read_tsc() < end; tried++) {
		for (int i = 0; i < 64; i++)
			ix_call(IX_UDP_SEND, i, IX_TEXT, 8, IX_PEER(1, 1));
		ix_run_io(0);
	}
	stop = true;
	cprintf("ixevil: race: %lu batches survived\n", tried);
	return 0;
}

/* Keep every datagram; answer the first, so that the other side begins. */
static int
attack_hoard(void)
{
	static struct dp_stats s;
	int64_t sock = ix_call_now(IX_UDP_BIND, 7, 0, 0, 0);
	uint64_t kept = 0;

	do {
		uint32_t n = ix_run_io(1000000);

		for (uint32_t i = 0; i < n; i++)
			kept += ix_event(i)->type == IX_EV_UDP_RECV;
		ix_stats(&s);
	} while (s.c.rx_dropped < 1000);
	cprintf("ixevil: hoard: kept %lu, %lu dropped, %lu free\n", kept,
		s.c.rx_dropped, s.rx_free);
	return sock < 0;
}

/* After a wait: the tick had stopped. */
static int
attack_spin_late(void)
{
	ix_run_io(20000);
	for (;;)
		cpu_pause();
	return 0;
}

/* Take memory until there is none to be had. */
static int
attack_memory(void)
{
	uint64_t n = 0, last = 0;
	int64_t va;

	while ((va = ix_enter(IX_OP_MAP, 1, 0, 0)) > 0) {
		*(volatile uint64_t *)va = n++;
		last = va;
	}
	cprintf("ixevil: memory: %lu MB taken, the last at %lx\n", 2 * n,
		last);
	return va != -E_NO_MEM;
}

static int
attack_spin(void)
{
	for (;;)
		cpu_pause();
	return 0;
}

static const struct {
	const char *name;
	int (*run)(void);
} others[] = {
	{ "calls", attack_calls }, { "race", attack_race },
	{ "hoard", attack_hoard }, { "spin", attack_spin },
	{ "spin-late", attack_spin_late }, { "memory", attack_memory },
};

int
main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";

	for (uint32_t i = 0; i < ARRAY_SIZE(others); i++)
		if (strcmp(name, others[i].name) == 0)
			return others[i].run();
	for (uint32_t i = 0; i < ARRAY_SIZE(touches); i++) {
		if (strcmp(name, touches[i].name) != 0)
			continue;
		touches[i].touch(touches[i].va);
		cprintf("ixevil: %s was possible\n", name);
		return 1;
	}
	for (uint32_t i = 0; i < ARRAY_SIZE(instructions); i++) {
		if (strcmp(name, instructions[i].name) != 0)
			continue;
		instructions[i].run();
		cprintf("ixevil: %s was possible\n", name);
		return 1;
	}
	cprintf("ixevil: no attack is called '%s'\n", name);
	return 2;
}
