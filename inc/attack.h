/*
 * attack.h: how the hostile libOS (dp/evil/) and the hostile applications of
 * the graded tests touch memory that is not theirs.
 */
#ifndef JIX_INC_ATTACK_H
#define JIX_INC_ATTACK_H

#include "inc/types.h"

/* An attack has a name, by which a test asks for it, and an address. */
struct attack {
	const char *name;
	void (*touch)(uint64_t va);
	uint64_t va;
};

static inline void
attack_read(uint64_t va)
{
	(void)*(volatile uint64_t *)va;
}

static inline void
attack_write(uint64_t va)
{
	*(volatile uint64_t *)va = 0x6576696c;
}

static inline void
attack_jump(uint64_t va)
{
	((void (*)(void))va)();
}

#endif
