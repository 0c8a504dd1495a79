/*
 * ubsan.c: what the compiler calls when code built with UBSAN=1
 * (-fsanitize=undefined) does something that C does not define. Each report
 * names the place and panics, so that a test run cannot pass over it. In an
 * ordinary build this file is empty.
 *
 * The names and the data that they are given are the compilers' interface
 * (GCC and clang: libsanitizer's ubsan_handlers.h); only the first member,
 * the source location, is used, and for pointers the reason.
 */
#ifdef JIX_UBSAN
#include "kern/kernel.h"

struct source_location {
	const char *file;
	uint32_t line;
	uint32_t column;
};

static void NORETURN
report(const struct source_location *at, const char *what)
{
	panic_at(at->file ? at->file : "?", at->line,
		 "undefined behaviour: %s (column %u)", what, at->column);
}

/* One handler and its form that is called where it must not return. */
#define HANDLER(name, what, ...) \
	void __ubsan_handle_##name(struct source_location *at, ##__VA_ARGS__); \
	void __ubsan_handle_##name(struct source_location *at, ##__VA_ARGS__) \
	{ \
		report(at, what); \
	}

typedef uint64_t value;

HANDLER(add_overflow, "signed addition overflows", value a UNUSED,
	value b UNUSED)
HANDLER(sub_overflow, "signed subtraction overflows", value a UNUSED,
	value b UNUSED)
HANDLER(mul_overflow, "signed multiplication overflows", value a UNUSED,
	value b UNUSED)
HANDLER(negate_overflow, "negation overflows", value a UNUSED)
HANDLER(divrem_overflow, "division overflows or is by zero", value a UNUSED,
	value b UNUSED)
HANDLER(shift_out_of_bounds, "shift out of bounds", value a UNUSED,
	value b UNUSED)
HANDLER(out_of_bounds, "array index out of bounds", value index UNUSED)
HANDLER(type_mismatch_v1, "null, misaligned or too small an object",
	value pointer UNUSED)
HANDLER(alignment_assumption, "pointer not aligned as promised",
	value pointer UNUSED, value alignment UNUSED, value offset UNUSED)
HANDLER(pointer_overflow, "pointer arithmetic wraps", value base UNUSED,
	value result UNUSED)
HANDLER(builtin_unreachable, "unreachable code reached")
HANDLER(missing_return, "function ends without a value")
HANDLER(vla_bound_not_positive, "array of no positive length",
	value bound UNUSED)
HANDLER(load_invalid_value, "load of a value that its type has not",
	value v UNUSED)
HANDLER(invalid_builtin, "builtin called with a bad argument")
HANDLER(nonnull_arg, "null for an argument that must not be")
HANDLER(nonnull_return_v1, "null returned where it must not be",
	struct source_location *where UNUSED)
HANDLER(float_cast_overflow, "conversion overflows", value v UNUSED)
#endif
