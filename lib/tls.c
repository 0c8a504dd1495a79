/*
 * tls.c: thread-local storage as the x86-64 ABI has it (variant II): the copy
 * of the template ends, rounded up to its alignment, where FS points, and
 * there the thread finds its own address. lib/user.ld defines the bounds.
 */
#include "inc/lib.h"

extern char __tls_start[], __tls_file_end[], __tls_end[];
extern char __tls_align[];	/* absolute: its address is the value */

static size_t
block_size(void)
{
	return ROUNDUP((size_t)(__tls_end - __tls_start),
		       (size_t)__tls_align);
}

size_t
tls_size(void)
{
	size_t n = block_size();

	assert((size_t)__tls_align <= TLS_ALIGN);
	return n > 0 ? ROUNDUP(n, TLS_ALIGN) + TLS_ALIGN : 0;
}

uint64_t
tls_init(void *block)
{
	size_t n = block_size();
	char *fs = (char *)block + ROUNDUP(n, TLS_ALIGN);
	size_t filled = __tls_file_end - __tls_start;

	memset(block, 0, tls_size());
	memcpy(fs - n, __tls_start, filled);
	*(char **)fs = fs;
	return (uint64_t)fs;
}
