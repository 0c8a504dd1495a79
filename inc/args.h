/*
 * args.h: going through a program's arguments (lib/args.c).
 *
 *	struct args a;
 *	args_start(&a, argc, argv);
 *	while ((opt = args_option(&a)) != 0)
 *		switch (opt) {
 *		case 'n': n = args_number(&a, 1, 100); break;
 *		case 'v': verbose = true; break;
 *		default: args_usage("[-v] [-n COUNT] FILE...");
 *		}
 *	while ((file = args_next(&a)) != NULL) ...
 */
#ifndef JIX_INC_ARGS_H
#define JIX_INC_ARGS_H

#include "inc/types.h"

struct args {
	int left;		/* words not yet looked at */
	char **word;
	const char *flags;	/* rest of a word of options: "-vn5" */
};

void args_start(struct args *a, int argc, char **argv);
/* The next option's letter; 0 when there is none. "--" ends the options. */
int args_option(struct args *a);
/* The value of the option just returned: "-n5" or "-n 5"; null if missing. */
char *args_value(struct args *a);
/* The same as a number from min to max; else says so and exits. */
long args_number(struct args *a, long min, long max);
/* The next word that is no option; null at the end. */
char *args_next(struct args *a);
/* Print how the program is called and exit. */
void args_usage(const char *text) __attribute__((noreturn));

#endif
