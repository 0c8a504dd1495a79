/*
 * dpctl.h: for the control plane (user/ixcp.c): ELF programs into the memory
 * of a dataplane that is being set up (lib/dpload.c), and who has what
 * (lib/dpstat.c).
 */
#ifndef JIX_INC_DPCTL_H
#define JIX_INC_DPCTL_H

#include "inc/dp.h"
#include "inc/elf.h"
#include "inc/types.h"

#define DPLOAD_SEGMENTS	8

struct dpload_image {
	int program;		/* index in UINFO */
	struct elf_header h;
	struct elf_phdr ph[DPLOAD_SEGMENTS];
};

/*
 * Read the headers of the program called name followed by suffix. 0,
 * -E_NOT_FOUND, or -E_NOT_EXEC if it is no image that can be loaded.
 */
int dpload_image(const char *name, const char *suffix,
		 struct dpload_image *out);
/*
 * Give dataplane dp memory for the image's segments that begin in [from, to),
 * and copy them in. core: the core whose memory it is, or DP_SHARED. 0 or the
 * error of the system call that failed; what was done before stays.
 */
int dpload_segments(int dp, int core, const struct dpload_image *im,
		    uint64_t from, uint64_t to);
/* 2 MB pages that a libOS image takes from DP_DATA on. */
uint32_t dpload_data_pages(const struct dpload_image *im);

/* Print how core n of a dataplane ended, if it has. */
void dpstat_end(int n, const struct dp_core_info *c);
/*
 * Print what dataplane dp is, has and has done: owner, memory, and for each
 * core its CPU, queue, flow groups and counts. Nothing if there is none.
 */
void dpstat_print(int dp);

#endif
