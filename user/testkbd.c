/*
 * testkbd: lines typed at the console, read through a descriptor and printed
 * through another, until ^D or an empty line.
 */
#include "inc/lib.h"

int
main(int argc, char **argv)
{
	char *line;
	int r;

	if ((r = opencons()) != 0)
		panic("first opencons: %e", r);
	if ((r = dup(0, 1)) < 0)
		panic("dup: %e", r);
	while ((line = readline("Type a line: ")) != NULL && *line != '\0')
		fprintf(1, "%s\n", line);
	printf("testkbd: done\n");
	return 0;
}
