/*
 * uinfo.h: the machine as the kernel found it, readable by everybody in the
 * window UINFO. An exokernel shows what it has. Written at boot; the NICs'
 * link state and the CPUs' roles change later.
 */
#ifndef JIX_INC_UINFO_H
#define JIX_INC_UINFO_H

#include "inc/memlayout.h"
#include "inc/types.h"

#define UINFO_MAGIC	0x4f464e49584a4958ul
#define UINFO_NICS	4
#define UINFO_PROGRAMS	160
#define UINFO_NAME	32
#define UINFO_ARGS	1024

enum cpu_role {
	CPU_ABSENT = 0,
	CPU_SHARED,		/* runs ordinary environments */
	CPU_DATAPLANE,		/* bound to a dataplane */
};

struct uinfo_cpu {
	uint32_t apic_id;
	uint32_t role;		/* enum cpu_role */
};

struct uinfo_nic {
	char name[16];		/* "igb0", "e1000.1", ... */
	uint8_t mac[6];
	uint16_t queues;	/* receive/transmit queue pairs */
	uint32_t link;		/* 1: up */
	uint32_t pci_bdf;
	uint32_t csum;		/* 1: it computes and checks checksums */
};

struct uinfo {
	uint64_t magic;
	uint32_t ncpu;
	uint32_t nnic;
	uint32_t nprogram;
	uint32_t npages;	/* entries of UPAGES */
	uint32_t tracing;	/* stations are recorded: inc/trace.h */
	uint32_t reserved;
	uint64_t tsc_hz;
	uint64_t boot_tsc;	/* TSC at time 0: as the kernel began */
	struct uinfo_cpu cpu[NCPU];
	struct uinfo_nic nic[UINFO_NICS];
	char program[UINFO_PROGRAMS][UINFO_NAME];
	char args[UINFO_ARGS];	/* the boot arguments, as given */
};

/* How many CPUs have that role now. */
static inline uint32_t
uinfo_cpus(const volatile struct uinfo *info, enum cpu_role role)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < info->ncpu; i++)
		n += info->cpu[i].role == role;
	return n;
}

#endif
