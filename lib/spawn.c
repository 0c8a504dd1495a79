/*
 * spawn.c: start a program in a new environment, all of it done by the
 * library: read the embedded ELF image piece by piece, map its segments,
 * build its stack, hand over the shared pages, set it running.
 */
#include "inc/elf.h"
#include "inc/lib.h"

#define STACK_PAGES	16
#define MAX_ARGS	128
#define PERM_RW		(PTE_P | PTE_U | PTE_W)

static void *const temp = (void *)UTEMP;

static int
find_program(const char *name)
{
	for (uint32_t i = 0; i < uinfo->nprogram; i++)
		if (strcmp((const char *)uinfo->program[i], name) == 0)
			return i;
	return -E_NOT_FOUND;
}

/*
 * Read exactly n bytes of a program's image. The kernel does not write to a
 * copy-on-write page, as buf may be after a fork: so write to it here first.
 */
static int
read_image(int program, uint64_t offset, void *buf, size_t n)
{
	size_t done = 0;
	ssize_t r;

	memset(buf, 0, n);
	while (done < n) {
		r = sys_program_read(program, offset + done,
				     (char *)buf + done, n - done);
		if (r < 0)
			return r;
		if (r == 0)
			return -E_NOT_EXEC;
		done += r;
	}
	return 0;
}

static uint32_t
segment_perm(const struct elf_phdr *ph)
{
	uint32_t perm = PTE_P | PTE_U;

	if (ph->flags & ELF_PF_W)
		perm |= PTE_W;
	if (ph->flags & ELF_PF_X)
		perm |= PTE_X;
	return perm;
}

/* Each page is filled at UTEMP, where it is writable, then mapped in place. */
static int
map_segment(envid_t child, int program, const struct elf_phdr *ph)
{
	uint32_t perm = segment_perm(ph);
	uint64_t off;
	int r;

	if (PGOFF(ph->vaddr) != 0 || ph->filesz > ph->memsz ||
	    ph->vaddr >= UTOP || ph->memsz > UTOP - ph->vaddr)
		return -E_NOT_EXEC;
	for (off = 0; off < ph->memsz; off += PGSIZE) {
		if ((r = sys_page_alloc(0, temp, PERM_RW)) < 0)
			return r;
		if (off < ph->filesz) {
			r = read_image(program, ph->offset + off, temp,
				       MIN(PGSIZE, ph->filesz - off));
			if (r < 0)
				return r;
		}
		r = sys_page_map(0, temp, child, (void *)(ph->vaddr + off),
				 perm);
		if (r < 0)
			return r;
	}
	return 0;
}

static int
map_program(envid_t child, int program, uint64_t *entry)
{
	struct elf_header eh;
	struct elf_phdr ph;
	int r;

	if ((r = read_image(program, 0, &eh, sizeof(eh))) < 0)
		return r;
	if (eh.magic != ELF_MAGIC || eh.class != ELF_CLASS_64 ||
	    eh.machine != ELF_MACHINE_X86_64 || eh.phentsize != sizeof(ph))
		return -E_NOT_EXEC;
	for (int i = 0; i < eh.phnum; i++) {
		r = read_image(program, eh.phoff + i * sizeof(ph), &ph,
			       sizeof(ph));
		if (r < 0)
			return r;
		if (ph.type != ELF_PT_LOAD)
			continue;
		if ((r = map_segment(child, program, &ph)) < 0)
			return r;
	}
	*entry = eh.entry;
	return 0;
}

/*
 * Write the arguments to the page at UTEMP as the child will see it, right
 * below USTACKTOP: argc, argv[], null, null (no environment variables), then
 * the strings. *rsp is where argc is, in the child's addresses.
 */
static int
fill_stack_page(const char *const *argv, uint64_t *rsp)
{
	uint64_t shift = USTACKTOP - PGSIZE - UTEMP;
	size_t room, len;
	uint64_t *word;
	char *string;
	int argc = 0;

	for (room = 0; argv[argc]; argc++) {
		room += strlen(argv[argc]) + 1;
		if (argc == MAX_ARGS || room > PGSIZE)
			return -E_TOO_BIG;
	}
	string = (char *)UTEMP + PGSIZE - room;
	if (room + (argc + 3) * sizeof(*word) + 16 > PGSIZE)
		return -E_TOO_BIG;
	word = (uint64_t *)string - (argc + 3);
	word = ROUNDDOWN(word, 16);
	*rsp = (uint64_t)word + shift;
	*word++ = argc;
	for (int i = 0; i < argc; i++) {
		len = strlen(argv[i]) + 1;
		memcpy(string, argv[i], len);
		*word++ = (uint64_t)string + shift;
		string += len;
	}
	*word++ = 0;
	*word = 0;
	return 0;
}

static int
map_stack(envid_t child, const char *const *argv, uint64_t *rsp)
{
	uint64_t va = USTACKTOP - PGSIZE;
	int r;

	if ((r = sys_page_alloc(0, temp, PERM_RW)) < 0 ||
	    (r = fill_stack_page(argv, rsp)) < 0 ||
	    (r = sys_page_map(0, temp, child, (void *)va, PERM_RW)) < 0)
		return r;
	for (int i = 1; i < STACK_PAGES; i++) {
		va -= PGSIZE;
		if ((r = sys_page_alloc(child, (void *)va, PERM_RW)) < 0)
			return r;
	}
	return 0;
}

static int
share_page(void *va, pte_t pte, void *arg)
{
	if (!(pte & PTE_SHARE))
		return 0;
	return sys_page_map(0, va, *(envid_t *)arg, va, pte_perm(pte));
}

/* Forget what exofork copied from the caller. */
static int
set_registers(envid_t child, uint64_t entry, uint64_t rsp)
{
	struct trapframe tf;
	int r;

	memcpy(&tf, (const void *)&envs[ENVX(child)].tf, sizeof(tf));
	memset(&tf.regs, 0, sizeof(tf.regs));
	tf.rip = entry;
	tf.rsp = rsp;
	tf.rflags = FL_IF | FL_MBS;
	if ((r = sys_env_set_trapframe(child, &tf)) < 0 ||
	    (r = sys_env_set_pgfault_upcall(child, NULL)) < 0)
		return r;
	return sys_env_set_fs_base(child, 0);
}

envid_t
spawn(const char *name, const char *const *argv)
{
	uint64_t entry, rsp;
	envid_t child;
	int program, r;

	if ((program = find_program(name)) < 0)
		return program;
	if ((child = sys_exofork()) < 0)
		return child;
	if ((r = map_program(child, program, &entry)) < 0 ||
	    (r = map_stack(child, argv, &rsp)) < 0 ||
	    (r = uvpt_walk(share_page, &child)) < 0 ||
	    (r = set_registers(child, entry, rsp)) < 0 ||
	    (r = sys_env_set_name(child, name, strlen(name))) < 0 ||
	    (r = sys_env_set_status(child, ENV_RUNNABLE)) < 0) {
		sys_env_destroy(child);
		child = r;
	}
	sys_page_unmap(0, temp);
	return child;
}

envid_t
spawnl(const char *name, const char *arg0, ...)
{
	const char *argv[MAX_ARGS + 1] = { arg0 };
	va_list ap;
	int n = 0;

	va_start(ap, arg0);
	while (argv[n] && n < MAX_ARGS)
		argv[++n] = va_arg(ap, const char *);
	va_end(ap);
	argv[MAX_ARGS] = NULL;
	return spawn(name, argv);
}
