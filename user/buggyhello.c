/* buggyhello: a wild pointer given to a system call is refused. */
#include "inc/lib.h"

int
main(int argc, char **argv)
{
	int r = sys_cputs((char *)1, 1);

	cprintf("buggyhello: sys_cputs: %e\n", r);
	return 0;
}
