/* divzero: dividing by zero kills. */
#include "inc/lib.h"

volatile int zero;

int
main(int argc, char **argv)
{
	cprintf("1/0 is %08x!\n", 1 / zero);
	return 0;
}
