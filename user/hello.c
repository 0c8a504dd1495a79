/* hello: the first program: it runs, prints, and knows its own id. */
#include "inc/lib.h"

int
main(int argc, char **argv)
{
	cprintf("hello, world\n");
	cprintf("i am environment %08x\n", thisenv->id);
	return 0;
}
