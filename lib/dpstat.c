/* dpstat.c: what the control plane says of dataplanes, see inc/dpctl.h. */
#include "inc/dpctl.h"
#include "inc/lib.h"

void
dpstat_end(int n, const struct dp_core_info *c)
{
	switch (c->reason) {
	case DP_LEFT_EXIT:
		cprintf("ixcp: core %d exited with %ld\n", n, (long)c->code);
		break;
	case DP_LEFT_FAULT:
		cprintf("ixcp: core %d died in ring %lu: trap %ld, error %lx, "
			"address %lx, rip %lx\n", n, c->fault_cs,
			(long)c->code, c->fault_err, c->fault_va,
			c->fault_rip);
		break;
	case DP_LEFT_BOUND:
		cprintf("ixcp: core %d: %ld ms in ring 3, killed\n", n,
			(long)c->code);
		break;
	case DP_LEFT_REVOKED:
		cprintf("ixcp: core %d taken back\n", n);
		break;
	}
}

static const char *const state_names[] = {
	[DP_FREE] = "free", [DP_NEW] = "being set up",
	[DP_RUNNING] = "running", [DP_EXITED] = "exited",
	[DP_KILLED] = "killed",
};

void
dpstat_print(int dp)
{
	static struct dp_stats s;
	struct dp_info info;

	if (sys_dp_inspect(dp, &info) < 0)
		return;
	cprintf("dataplane %u: %s, owner %08x, NIC %u, %u cores, %u pages of "
		"2 MB, %u of tables\n", info.id, state_names[info.state],
		info.owner, info.nic, info.ncores, info.pages_2m,
		info.tables);
	for (uint32_t i = 0; i < info.ncores; i++) {
		memcpy(&s, (const void *)(UCOUNT_DP + info.core[i].cpu *
					  PGSIZE), sizeof(s));
		cprintf("  core %u: CPU %u, queue %u, %u flow groups, %lu "
			"turns, %lu crossings, %lu waits, %lu frames in, %lu "
			"out, %lu dropped, %lu IP fragments\n", i,
			info.core[i].cpu, info.core[i].queue,
			info.core[i].groups, s.turns, s.crossings, s.waits,
			s.c.rx_frames, s.c.tx_frames, s.c.rx_dropped,
			s.ip_fragments);
		cprintf("  core %u: %lu connections, %lu PCBs, %lu segments, "
			"heap %lu, %lu buffers free\n", i, s.tcp_conns,
			s.tcp_pcbs, s.tcp_segs, s.heap, s.rx_free);
	}
}
