/* faultnull: calling a null function pointer kills. */
#include "inc/lib.h"

int
main(int argc, char **argv)
{
	void (*volatile fn)(void) = NULL;

	fn();
	cprintf("I called a null pointer!\n");
	return 0;
}
