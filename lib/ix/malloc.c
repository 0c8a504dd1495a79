/*
 * malloc.c: the heap, an arena per core: blocks of powers of two, each size
 * with its free list, cut from 2 MB pages. A block stays in its size and its
 * core. Blocks over half a page are pages of their own and are not joined.
 */
#include "inc/assert.h"
#include "inc/libix.h"
#include "inc/mmu.h"

#define SIZES		40
#define SIZE_MIN	5	/* 32 bytes, header included */
#define MAGIC		0x69786865617000ul

struct block {
	uint64_t magic;		/* MAGIC + log2 of the size */
	struct block *next;	/* while free */
};
_Static_assert(sizeof(struct block) == 16, "keeps memory aligned to 16");

static _Thread_local struct block *free_list[SIZES];
static _Thread_local char *page, *page_end;

static struct block *
cut(uint32_t log)
{
	size_t size = 1ul << log;
	struct block *b;

	if (size > PG2SIZE / 2)
		return ix_map(ROUNDUP(size, PG2SIZE) / PG2SIZE);
	if ((size_t)(page_end - page) < size) {
		page = ix_map(1);
		page_end = page ? page + PG2SIZE : NULL;
		if (!page)
			return NULL;
	}
	b = (struct block *)page;
	page += size;
	return b;
}

void *
malloc(size_t n)
{
	uint32_t log = SIZE_MIN;
	struct block *b;

	if (n == 0 || n > 1ul << 32)
		return NULL;
	while (1ul << log < n + sizeof(struct block))
		log++;
	b = free_list[log];
	if (b)
		free_list[log] = b->next;
	else
		b = cut(log);
	if (!b)
		return NULL;
	b->magic = MAGIC + log;
	return b + 1;
}

void
free(void *p)
{
	struct block *b = (struct block *)p - 1;
	uint64_t log;

	if (!p)
		return;
	log = b->magic - MAGIC;
	if (log >= SIZES)
		panic("free: %p is not from malloc, or freed already", p);
	b->magic = 0;
	b->next = free_list[log];
	free_list[log] = b;
}

void *
calloc(size_t count, size_t size)
{
	size_t n;
	void *p;

	if (__builtin_mul_overflow(count, size, &n))
		return NULL;
	p = malloc(n);
	return p ? memset(p, 0, n) : NULL;
}

void *
realloc(void *p, size_t n)
{
	struct block *b = (struct block *)p - 1;
	size_t room;
	void *q;

	if (!p)
		return malloc(n);
	room = (1ul << (b->magic - MAGIC)) - sizeof(*b);
	if (n > 0 && n <= room)
		return p;
	q = malloc(n);
	if (q) {
		memcpy(q, p, room);
		free(p);
	}
	return q;
}
