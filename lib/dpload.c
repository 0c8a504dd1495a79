/*
 * dpload.c: programs into the memory of dataplanes, see inc/dpctl.h. Needs
 * the control plane's rights.
 */
#include "inc/dpctl.h"
#include "inc/lib.h"

#define CHUNK	65536

static int
find_program(const char *name, const char *suffix)
{
	char want[UINFO_NAME];

	snprintf(want, sizeof(want), "%s%s", name, suffix);
	for (uint32_t i = 0; i < uinfo->nprogram; i++)
		if (strcmp((const char *)uinfo->program[i], want) == 0)
			return i;
	return -E_NOT_FOUND;
}

int
dpload_image(const char *name, const char *suffix, struct dpload_image *out)
{
	size_t size;

	out->program = find_program(name, suffix);
	if (out->program < 0)
		return out->program;
	if (sys_program_read(out->program, 0, &out->h, sizeof(out->h)) !=
	    sizeof(out->h) || out->h.magic != ELF_MAGIC ||
	    out->h.class != ELF_CLASS_64 || out->h.phnum > DPLOAD_SEGMENTS)
		return -E_NOT_EXEC;
	size = out->h.phnum * sizeof(out->ph[0]);
	if (sys_program_read(out->program, out->h.phoff, out->ph, size) !=
	    (ssize_t)size)
		return -E_NOT_EXEC;
	return 0;
}

/* Copy len bytes of a program from `offset` on to va of a core. */
static int
copy_in(int dp, int core, uint64_t va, int program, uint64_t offset,
	uint64_t len)
{
	static uint8_t chunk[CHUNK];

	while (len > 0) {
		uint64_t n = MIN(len, (uint64_t)CHUNK);
		int64_t got = sys_program_read(program, offset, chunk, n);
		int64_t r;

		if (got <= 0)
			return got < 0 ? got : -E_EOF;
		r = sys_dp_write(dp, core, va, chunk, got);
		if (r < 0)
			return r;
		va += got;
		offset += got;
		len -= got;
	}
	return 0;
}

int
dpload_segments(int dp, int core, const struct dpload_image *im,
		uint64_t from, uint64_t to)
{
	for (int i = 0; i < im->h.phnum; i++) {
		const struct elf_phdr *ph = &im->ph[i];
		uint64_t start = ROUNDDOWN(ph->vaddr, PG2SIZE);
		uint64_t end = ROUNDUP(ph->vaddr + ph->memsz, PG2SIZE);
		uint32_t perm = (ph->flags & ELF_PF_W ? PTE_W : 0) |
			(ph->flags & ELF_PF_X ? PTE_X : 0);
		int r;

		if (ph->type != ELF_PT_LOAD || ph->memsz == 0 ||
		    ph->vaddr < from || ph->vaddr >= to)
			continue;
		r = sys_dp_alloc(dp, core, start, (end - start) / PG2SIZE,
				 perm);
		if (r == 0)
			r = copy_in(dp, core, ph->vaddr, im->program,
				    ph->offset, ph->filesz);
		if (r < 0)
			return r;
	}
	return 0;
}

uint32_t
dpload_data_pages(const struct dpload_image *im)
{
	uint64_t end = DP_DATA;

	for (int i = 0; i < im->h.phnum; i++)
		if (im->ph[i].type == ELF_PT_LOAD &&
		    im->ph[i].vaddr >= DP_DATA)
			end = MAX(end, im->ph[i].vaddr + im->ph[i].memsz);
	return (ROUNDUP(end, PG2SIZE) - DP_DATA) / PG2SIZE;
}
