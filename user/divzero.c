/* divzero: dividing by zero kills. */
#include "inc/lib.h"

/* Volatile: the compiler would find a way around dividing otherwise. */
volatile int one = 1, zero;

int
main(int argc, char **argv)
{
	cprintf("1/0 is %08x!\n", one / zero);
	return 0;
}
