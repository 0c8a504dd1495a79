/*
 * loader.h: the kernel's loader of embedded programs, for the first
 * environments; the others are spawned by user code (lib/spawn.c).
 */
#ifndef JIX_KERN_LOADER_H
#define JIX_KERN_LOADER_H

#include "inc/program.h"
#include "inc/types.h"

struct env;

/* The embedded program of that name, or null. */
const struct program *program_find(const char *name);
/*
 * Map the program that cmdline names into the new environment e, its
 * arguments on its stack. 0, -E_NOT_FOUND, -E_NOT_EXEC, -E_NO_MEM, -E_INVAL
 * if the arguments do not fit; what was mapped goes when e is destroyed.
 */
int load_program(struct env *e, const char *cmdline);

#endif
