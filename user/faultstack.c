/* faultstack: endless recursion ends at the guard page below the stack. */
#include "inc/lib.h"

static volatile int limit = 1 << 30;	/* out of reach, but not known to be */

static int
deeper(volatile int n)
{
	return n < limit ? deeper(n + 1) + n : 0;
}

int
main(int argc, char **argv)
{
	cprintf("I returned from %d calls!\n", deeper(0));
	return 0;
}
