/*
 * elf.h: the parts of ELF-64 that the loaders need (System V ABI, gabi 4+).
 */
#ifndef JIX_INC_ELF_H
#define JIX_INC_ELF_H

#include "inc/types.h"

#define ELF_MAGIC	0x464c457fu	/* "\x7fELF", little endian */
#define ELF_MACHINE_X86_64	62
#define ELF_CLASS_64	2

struct elf_header {
	uint32_t magic;
	uint8_t class;
	uint8_t ident[11];
	uint16_t type;
	uint16_t machine;
	uint32_t version;
	uint64_t entry;
	uint64_t phoff;
	uint64_t shoff;
	uint32_t flags;
	uint16_t ehsize;
	uint16_t phentsize;
	uint16_t phnum;
	uint16_t shentsize;
	uint16_t shnum;
	uint16_t shstrndx;
};
_Static_assert(sizeof(struct elf_header) == 64, "ELF header size");

#define ELF_PT_LOAD	1
#define ELF_PT_TLS	7
#define ELF_PF_X	1
#define ELF_PF_W	2
#define ELF_PF_R	4

struct elf_phdr {
	uint32_t type;
	uint32_t flags;
	uint64_t offset;
	uint64_t vaddr;
	uint64_t paddr;
	uint64_t filesz;
	uint64_t memsz;
	uint64_t align;
};
_Static_assert(sizeof(struct elf_phdr) == 56, "ELF program header size");

#endif
