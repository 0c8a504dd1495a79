/*
 * loader.c: maps an embedded ELF program into a new environment. Segments
 * are copied page by page through the physical map; text becomes executable
 * and not writable, everything else the reverse.
 */
#include "kern/loader.h"
#include "inc/elf.h"
#include "kern/env.h"
#include "kern/kernel.h"
#include "kern/pmap.h"

#define STACK_PAGES	16
#define MAX_ARGS	32
#define CMDLINE_MAX	512

const struct program *
program_find(const char *name)
{
	for (uint64_t i = 0; i < nprograms; i++)
		if (strcmp(programs[i].name, name) == 0)
			return &programs[i];
	return NULL;
}

/* The page of e at va, made if need be; with perm of an earlier segment too. */
static int
page_for(struct env *e, uint64_t va, uint64_t perm, struct page_info **out)
{
	struct page_info *pp = page_lookup(e->pml4, va, NULL);
	int r = 0;

	if (!pp) {
		pp = page_alloc(ALLOC_ZERO);
		if (!pp)
			return -E_NO_MEM;
		r = page_insert(e, pp, va, perm);
		if (r < 0)
			page_free(pp);
	}
	*out = pp;
	return r;
}

// @exercise load_segment 10 'Load a segment of a program'
static int
load_segment(struct env *e, const struct program *p,
	     const struct elf_phdr *ph)
{
	size_t size = p->end - p->start;
	uint64_t perm = PTE_U | (ph->flags & ELF_PF_W ? PTE_W : 0) |
		(ph->flags & ELF_PF_X ? PTE_X : PTE_NX);
	uint64_t end = ph->vaddr + ph->memsz;

	if (ph->filesz > ph->memsz || ph->offset > size ||
	    ph->filesz > size - ph->offset || ph->vaddr < UTEXT ||
	    end < ph->vaddr || end > USTACKTOP - USTACK_MAX ||
	    ((ph->flags & ELF_PF_W) && (ph->flags & ELF_PF_X)))
		return -E_NOT_EXEC;
	for (uint64_t va = ROUNDDOWN(ph->vaddr, PGSIZE); va < end;
	     va += PGSIZE) {
		uint64_t from = MAX(va, ph->vaddr);
		uint64_t to = MIN(va + PGSIZE, ph->vaddr + ph->filesz);
		struct page_info *pp;
		int r = page_for(e, va, perm, &pp);

		if (r < 0)
			return r;
		if (from < to)
			memcpy((char *)page2kva(pp) + (from - va),
			       p->start + ph->offset + (from - ph->vaddr),
			       to - from);
	}
	return 0;
}
// @end

static int
load_elf(struct env *e, const struct program *p)
{
	const struct elf_header *h = (const void *)p->start;
	size_t size = p->end - p->start;

	if (size < sizeof(*h) || h->magic != ELF_MAGIC ||
	    h->class != ELF_CLASS_64 || h->machine != ELF_MACHINE_X86_64 ||
	    h->phentsize != sizeof(struct elf_phdr) || h->phoff > size ||
	    h->phnum * sizeof(struct elf_phdr) > size - h->phoff)
		return -E_NOT_EXEC;
	for (int i = 0; i < h->phnum; i++) {
		const struct elf_phdr *ph =
			(const void *)(p->start + h->phoff) +
			i * sizeof(*ph);
		int r;

		if (ph->type != ELF_PT_LOAD)
			continue;
		r = load_segment(e, p, ph);
		if (r < 0)
			return r;
	}
	if (h->entry >= UTOP)
		return -E_NOT_EXEC;
	e->tf.rip = h->entry;
	return 0;
}

/* Split into words in place; their number, or -E_INVAL if too many. */
static int
split(char *s, char *argv[])
{
	int argc = 0;

	for (;;) {
		while (*s == ' ')
			*s++ = '\0';
		if (!*s)
			return argc;
		if (argc == MAX_ARGS)
			return -E_INVAL;
		argv[argc++] = s;
		while (*s && *s != ' ')
			s++;
	}
}

/*
 * The stack as a program finds it (lib/entry.S), in the System V manner:
 *
 *	USTACKTOP ->	argument strings
 *			0 (end of argv)
 *			argv[argc - 1] ... argv[0]
 *	rsp ->		argc
 */
static int
make_stack(struct env *e, int argc, char *argv[])
{
	struct page_info *top = NULL;
	uint64_t strings, words, sp;
	char *kstr;
	uint64_t *kwords;

	for (int i = STACK_PAGES; i > 0; i--) {
		int r = page_for(e, USTACKTOP - i * PGSIZE,
				 PTE_U | PTE_W | PTE_NX, &top);
		if (r < 0)
			return r;
	}
	strings = 0;
	for (int i = 0; i < argc; i++)
		strings += strlen(argv[i]) + 1;
	strings = ROUNDUP(strings, 16);
	words = ROUNDUP((uint64_t)argc + 3, 2);
	sp = USTACKTOP - strings - words * 8;
	kwords = page2kva(top) + PGOFF(sp);
	kstr = (char *)page2kva(top) + PGSIZE - strings;
	*kwords++ = argc;
	for (int i = 0; i < argc; i++) {
		size_t len = strlen(argv[i]) + 1;

		memcpy(kstr, argv[i], len);
		*kwords++ = USTACKTOP - PGSIZE + PGOFF(kstr);
		kstr += len;
	}
	e->tf.rsp = sp;
	return 0;
}

int
load_program(struct env *e, const char *cmdline)
{
	char line[CMDLINE_MAX], *argv[MAX_ARGS];
	const struct program *p;
	int argc, r;

	if (strlcpy(line, cmdline, sizeof(line)) >= sizeof(line))
		return -E_INVAL;
	argc = split(line, argv);
	if (argc <= 0)
		return -E_INVAL;
	p = program_find(argv[0]);
	if (!p)
		return -E_NOT_FOUND;
	strlcpy(e->name, argv[0], sizeof(e->name));
	r = load_elf(e, p);
	return r < 0 ? r : make_stack(e, argc, argv);
}
