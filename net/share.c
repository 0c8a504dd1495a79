/*
 * share.c: what each environment holds of what all share: sockets, listeners,
 * received frames, memory for segments. One that takes and does not give back,
 * or whose peers do not let it, starves itself; something is always left for
 * the others.
 */
#include "net/ns.h"

#include "lwip/memp.h"
#include "lwip/stats.h"

/* At most so many: two environments together leave some for a third. */
static const uint16_t limits[SHARE_KINDS] = {
	[SHARE_TCP] = NSOCKS * 3 / 8,
	[SHARE_UDP] = MEMP_NUM_UDP_PCB * 3 / 8,
	[SHARE_ICMP] = MEMP_NUM_RAW_PCB * 3 / 8,
	[SHARE_LISTEN] = MEMP_NUM_TCP_PCB_LISTEN * 3 / 8,
};

static struct {
	uint16_t n[SHARE_KINDS];
	uint16_t frames;
} held[NENV];

bool
share_take(envid_t env, enum share_kind kind)
{
	if (held[ENVX(env)].n[kind] >= limits[kind])
		return false;
	held[ENVX(env)].n[kind]++;
	return true;
}

void
share_give(envid_t env, enum share_kind kind)
{
	held[ENVX(env)].n[kind]--;
}

void
share_move(envid_t from, envid_t to, enum share_kind kind)
{
	held[ENVX(from)].n[kind]--;
	held[ENVX(to)].n[kind]++;
}

void
share_frames(envid_t env, int n)
{
	held[ENVX(env)].frames += n;
}

static uint32_t
left(memp_t pool)
{
	const struct stats_mem *m = lwip_stats.memp[pool];

	return m->avail - m->used;
}

bool
share_has_frames(envid_t env, uint32_t of_socket)
{
	uint32_t n = left(MEMP_PBUF_POOL);

	return held[ENVX(env)].frames + of_socket < n ||
		(of_socket == 0 && n > PBUF_POOL_SIZE / 8);
}

uint16_t
tcp_ooseq_limit(void)
{
	return MIN(left(MEMP_PBUF_POOL) / 8, (uint32_t)TCP_OOSEQ_MAX_PBUFS);
}

/* A quarter of the pool is for the first segment of each socket. */
uint32_t
share_segments(uint32_t of_socket)
{
	uint32_t reserve = lwip_stats.memp[MEMP_POOL_1600]->avail / 4;
	uint32_t n = left(MEMP_POOL_1600);

	if (n > reserve + of_socket)
		return n - reserve - of_socket;
	return of_socket == 0 && n > 0;
}
