/*
 * export.h: binary records that leave the machine through the debug console
 * (port 0xe9) into a file of the host. A record is a header and len bytes;
 * everything is little-endian. Records of one writer are not torn by others.
 */
#ifndef JIX_INC_EXPORT_H
#define JIX_INC_EXPORT_H

#include "inc/types.h"

#define EXPORT_MAGIC	0x5249584aul	/* "JXIR" */

enum export_kind {
	EXPORT_COUNTERS = 1,	/* struct cpu_counters; tag: CPU */
	EXPORT_TRACE,		/* struct trace_event ...; tag: CPU */
	EXPORT_CLOCK,		/* uint64_t tsc_hz, uint64_t boot_tsc */
	EXPORT_ENV,		/* struct export_env ... */
	EXPORT_TEXT,		/* "name value" lines: a program's results */
	EXPORT_HIST,		/* struct hist of inc/hist.h; tag: which */
	EXPORT_MARK,		/* uint64_t tsc: a snapshot follows; its tag */
	EXPORT_ENV_COUNTERS,	/* struct export_env, then struct counters */
	EXPORT_DP_COUNTERS,	/* struct dp_stats of a core; tag: CPU */
	EXPORT_ENV_PUBLISHED,	/* the same, of what ns counts itself */
	EXPORT_END,		/* nothing: the snapshot is complete */
};

struct export_header {
	uint32_t magic;
	uint16_t kind;		/* enum export_kind */
	uint16_t tag;
	uint64_t len;
};
_Static_assert(sizeof(struct export_header) == 16, "the host reads this");

/* The name of an environment in a trace. */
struct export_env {
	int32_t id;
	char name[28];
};

#endif
