/*
 * hog.c: computes for ever: what a server's neighbours may do to it.
 */
#include "inc/lib.h"

int
main(int argc, char **argv)
{
	for (;;)
		__asm__ volatile("");
}
