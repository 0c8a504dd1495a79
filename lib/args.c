/*
 * args.c: program arguments, see inc/args.h.
 */
#include "inc/lib.h"

void
args_start(struct args *a, int argc, char **argv)
{
	a->left = argc > 0 ? argc - 1 : 0;
	a->word = argv + 1;
	a->flags = "";
}

int
args_option(struct args *a)
{
	const char *w;

	if (*a->flags != '\0')
		return *a->flags++;
	if (a->left == 0)
		return 0;
	w = *a->word;
	if (w[0] != '-' || w[1] == '\0')
		return 0;
	a->left--;
	a->word++;
	if (strcmp(w, "--") == 0)
		return 0;
	a->flags = w + 2;
	return w[1];
}

char *
args_value(struct args *a)
{
	char *value = (char *)a->flags;

	a->flags = "";
	return *value != '\0' ? value : args_next(a);
}

long
args_number(struct args *a, long min, long max)
{
	char *value = args_value(a), *end;
	long n;

	if (value) {
		n = strtol(value, &end, 0);
		if (end != value && *end == '\0' && n >= min && n <= max)
			return n;
	}
	cprintf("%s: a number from %ld to %ld is wanted, not '%s'\n",
		binaryname, min, max, value ? value : "");
	exit();
}

char *
args_next(struct args *a)
{
	if (a->left == 0)
		return NULL;
	a->left--;
	return *a->word++;
}

void
args_usage(const char *text)
{
	cprintf("usage: %s %s\n", binaryname, text);
	exit();
}
