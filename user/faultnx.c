/* faultnx: data is not executable: jumping into it kills. */
#include "inc/lib.h"

static unsigned char code[] = { 0xc3 };		/* ret */

int
main(int argc, char **argv)
{
	void (*volatile fn)(void) = (void (*)(void))code;

	fn();
	cprintf("I executed data!\n");
	return 0;
}
