/*
 * start.c: from _start to main() on each core, and the plain calls.
 */
#include "inc/assert.h"
#include "inc/dp.h"
#include "inc/error.h"
#include "inc/libix.h"

#define ARGS_MAX	32
#define TLS_ROUND	64

_Thread_local struct ix_thread ix;
const char *binaryname = "program";

extern char __tls_start[], __tls_file_end[], __tls_end[];
extern char __tls_align[];

static _Thread_local char args_text[IX_ARGS];
static _Thread_local char *args_word[ARGS_MAX + 1];

/* Thread-local data below where the kernel pointed FS (ABI variant II). */
static void
tls_setup(uint64_t base)
{
	char *tp = (char *)(base + IX_TP_OFF);
	size_t size = ROUNDUP((size_t)(__tls_end - __tls_start),
			      (size_t)__tls_align);

	memcpy(tp - size, __tls_start, __tls_file_end - __tls_start);
	*(char **)tp = tp;
}

static int
split_args(const char *text)
{
	int n = 0;
	char *p = args_text;

	strlcpy(args_text, text, sizeof(args_text));
	while (n < ARGS_MAX) {
		while (*p == ' ')
			p++;
		if (*p == '\0')
			break;
		args_word[n++] = p;
		while (*p != '\0' && *p != ' ')
			p++;
		if (*p == ' ')
			*p++ = '\0';
	}
	return n;
}

/* From entry.S; rsp lies in this core's part of the address space. */
void ix_start(uint64_t rsp) NORETURN;

void
ix_start(uint64_t rsp)
{
	uint64_t base = ROUNDDOWN(rsp, 1ul << IX_CORE_SHIFT);
	int argc;

	tls_setup(base);
	ix.area = (struct ix_area *)(base + IX_AREA_OFF);
	argc = split_args(ix.area->args);
	if (argc > 0)
		binaryname = args_word[0];
	ix_exit(main(argc, args_word));
}

void
ix_exit(int code)
{
	for (;;)
		ix_enter(IX_OP_EXIT, code, 0, 0);
}

void
exit(void)
{
	ix_exit(0);
}

void *
ix_map(uint64_t n)
{
	int64_t va = ix_enter(IX_OP_MAP, n, 0, 0);

	return va < 0 ? NULL : (void *)va;
}

void
ix_stats(struct dp_stats *out)
{
	ix_enter(IX_OP_STATS, (uint64_t)out, sizeof(*out), 0);
}

int64_t
ix_snapshot(uint16_t tag)
{
	return ix_enter(IX_OP_SNAPSHOT, tag, 0, 0);
}

int64_t
ix_call_now(enum ix_call_op op, uint64_t a, uint64_t b, uint64_t c,
	    uint64_t d)
{
	struct ix_call *call = ix_call(op, a, b, c, d);

	if (!call)
		return -E_AGAIN;
	ix_run_io(0);
	return call->op;
}
