/*
 * program.h: the programs embedded in the kernel image. The build makes the
 * table (see GNUmakefile); spawn and the monitor's run command read it.
 */
#ifndef JIX_INC_PROGRAM_H
#define JIX_INC_PROGRAM_H

#include "inc/types.h"

struct program {
	const char *name;
	const uint8_t *start;	/* an ELF64 image */
	const uint8_t *end;
};

extern const struct program programs[];
extern const uint64_t nprograms;

#endif
