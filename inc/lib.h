/*
 * lib.h: the library of ordinary environments (libjos), all of it.
 *
 * A program defines main() and includes this header. It runs in ring 3 on a
 * 64 KB stack with a guard page below. Functions that can fail return a
 * negative code of inc/error.h. Nothing here takes a lock: an environment has
 * one thread, or threads that change only where they say so.
 */
#ifndef JIX_INC_LIB_H
#define JIX_INC_LIB_H

#include "inc/args.h"
#include "inc/assert.h"
#include "inc/count.h"
#include "inc/env.h"
#include "inc/error.h"
#include "inc/fd.h"
#include "inc/memlayout.h"
#include "inc/mmu.h"
#include "inc/page.h"
#include "inc/setjmp.h"
#include "inc/stdio.h"
#include "inc/string.h"
#include "inc/syscall.h"
#include "inc/trap.h"
#include "inc/types.h"
#include "inc/trace.h"
#include "inc/uinfo.h"
#include "inc/x86.h"

int main(int argc, char **argv);

/* --- What the kernel shows (read-only windows) ----------------------- */

static const volatile struct env *const envs =
	(const volatile struct env *)UENVS;		/* [NENV] */
static const volatile struct page_info *const pages =
	(const volatile struct page_info *)UPAGES;	/* [uinfo->npages] */
static const volatile struct uinfo *const uinfo =
	(const volatile struct uinfo *)UINFO;
static const volatile struct cpu_counters *const ucount =
	(const volatile struct cpu_counters *)UCOUNT;	/* [uinfo->ncpu] */

/* A packet passes station s: record it, if tracing is on (inc/trace.h). */
static inline void
trace(enum station s, uint64_t a, uint64_t b)
{
	if (unlikely(uinfo->tracing))
		sys_trace(s, a, b);
}

/* --- libmain.c, exit.c, panic.c -------------------------------------- */

/* The calling environment's own entry of envs[]; right in the child too. */
extern const volatile struct env *thisenv;
/* argv[0], for messages; never null. */
extern const char *binaryname;

/* Close all descriptors and end this environment. */
void exit(void) NORETURN;

/* --- uvpt.c: the page tables of this environment --------------------- */

/* The level-0 entry of va, 0 if there is none. Touches no absent table. */
pte_t uvpt_lookup(const void *va);
/* The permissions of an entry as system calls take them (PTE_X, not NX). */
uint32_t pte_perm(pte_t pte);
/* How many mappings the page at va has in all environments; 0: none here. */
uint32_t pageref(const void *va);
/*
 * Call fn(va, pte, arg) for each mapped page below UTOP, from the highest
 * address down, until it returns nonzero: that value, else 0. -E_NOT_SUPP on
 * a 2 MB page: ordinary environments have none.
 */
int uvpt_walk(int (*fn)(void *va, pte_t pte, void *arg), void *arg);

/* --- pgfault.c, fork.c ----------------------------------------------- */

/*
 * Have handler called on the exception stack for each page fault that is not
 * fork's own; it repairs the fault and returns, or does not return. Null: no
 * handler, the kernel ends the environment and reports the fault. The first
 * call allocates the exception stack. 0 or -E_NO_MEM.
 */
int set_pgfault_handler(void (*handler)(struct utrapframe *utf));
/*
 * For fork.c: the function asked first; true if it has repaired the fault.
 */
int set_cow_handler(bool (*handler)(struct utrapframe *utf));
/* Where the kernel enters the library: lib/pfentry.S. */
void pgfault_upcall(void);

/*
 * A child that is a copy of the caller, its memory copied when written; pages
 * with PTE_SHARE stay shared. The child's id, 0 in the child, or an error
 * (-E_NO_FREE_ENV, -E_NO_MEM), after which there is no child.
 */
envid_t fork(void);

/* --- ipc.c ----------------------------------------------------------- */

/*
 * Wait until `to` receives, then pass it value and, unless pg is null, the
 * page at pg with perm. 0, -E_BAD_ENV (also if `to` ends meanwhile), -E_INVAL.
 */
int ipc_send(envid_t to, uint64_t value, void *pg, uint32_t perm);
/*
 * Wait for a message: its value, or a negative error with *from = 0. A page,
 * if one is sent, is mapped at pg unless that is null. *from and *perm are
 * set if the pointers are not null; *perm is 0 when no page came.
 */
int64_t ipc_recv(envid_t *from, void *pg, uint32_t *perm);
/* The same, but -E_TIMEOUT after msec milliseconds. */
int64_t ipc_recv_timed(envid_t *from, void *pg, uint32_t *perm,
		       uint64_t msec);
/*
 * Send as ipc_send does, then wait for the reply of `to` and of nobody else:
 * its value, with its page at dstpg and *perm as for ipc_recv. -E_BAD_ENV if
 * `to` ends before it replies.
 */
int64_t ipc_call(envid_t to, uint64_t value, void *pg, uint32_t perm,
		 void *dstpg, uint32_t *perm_out);
/* The first living environment of a type (enum env_type), 0 if none. */
envid_t ipc_find_env(uint32_t type);

/* --- spawn.c, wait.c ------------------------------------------------- */

/*
 * Start the embedded program `name` in a new environment with these
 * arguments (argv ends with a null pointer; argv[0] is the name by custom).
 * It inherits the pages marked PTE_SHARE, so the descriptors. The new id,
 * -E_NOT_FOUND, -E_NOT_EXEC, -E_TOO_BIG (arguments exceed a page), -E_NO_MEM,
 * -E_NO_FREE_ENV.
 */
envid_t spawn(const char *name, const char *const *argv);
/* The same with the arguments in the call, closed by a null pointer. */
envid_t spawnl(const char *name, const char *arg0, ...);
/* Return when env has ended; at once if it has, or never was. */
void wait(envid_t env);

/* --- bootarg.c ------------------------------------------------------- */

/*
 * The value of NAME=value among the boot arguments, in buf (ended, cut to
 * size); false and buf empty if it is not there.
 */
bool boot_arg(const char *name, char *buf, size_t size);

/* --- malloc.c -------------------------------------------------------- */

/* Memory aligned to 16 bytes; null if there is none (or n is 0). */
void *malloc(size_t n);
void *calloc(size_t count, size_t size);
/* Null p: as malloc. On failure null, and p stays as it was. */
void *realloc(void *p, size_t n);
/* Null p: nothing. A pointer that malloc did not give is a panic. */
void free(void *p);

/* --- console.c, readline.c, printf.c --------------------------------- */

/* One character to or from the console (getchar: fd 0 if open); blocks. */
void cputchar(int c);
int getchar(void);
/* An open console descriptor; iscons: is that what fdnum is? */
int opencons(void);
int iscons(int fdnum);
/*
 * Print the prompt and read a line with editing, without its end, into a
 * static buffer of 1023 bytes. Null at the end of input.
 */
char *readline(const char *prompt);
/* Formatted output to a descriptor; the length. */
int fprintf(int fdnum, const char *fmt, ...);

/* --- pipe.c ---------------------------------------------------------- */

/* fds[0] reads what is written to fds[1]. 0 or -E_MAX_OPEN, -E_NO_MEM. */
int pipe(int fds[2]);
/* Is the other end of this pipe closed in every environment? Or an error. */
int pipeisclosed(int fdnum);

/* --- tls.c ----------------------------------------------------------- */

/*
 * Thread-local storage, for libmain and for those who make threads: a block
 * of tls_size() bytes aligned to TLS_ALIGN is set up by tls_init, which
 * returns the FS base that goes with it. A size of 0: the program has none.
 */
#define TLS_ALIGN	64
size_t tls_size(void);
uint64_t tls_init(void *block);

#endif
