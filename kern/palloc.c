/*
 * palloc.c: the physical page allocator.
 *
 * Memory is handed out in pages of 4 KB and in contiguous, aligned ones of
 * 2 MB. Free memory lies on two lists: whole free 2 MB chunks, and single
 * pages of chunks that are partly used. A 4 KB page comes from the second
 * list; when that is empty a chunk is split. When the last page of a split
 * chunk comes back, the chunk returns to the first list: what was given back
 * can be had again in either size.
 *
 * Rules: big kernel lock held, or before the other CPUs start.
 */
#include "kern/pmap.h"
#include "kern/kernel.h"

#define CHUNK_PAGES	(PG2SIZE / PGSIZE)

struct page_info *pages;
size_t npages;

static struct page_info *free_pages;	/* single pages of split chunks */
static struct page_info *free_chunks;	/* first pages of whole chunks */
static uint16_t *chunk_free;		/* free pages of each chunk */
static size_t nfree;			/* 4 KB pages free in all */

static void
list_push(struct page_info **head, struct page_info *pp)
{
	pp->prev = NULL;
	pp->link = *head;
	if (*head)
		(*head)->prev = pp;
	*head = pp;
}

static void
list_remove(struct page_info **head, struct page_info *pp)
{
	if (pp->prev)
		pp->prev->link = pp->link;
	else
		*head = pp->link;
	if (pp->link)
		pp->link->prev = pp->prev;
	pp->link = pp->prev = NULL;
}

static size_t
chunk_of(const struct page_info *pp)
{
	return (size_t)(pp - pages) / CHUNK_PAGES;
}

void
palloc_init(uint16_t *chunk_counts)
{
	chunk_free = chunk_counts;
}

/* A whole chunk has become free: its pages leave the list of single ones. */
static void
chunk_join(size_t chunk)
{
	struct page_info *first = &pages[chunk * CHUNK_PAGES];

	for (size_t i = 0; i < CHUNK_PAGES; i++)
		list_remove(&free_pages, first + i);
	list_push(&free_chunks, first);
}

static bool
chunk_split(void)
{
	struct page_info *first = free_chunks;

	if (!first)
		return false;
	list_remove(&free_chunks, first);
	for (size_t i = CHUNK_PAGES; i > 0; i--)
		list_push(&free_pages, first + i - 1);
	return true;
}

// @exercise page_alloc 5 'Take a free page'
struct page_info *
page_alloc(int flags)
{
	struct page_info *pp;

	if (!free_pages && !chunk_split())
		return NULL;
	pp = free_pages;
	list_remove(&free_pages, pp);
	chunk_free[chunk_of(pp)]--;
	nfree--;
	pp->kind = PAGE_USED;
	if (flags & ALLOC_ZERO)
		memset(page2kva(pp), 0, PGSIZE);
	return pp;
}
// @end

struct page_info *
page_alloc_2m(int flags)
{
	struct page_info *first = free_chunks;

	if (!first)
		return NULL;
	list_remove(&free_chunks, first);
	chunk_free[chunk_of(first)] = 0;
	nfree -= CHUNK_PAGES;
	for (size_t i = 0; i < CHUNK_PAGES; i++)
		first[i].kind = PAGE_USED_2M;
	if (flags & ALLOC_ZERO)
		memset(page2kva(first), 0, PG2SIZE);
	return first;
}

static void
free_one(struct page_info *pp)
{
	size_t chunk = chunk_of(pp);

	pp->kind = PAGE_FREE;
	list_push(&free_pages, pp);
	nfree++;
	if (++chunk_free[chunk] == CHUNK_PAGES)
		chunk_join(chunk);
}

// @exercise page_free 5 'Give a page back'
void
page_free(struct page_info *pp)
{
	if (pp->refs != 0 || pp->kind == PAGE_FREE ||
	    pp->kind == PAGE_RESERVED)
		panic("page_free: page %lx has %u references, kind %u",
		      page2pa(pp), pp->refs, pp->kind);
	if (pp->kind == PAGE_USED_2M) {
		assert((size_t)(pp - pages) % CHUNK_PAGES == 0);
		for (size_t i = 0; i < CHUNK_PAGES; i++)
			pp[i].kind = PAGE_FREE;
		chunk_free[chunk_of(pp)] = CHUNK_PAGES;
		nfree += CHUNK_PAGES;
		list_push(&free_chunks, pp);
		return;
	}
	free_one(pp);
}
// @end

void
page_decref(struct page_info *pp)
{
	assert(pp->refs > 0);
	if (--pp->refs == 0)
		page_free(pp);
}

size_t
page_count_free(void)
{
	return nfree;
}

/* At boot: the page is ordinary memory that nobody uses yet. */
void
palloc_add(struct page_info *pp)
{
	if (pp->kind == PAGE_RESERVED)
		free_one(pp);
}
