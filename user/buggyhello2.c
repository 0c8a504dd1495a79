/*
 * buggyhello2: a good pointer with a length that runs out of the mapped
 * memory is refused; nothing is printed of it.
 */
#include "inc/lib.h"

int
main(int argc, char **argv)
{
	static const char text[] = "hello, world\n";
	char *end = (char *)UHEAP + PGSIZE;
	int r;

	r = sys_page_alloc(0, (void *)UHEAP, PTE_P | PTE_U | PTE_W);
	if (r < 0)
		panic("page_alloc: %e", r);
	memcpy(end - sizeof(text), text, sizeof(text));
	r = sys_cputs(end - sizeof(text), 1024 * 1024);
	cprintf("buggyhello2: sys_cputs: %e\n", r);
	return 0;
}
