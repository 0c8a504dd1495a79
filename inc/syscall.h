/*
 * syscall.h: the system calls of the exokernel, one list. From it come the
 * numbers, the user stubs and their declarations (bottom of this file), and
 * the kernel's dispatch table and prototypes (kern/syscall.c).
 *
 * Entry by SYSCALL: number in rax, arguments in rdi rsi rdx r10 r8 r9, result
 * in rax; rcx and r11 are lost. A negative result is an error of
 * inc/error.h. Every call that names an environment takes 0 for the caller
 * and refuses those that are neither the caller nor its child (-E_BAD_ENV),
 * unless said otherwise. A user address that the caller may not use gives
 * -E_FAULT and changes nothing.
 *
 * The first fifteen are those of JOS.
 */
#ifndef JIX_INC_SYSCALL_H
#define JIX_INC_SYSCALL_H

#include "inc/env.h"
#include "inc/error.h"
#include "inc/types.h"

/*
 * Sn(name, type, argument, ...): a call with n arguments.
 *
 * cputs(s, len): print; at most 4096 bytes at a time are taken: the number.
 * cgetc(): next console character, 0 if none. Does not block.
 * getenvid(): the caller's envid.
 * env_destroy(env): end it and give everything back.
 * page_alloc(env, va, perm): map a fresh zeroed page at va, replacing.
 * page_map(srcenv, srcva, dstenv, dstva, perm): share a page. PTE_W only if
 *	the source mapping is writable; PTE_X only if it is executable, or
 *	writable (so spawn can fill a page with code before mapping it).
 * page_unmap(env, va): remove a mapping; nothing mapped there is no error.
 * exofork(): a child with no memory and the caller's registers, not
 *	runnable; returns its envid, and 0 in the child.
 * env_set_status(env, status): ENV_RUNNABLE or ENV_NOT_RUNNABLE; a blocked
 *	env stays blocked. -E_BUSY to stop one that runs on another CPU.
 * env_set_trapframe(env, tf): registers for its next run; the kernel keeps
 *	segments and privileged flags to itself. -E_BUSY if it runs on
 *	another CPU or is blocked.
 * env_set_pgfault_upcall(env, upcall): entry point for its page faults; the
 *	exception stack is the page below UXSTACKTOP.
 * yield(): let others run.
 * ipc_try_send(to, value, srcva, perm): any env may be named; pass a word
 *	and, if srcva < UTOP, a page. -E_IPC_NOT_RECV if it does not receive.
 * ipc_recv(dstva): block for a message; a page goes to dstva if < UTOP.
 *	The message is in the env structure: ipc_value, ipc_from, ipc_perm.
 * time_msec(): milliseconds since boot.
 *
 * ipc_send(to, value, srcva, perm): like ipc_try_send, but waits in the
 *	receiver's queue. -E_BAD_ENV also if the receiver ends meanwhile.
 * ipc_call(to, value, srcva, perm, dstva): ipc_send, then receive, from `to`
 *	only: a reply sent by try-send always finds the caller receiving.
 *	-E_BAD_ENV if `to` ends before it replies.
 * ipc_recv_timed(dstva, msec): ipc_recv, but -E_TIMEOUT after msec.
 * sleep_until(msec): block until time_msec() >= msec.
 * env_wait(env): block until that env (any) has ended; at once if it has.
 * console_wait(): block until cgetc() would return a character.
 * env_set_name(env, name, len): what listings call it.
 * env_set_type(env, type): by ENV_TYPE_NS for its own children:
 *	ENV_TYPE_NET, else -E_PERM.
 * env_set_fs_base(env, base): the base of the thread-local segment.
 * program_read(index, offset, buf, len): bytes of an embedded program's ELF
 *	image (its name is in UINFO); the number read, 0 at the end.
 * net_transmit(nic, buf, len): send one frame, 14 <= len <= 1514, copied.
 *	-E_AGAIN when the ring is full. Of ENV_TYPE_NET and up. With NET_CSUM()
 *	or'ed to nic the NIC fills in checksums of a frame that begins with 14
 *	bytes of Ethernet and 20 of IPv4 header; the field of TCP or UDP holds
 *	the pseudo-header's sum. -E_NOT_SUPP if uinfo's csum says it cannot.
 * net_receive(nic, buf, len, flags): copy the next frame out, its length as
 *	result; -E_AGAIN if there is none, with NET_BLOCK only after a wait for
 *	the NIC's interrupt: ask again. -E_TOO_BIG keeps the frame. With
 *	NET_GOOD frames that the NIC found a wrong checksum in are dropped.
 * count_page(va): of ENV_TYPE_NS: map at va, writable, the page that everybody
 *	reads at UCOUNT_NS; it begins with a struct counters.
 * trace(event, a, b): one trace event, if tracing is on.
 * snapshot(tag): all counters of this moment to the debug console; tag, 0 to
 *	65535, tells it from others. -E_NO_MEM when too much has been written.
 * pages_free(): 4 KB pages free in the machine.
 *
 * Of ENV_TYPE_CONTROL only (else -E_PERM), dataplanes, see inc/dp.h:
 * dp_create(nic, bound_ms): a new dataplane on a NIC (negative: none); its
 *	id. bound_ms: time in ring 3 without a crossing after which it is
 *	killed, 0: no tick. -E_NO_DEV, -E_BUSY (too many).
 * dp_bind_core(dp, cpu): promise it a CPU (negative: any); the core's index.
 * dp_alloc(dp, core, va, n, perm): n 2 MB pages at va, zeroed, of one core or
 *	DP_SHARED; PTE_W and PTE_X count where the place leaves a choice.
 * dp_write, dp_read(dp, core, va, buf, len): copy to or from its memory.
 * dp_bind_queue(dp, core, queue): a queue pair with rings at DP_RX_RING and
 *	DP_TX_RING. Result: offset of the TX tail in its page << 32, of the RX
 *	tail in its page << 8, enum ring_kind. -E_BUSY if taken.
 * dp_flows(dp, first, count, core): send flow groups to a core's queue.
 * dp_start(dp): all cores enter the libOS as soon as they can.
 * dp_stop(dp): by force: cores, flows, queues, memory back. By its owner it
 *	is gone; by another it is ended and the owner's dp_event returns.
 * dp_inspect(dp, info): struct dp_info.
 * dp_event(dp): block until it has ended by itself or was ended; its state.
 */
#define SYSCALLS(S0, S1, S2, S3, S4, S5) \
	S2(cputs, const char *, s, size_t, len) \
	S0(cgetc) \
	S0(getenvid) \
	S1(env_destroy, envid_t, env) \
	S3(page_alloc, envid_t, env, void *, va, uint32_t, perm) \
	S5(page_map, envid_t, srcenv, void *, srcva, envid_t, dstenv, \
	   void *, dstva, uint32_t, perm) \
	S2(page_unmap, envid_t, env, void *, va) \
	S0(exofork) \
	S2(env_set_status, envid_t, env, uint32_t, status) \
	S2(env_set_trapframe, envid_t, env, const struct trapframe *, tf) \
	S2(env_set_pgfault_upcall, envid_t, env, void *, upcall) \
	S0(yield) \
	S4(ipc_try_send, envid_t, to, uint64_t, value, void *, srcva, \
	   uint32_t, perm) \
	S1(ipc_recv, void *, dstva) \
	S0(time_msec) \
	S4(ipc_send, envid_t, to, uint64_t, value, void *, srcva, \
	   uint32_t, perm) \
	S5(ipc_call, envid_t, to, uint64_t, value, void *, srcva, \
	   uint32_t, perm, void *, dstva) \
	S2(ipc_recv_timed, void *, dstva, uint64_t, msec) \
	S1(sleep_until, uint64_t, msec) \
	S1(env_wait, envid_t, env) \
	S0(console_wait) \
	S3(env_set_name, envid_t, env, const char *, name, size_t, len) \
	S2(env_set_type, envid_t, env, uint32_t, type) \
	S2(env_set_fs_base, envid_t, env, uint64_t, base) \
	S4(program_read, uint32_t, index, uint64_t, offset, void *, buf, \
	   size_t, len) \
	S3(net_transmit, uint32_t, nic, const void *, buf, size_t, len) \
	S4(net_receive, uint32_t, nic, void *, buf, size_t, len, \
	   uint32_t, flags) \
	S1(count_page, void *, va) \
	S3(trace, uint32_t, event, uint64_t, a, uint64_t, b) \
	S1(snapshot, uint32_t, tag) \
	S0(pages_free) \
	S2(dp_create, int32_t, nic, uint32_t, bound_ms) \
	S2(dp_bind_core, uint32_t, dp, int32_t, cpu) \
	S5(dp_alloc, uint32_t, dp, int32_t, core, uint64_t, va, \
	   uint32_t, n, uint32_t, perm) \
	S5(dp_write, uint32_t, dp, int32_t, core, uint64_t, va, \
	   const void *, buf, size_t, len) \
	S5(dp_read, uint32_t, dp, int32_t, core, uint64_t, va, \
	   void *, buf, size_t, len) \
	S3(dp_bind_queue, uint32_t, dp, uint32_t, core, uint32_t, queue) \
	S4(dp_flows, uint32_t, dp, uint32_t, first, uint32_t, count, \
	   uint32_t, core) \
	S1(dp_start, uint32_t, dp) \
	S1(dp_stop, uint32_t, dp) \
	S2(dp_inspect, uint32_t, dp, struct dp_info *, info) \
	S1(dp_event, uint32_t, dp)

#define NET_BLOCK	1u	/* net_receive waits for the NIC's interrupt */
#define NET_GOOD	2u	/* ... and drops frames with wrong checksums */
/* Of net_transmit's nic: RING_TX_*_CSUM of inc/ring.h. */
#define NET_CSUM(flags)	((uint32_t)(flags) << 24)

struct dp_info;

enum syscall_number {
#define SYS_NUMBER(name, ...) SYS_##name,
	SYSCALLS(SYS_NUMBER, SYS_NUMBER, SYS_NUMBER, SYS_NUMBER, SYS_NUMBER,
		 SYS_NUMBER)
#undef SYS_NUMBER
	NSYSCALLS
};

#ifndef JIX_KERNEL
/*
 * The stubs are inline because exofork returns twice: the child's copy of the
 * stack must not depend on a frame that the parent has left meanwhile.
 */
static inline __attribute__((always_inline)) int64_t
syscall(uint64_t num, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4,
	uint64_t a5)
{
	register uint64_t r10 __asm__("r10") = a4;
	register uint64_t r8 __asm__("r8") = a5;
	int64_t ret;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "a"(num), "D"(a1), "S"(a2), "d"(a3), "r"(r10),
			   "r"(r8)
			 : "rcx", "r11", "cc", "memory");
	return ret;
}

#define SYS_STUB static inline __attribute__((always_inline)) int64_t
#define SYS_STUB0(n) \
	SYS_STUB sys_##n(void) { return syscall(SYS_##n, 0, 0, 0, 0, 0); }
#define SYS_STUB1(n, t1, a1) \
	SYS_STUB sys_##n(t1 a1) \
	{ return syscall(SYS_##n, (uint64_t)a1, 0, 0, 0, 0); }
#define SYS_STUB2(n, t1, a1, t2, a2) \
	SYS_STUB sys_##n(t1 a1, t2 a2) \
	{ return syscall(SYS_##n, (uint64_t)a1, (uint64_t)a2, 0, 0, 0); }
#define SYS_STUB3(n, t1, a1, t2, a2, t3, a3) \
	SYS_STUB sys_##n(t1 a1, t2 a2, t3 a3) \
	{ return syscall(SYS_##n, (uint64_t)a1, (uint64_t)a2, \
			 (uint64_t)a3, 0, 0); }
#define SYS_STUB4(n, t1, a1, t2, a2, t3, a3, t4, a4) \
	SYS_STUB sys_##n(t1 a1, t2 a2, t3 a3, t4 a4) \
	{ return syscall(SYS_##n, (uint64_t)a1, (uint64_t)a2, \
			 (uint64_t)a3, (uint64_t)a4, 0); }
#define SYS_STUB5(n, t1, a1, t2, a2, t3, a3, t4, a4, t5, a5) \
	SYS_STUB sys_##n(t1 a1, t2 a2, t3 a3, t4 a4, t5 a5) \
	{ return syscall(SYS_##n, (uint64_t)a1, (uint64_t)a2, \
			 (uint64_t)a3, (uint64_t)a4, (uint64_t)a5); }
SYSCALLS(SYS_STUB0, SYS_STUB1, SYS_STUB2, SYS_STUB3, SYS_STUB4, SYS_STUB5)
#undef SYS_STUB0
#undef SYS_STUB1
#undef SYS_STUB2
#undef SYS_STUB3
#undef SYS_STUB4
#undef SYS_STUB5
#endif

#endif
