/*
 * malloc.c: the heap, from UHEAP upwards. Free blocks are on one list in the
 * order of their addresses; neighbours are joined when a block is freed, so
 * no two blocks of the list touch. First fit. The heap grows by pages and
 * keeps them until the environment ends.
 */
#include "inc/lib.h"

#define HEAP_MAX	(1ul << 32)
#define GROW		(4 * PGSIZE)	/* least growth */
#define USED		0x6a69786865617031ul	/* the link of a used block */

/* Before each block; sizes are multiples of 16 and count the header. */
struct block {
	size_t size;
	struct block *next;
};
_Static_assert(sizeof(struct block) == 16, "keeps blocks aligned to 16");

static struct block first = { .size = 0 };	/* head of the free list */
static uint64_t heap_end = UHEAP;

static struct block *
block_after(struct block *b)
{
	return (struct block *)((char *)b + b->size);
}

/* Put b back in its place and join it with the free blocks that it touches. */
static void
release(struct block *b)
{
	struct block *prev = &first;

	while (prev->next && prev->next < b)
		prev = prev->next;
	b->next = prev->next;
	prev->next = b;
	if (b->next == block_after(b)) {
		b->size += b->next->size;
		b->next = b->next->next;
	}
	if (prev != &first && block_after(prev) == b) {
		prev->size += b->size;
		prev->next = b->next;
	}
}

/* Add at least n bytes at the end of the heap; all or nothing. */
static bool
grow(size_t n)
{
	struct block *b = (struct block *)heap_end;
	uint64_t end = heap_end + ROUNDUP(n, GROW), va;

	if (end > UHEAP + HEAP_MAX)
		return false;
	for (va = heap_end; va < end; va += PGSIZE)
		if (sys_page_alloc(0, (void *)va, PTE_P | PTE_U | PTE_W) < 0)
			break;
	if (va < end) {
		while (va > heap_end) {
			va -= PGSIZE;
			sys_page_unmap(0, (void *)va);
		}
		return false;
	}
	b->size = end - heap_end;
	heap_end = end;
	release(b);
	return true;
}

/* Take a block of exactly `size` bytes from the list; null if there is none. */
static struct block *
take(size_t size)
{
	struct block *prev, *b, *rest;

	for (prev = &first; (b = prev->next) != NULL; prev = b)
		if (b->size >= size)
			break;
	if (!b)
		return NULL;
	prev->next = b->next;
	if (b->size >= size + 2 * sizeof(*b)) {
		rest = (struct block *)((char *)b + size);
		rest->size = b->size - size;
		rest->next = b->next;
		prev->next = rest;
		b->size = size;
	}
	b->next = (struct block *)USED;
	return b;
}

void *
malloc(size_t n)
{
	size_t size = ROUNDUP(n, 16) + sizeof(struct block);
	struct block *b;

	if (n == 0 || n > HEAP_MAX)
		return NULL;
	b = take(size);
	if (!b && grow(size))
		b = take(size);
	return b ? b + 1 : NULL;
}

void *
calloc(size_t count, size_t size)
{
	void *p;
	size_t n;

	if (__builtin_mul_overflow(count, size, &n))
		return NULL;
	p = malloc(n);
	return p ? memset(p, 0, n) : NULL;
}

static struct block *
block_of(void *p)
{
	struct block *b = (struct block *)p - 1;

	if ((uint64_t)p % 16 != 0 || (uint64_t)p < UHEAP ||
	    (uint64_t)p >= heap_end || b->next != (struct block *)USED)
		panic("free: %p is not from malloc, or freed already", p);
	return b;
}

void *
realloc(void *p, size_t n)
{
	size_t room;
	void *q;

	if (!p)
		return malloc(n);
	room = block_of(p)->size - sizeof(struct block);
	if (n > 0 && n <= room)
		return p;
	q = malloc(n);
	if (q) {
		memcpy(q, p, room);
		free(p);
	}
	return q;
}

void
free(void *p)
{
	if (p)
		release(block_of(p));
}
