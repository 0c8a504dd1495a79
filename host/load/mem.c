/*
 * mem.c: lwIP's memory: one free list per size class, grown in slabs and
 * never given back.  Allocation and release are a few instructions, which
 * lwIP's own first-fit heap is not, and nothing limits the number of
 * connections.  Only lwIP calls it (lwipopts.h); the sanitizer build uses the
 * C library's heap instead, so that every object is checked by itself.
 */
#include "lwip/opt.h"

#ifndef LOAD_LIBC_HEAP
#include <stdlib.h>
#include <string.h>

#define CLASS_BYTES	64
#define CLASSES		33		/* up to 2 KB and the header */
#define SLAB		(256 * 1024)
#define LARGE		CLASSES		/* class of what malloc() gave */

struct head {
	size_t class;
	struct head *next;		/* in the free list */
};

static struct head *freelist[CLASSES];

/* Cuts a new slab into objects of @class. */
static int
grow(size_t class)
{
	size_t size = (class + 1) * CLASS_BYTES;
	uint8_t *slab = malloc(SLAB);

	if (!slab)
		return 0;
	for (size_t at = 0; at + size <= SLAB; at += size) {
		struct head *h = (struct head *)(void *)(slab + at);
		h->class = class;
		h->next = freelist[class];
		freelist[class] = h;
	}
	return 1;
}

void *
load_mem_alloc(size_t n)
{
	size_t class = (n + sizeof(struct head) - 1) / CLASS_BYTES;
	struct head *h;

	if (class >= CLASSES) {
		h = malloc(n + sizeof(*h));
		if (!h)
			return NULL;
		h->class = LARGE;
		return h + 1;
	}
	if (!freelist[class] && !grow(class))
		return NULL;
	h = freelist[class];
	freelist[class] = h->next;
	return h + 1;
}

void *
load_mem_calloc(size_t count, size_t n)
{
	void *p = load_mem_alloc(count * n);

	if (p)
		memset(p, 0, count * n);
	return p;
}

void
load_mem_free(void *p)
{
	struct head *h = (struct head *)p - 1;

	if (h->class == LARGE) {
		free(h);
		return;
	}
	h->next = freelist[h->class];
	freelist[h->class] = h;
}
#endif
