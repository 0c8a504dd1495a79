/*
 * ubsan.c: what a kernel built with UBSAN=1 does where the C standard leaves
 * the behaviour undefined: it panics with the place and the kind. The compiler
 * inserts the calls and knows these names and the layout of their first
 * argument, which always begins with the place. Compiled in with UBSAN=1 only,
 * itself without the checks.
 */
#include "kern/kernel.h"

struct place {
	const char *file;
	uint32_t line;
	uint32_t column;
};

struct type_name {
	uint16_t kind;
	uint16_t info;
	char name[];
};

/* First argument of __ubsan_handle_type_mismatch_v1. */
struct mismatch {
	struct place place;
	const struct type_name *type;
	uint8_t log_alignment;
	uint8_t access;		/* load, store, reference, member, call, ... */
};

/* Takes any handler's arguments: those after the place are not looked at. */
static void __attribute__((noreturn))
report(const struct place *p, const char *what)
{
	panic("ubsan: %s:%u:%u: %s", p->file, p->line, p->column, what);
}

#define HANDLER(name, what) \
	void __ubsan_handle_##name(const struct place *p); \
	void \
	__ubsan_handle_##name(const struct place *p) \
	{ \
		report(p, what); \
	}

HANDLER(add_overflow, "signed addition overflows")
HANDLER(sub_overflow, "signed subtraction overflows")
HANDLER(mul_overflow, "signed multiplication overflows")
HANDLER(negate_overflow, "negation overflows")
HANDLER(divrem_overflow, "division by zero or overflowing")
HANDLER(shift_out_of_bounds, "shift by a wrong distance or of a wrong value")
HANDLER(out_of_bounds, "array index out of bounds")
HANDLER(pointer_overflow, "pointer arithmetic overflows")
HANDLER(vla_bound_not_positive, "array length is not positive")
HANDLER(load_invalid_value, "value that its type does not have")
HANDLER(builtin_unreachable, "unreachable code was reached")
HANDLER(missing_return, "function ends without a value")
HANDLER(nonnull_arg, "null passed where it must not be")
HANDLER(nonnull_return_v1, "null returned where it must not be")
HANDLER(invalid_builtin, "zero passed to a bit count")
HANDLER(alignment_assumption, "assumed alignment does not hold")
HANDLER(function_type_mismatch, "call through a pointer of another type")

void __ubsan_handle_type_mismatch_v1(const struct mismatch *m, uint64_t addr);

void
__ubsan_handle_type_mismatch_v1(const struct mismatch *m, uint64_t addr)
{
	const struct place *p = &m->place;
	const char *what = "too small an object";

	if (addr == 0)
		what = "a null pointer";
	else if (addr & ((1ul << m->log_alignment) - 1))
		what = "a misaligned pointer";
	panic("ubsan: %s:%u:%u: %s (0x%lx) used as %s", p->file, p->line,
	    p->column, what, addr, m->type->name);
}
