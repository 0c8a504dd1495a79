/* faultwrite: writing to address 0 kills. */
#include "inc/lib.h"

int
main(int argc, char **argv)
{
	*(volatile unsigned *)0 = 0;
	cprintf("I wrote to location 0!\n");
	return 0;
}
