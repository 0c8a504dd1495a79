/* faultread: reading address 0 kills. */
#include "inc/lib.h"

int
main(int argc, char **argv)
{
	cprintf("I read %08x from location 0!\n", *(volatile unsigned *)0);
	return 0;
}
