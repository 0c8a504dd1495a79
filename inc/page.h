/*
 * page.h: what the kernel knows of each physical page, shown read-only to
 * everybody in the window UPAGES: entry n is the page at physical n * 4096.
 */
#ifndef JIX_INC_PAGE_H
#define JIX_INC_PAGE_H

#include "inc/types.h"

enum page_kind {
	PAGE_RESERVED = 0,	/* firmware, kernel image, holes */
	PAGE_FREE,
	PAGE_USED,
	PAGE_USED_2M,		/* part of a contiguous 2 MB page */
};

struct page_info {
	struct page_info *link;	/* next on a free list, kernel address */
	struct page_info *prev;	/* the one before */
	uint32_t refs;		/* mappings and other owners */
	uint32_t kind;		/* enum page_kind */
};

#endif
