/* yield: environments take turns. Run three of them on one CPU. */
#include "inc/lib.h"

int
main(int argc, char **argv)
{
	cprintf("Hello, I am environment %08x.\n", thisenv->id);
	for (int i = 0; i < 5; i++) {
		sys_yield();
		cprintf("Back in environment %08x, iteration %d.\n",
			thisenv->id, i);
	}
	cprintf("All done in environment %08x.\n", thisenv->id);
	return 0;
}
