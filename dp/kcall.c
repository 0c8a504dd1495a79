/*
 * kcall.c: what the libOS gets from the kernel: console output and physical
 * addresses of its own and the application's 2 MB pages.
 */
#include "dp/libos.h"
#include "inc/stdio.h"

#define DATA_PAGES	((DP_DATA_END - DP_DATA) >> PG2SHIFT)
#define POOL_PAGES	((DP_RXPOOL_END - DP_RXPOOL) >> PG2SHIFT)
#define PAGE_CACHE	1024

static physaddr_t data_pa[DATA_PAGES];
static physaddr_t pool_pa[POOL_PAGES];
static physaddr_t sys_pa;

/*
 * The application's pages, as the kernel said once: they stay where they are
 * until the dataplane ends. Direct-mapped; tag is the page's number, 0 none.
 */
static struct {
	uint64_t tag;
	physaddr_t pa;
} page_cache[PAGE_CACHE];

void
dp_phys_init(void)
{
	uint64_t pool = boot->rx_buffers / (PG2SIZE / RING_RX_BUFFER);

	for (uint64_t i = 0; i < boot->data_pages && i < DATA_PAGES; i++)
		data_pa[i] = kcall(DPC_PHYS, DP_DATA + i * PG2SIZE, 0);
	for (uint64_t i = 0; i < pool && i < POOL_PAGES; i++)
		pool_pa[i] = kcall(DPC_PHYS, DP_RXPOOL + i * PG2SIZE, 0);
	sys_pa = kcall(DPC_PHYS, DP_SYS, 0);
}

/* The page that holds va, of the application's half; 0 if there is none. */
static physaddr_t
user_page(uint64_t va)
{
	uint64_t page = va >> PG2SHIFT;
	uint64_t slot = page % PAGE_CACHE;
	int64_t pa;

	if (likely(page_cache[slot].tag == page))
		return page_cache[slot].pa;
	pa = kcall(DPC_PHYS, page << PG2SHIFT, 0);
	if (pa <= 0)
		return 0;
	page_cache[slot].tag = page;
	page_cache[slot].pa = pa;
	return pa;
}

physaddr_t
dp_dma_addr(uint64_t va, uint32_t *run)
{
	uint64_t off = va & (PG2SIZE - 1);

	*run = PG2SIZE - off;
	if (va >= DP_DATA && va < DP_DATA_END)
		return data_pa[(va - DP_DATA) >> PG2SHIFT] + off;
	if (va >= DP_RXPOOL && va < DP_RXPOOL_END)
		return pool_pa[(va - DP_RXPOOL) >> PG2SHIFT] + off;
	if (va >= DP_SYS && va < DP_SYS_END)
		return sys_pa + off;
	return user_page(va) + off;
}

bool
dp_user_ok(uint64_t va, uint64_t len)
{
	uint64_t end = va + len;

	if (end < va || va < IX_TEXT || end > IX_END)
		return false;
	/* Receive pools are told by rxbuf_shown(). */
	if (va >= IX_CORES &&
	    ((va & ((1ul << IX_CORE_SHIFT) - 1)) >= IX_RXPOOL_OFF ||
	     ((end - 1) & ((1ul << IX_CORE_SHIFT) - 1)) >= IX_RXPOOL_OFF))
		return false;
	if (len == 0)
		return true;
	for (uint64_t p = va >> PG2SHIFT; p <= (end - 1) >> PG2SHIFT; p++)
		if (!user_page(p << PG2SHIFT))
			return false;
	return true;
}

/* --- Printing ---------------------------------------------------------- */

static char line[512];
static uint32_t line_len;

static void
put(int c, void *arg)
{
	line[line_len++] = c;
	if (line_len == sizeof(line)) {
		kcall(DPC_PRINT, (uint64_t)line, line_len);
		line_len = 0;
	}
}

int
vcprintf(const char *fmt, va_list ap)
{
	vprintfmt(put, NULL, fmt, ap);
	kcall(DPC_PRINT, (uint64_t)line, line_len);
	line_len = 0;
	return 0;
}

int
cprintf(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vcprintf(fmt, ap);
	va_end(ap);
	return 0;
}

void
panic_at(const char *file, int lineno, const char *fmt, ...)
{
	va_list ap;

	cprintf("libOS panic, core %u, %s:%d: ", core, file, lineno);
	va_start(ap, fmt);
	vcprintf(fmt, ap);
	va_end(ap);
	cprintf("\n");
	__builtin_trap();
}
