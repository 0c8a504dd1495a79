/*
 * setjmp.h: save and resume a point of execution (lib/setjmp.S). What a
 * function must preserve by the System V ABI, minus floating-point modes.
 * A thread package starts a thread by filling in rsp and rip: rsp is what
 * the function at rip finds, so 8 below a multiple of 16.
 */
#ifndef JIX_INC_SETJMP_H
#define JIX_INC_SETJMP_H

#include "inc/types.h"

typedef struct {
	uint64_t rbx, rbp, r12, r13, r14, r15;
	uint64_t rsp;		/* after the return from setjmp */
	uint64_t rip;
} jmp_buf[1];

/* 0 when called; what longjmp was given, never 0, when resumed. */
int setjmp(jmp_buf env) __attribute__((returns_twice));
void longjmp(jmp_buf env, int val) __attribute__((noreturn));

#endif
