/*
 * lines.h: the names of kernel code addresses, for backtraces and reports.
 *
 * The table is part of the kernel image; conf/mklines.py makes it from the
 * debug information. It is constant: any CPU may look things up at any time,
 * in a panic too.
 */
#ifndef JIX_KERN_LINES_H
#define JIX_KERN_LINES_H

#include "inc/types.h"

struct lines_place {
	const char *function;	/* "?" if unknown */
	uint64_t offset;	/* bytes from the start of the function */
	const char *file;	/* path from the top of the tree, or "?" */
	unsigned line;		/* 1 and on, 0 if unknown */
};

/*
 * Describe the kernel address ip. True if its function is known; the place is
 * filled in either way. For a return address give the address less one: the
 * call may be the last instruction of its line.
 */
bool lines_find(uint64_t ip, struct lines_place *place);

/* The address of the function called name, 0 if there is none. */
uint64_t lines_function(const char *name);

#endif
