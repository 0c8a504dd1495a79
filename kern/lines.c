/*
 * lines.c: look up function, file and line of a kernel address. The tables
 * are made by conf/mklines.py and linked in as read-only data; this file alone
 * knows their layout. Relies on nothing but memory.
 */
#include "kern/lines.h"

#include "inc/memlayout.h"
#include "inc/string.h"

/* From this address on, up to the next row's, code belongs to this line. */
struct lines_row {
	uint32_t text;		/* address less KERNBASE */
	uint16_t file;		/* index into lines_files[], 0: no code */
	uint16_t line;
};

struct lines_func {
	uint32_t start;		/* first byte, less KERNBASE */
	uint32_t end;		/* one past its last byte */
	uint32_t name;		/* offset in lines_strings[] */
};

/* Both tables are sorted by address. */
extern const struct lines_row lines_rows[];
extern const uint32_t lines_nrows;
extern const struct lines_func lines_funcs[];
extern const uint32_t lines_nfuncs;
extern const uint32_t lines_files[];	/* offsets in lines_strings[] */
extern const char lines_strings[];

/*
 * The index of the last of n entries, each size bytes long and beginning with
 * its address, that does not lie above text; -1 if all do.
 */
static long
find_last(const void *table, size_t n, size_t size, uint32_t text)
{
	size_t low = 0, high = n, mid;
	const uint32_t *entry;

	while (low < high) {
		mid = low + (high - low) / 2;
		entry = (const void *)((const char *)table + mid * size);
		if (*entry <= text)
			low = mid + 1;
		else
			high = mid;
	}
	return (long)low - 1;
}

bool
lines_find(uint64_t ip, struct lines_place *place)
{
	uint32_t text = (uint32_t)(ip - KERNBASE);
	const struct lines_func *func;
	const struct lines_row *row;
	long i;

	*place = (struct lines_place){ .function = "?", .file = "?" };
	if (ip < KERNBASE)
		return false;

	i = find_last(lines_rows, lines_nrows, sizeof(*row), text);
	if (i >= 0 && lines_rows[i].file) {
		row = &lines_rows[i];
		place->file = lines_strings + lines_files[row->file];
		place->line = row->line;
	}
	i = find_last(lines_funcs, lines_nfuncs, sizeof(*func), text);
	if (i < 0 || text >= lines_funcs[i].end)
		return false;
	func = &lines_funcs[i];
	place->function = lines_strings + func->name;
	place->offset = text - func->start;
	return true;
}

uint64_t
lines_function(const char *name)
{
	uint32_t i;

	for (i = 0; i < lines_nfuncs; i++)
		if (strcmp(lines_strings + lines_funcs[i].name, name) == 0)
			return KERNBASE + lines_funcs[i].start;
	return 0;
}
