/*
 * syscall.h: the kernel's side of inc/syscall.h.
 */
#ifndef JIX_KERN_SYSCALL_H
#define JIX_KERN_SYSCALL_H

#ifndef JIX_KERNEL
#define JIX_KERNEL
#endif
#include "inc/env.h"
#include "inc/syscall.h"

/* Carry out the call that r holds on behalf of e; the result. Big lock. */
int64_t syscall_dispatch(struct env *e, const struct regs *r);

/*
 * One function per call, named call_NAME; e is the caller, running on this
 * CPU. kern/syscall.c, kern/memcall.c, kern/ipc.c, kern/netcall.c.
 */
#define CALL_PROTO0(n) int64_t call_##n(struct env *e);
#define CALL_PROTO1(n, t1, a1) int64_t call_##n(struct env *e, t1 a1);
#define CALL_PROTO2(n, t1, a1, t2, a2) \
	int64_t call_##n(struct env *e, t1 a1, t2 a2);
#define CALL_PROTO3(n, t1, a1, t2, a2, t3, a3) \
	int64_t call_##n(struct env *e, t1 a1, t2 a2, t3 a3);
#define CALL_PROTO4(n, t1, a1, t2, a2, t3, a3, t4, a4) \
	int64_t call_##n(struct env *e, t1 a1, t2 a2, t3 a3, t4 a4);
#define CALL_PROTO5(n, t1, a1, t2, a2, t3, a3, t4, a4, t5, a5) \
	int64_t call_##n(struct env *e, t1 a1, t2 a2, t3 a3, t4 a4, t5 a5);
SYSCALLS(CALL_PROTO0, CALL_PROTO1, CALL_PROTO2, CALL_PROTO3, CALL_PROTO4,
	 CALL_PROTO5)
#undef CALL_PROTO0
#undef CALL_PROTO1
#undef CALL_PROTO2
#undef CALL_PROTO3
#undef CALL_PROTO4
#undef CALL_PROTO5

#endif
