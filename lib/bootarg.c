/* bootarg.c: looking up NAME=value among the boot arguments in UINFO. */
#include "inc/lib.h"

bool
boot_arg(const char *name, char *buf, size_t size)
{
	size_t n = strlen(name);
	size_t i, k;
	char c;

	buf[0] = '\0';
	for (i = 0; i + n < UINFO_ARGS && uinfo->args[i] != '\0'; i++) {
		if (i > 0 && uinfo->args[i - 1] != ' ')
			continue;
		/* The words after "--" are the programs' own. */
		if (uinfo->args[i] == '-' && uinfo->args[i + 1] == '-' &&
		    uinfo->args[i + 2] == ' ')
			break;
		for (k = 0; k < n && uinfo->args[i + k] == name[k]; k++)
			;
		if (k < n || uinfo->args[i + n] != '=')
			continue;
		for (k = 0; k + 1 < size && i + n + 1 + k < UINFO_ARGS; k++) {
			c = uinfo->args[i + n + 1 + k];
			if (c == ' ' || c == '\0')
				break;
			buf[k] = c;
		}
		buf[k] = '\0';
		return true;
	}
	return false;
}
