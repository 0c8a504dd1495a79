/*
 * args.c: the boot arguments. One string, "key=value key=value -- program
 * arguments; program arguments", from the firmware configuration file
 * opt/jix/args, so that no run rebuilds the image. Kept in UINFO for everybody
 * to read.
 */
#include "kern/kernel.h"

void
args_init(void)
{
	ssize_t n = fwcfg_read("opt/jix/args", uinfo->args, UINFO_ARGS - 1);

	uinfo->args[n < 0 ? 0 : n] = '\0';
}

/* Where the programs begin: after the word "--"; else at the end. */
static const char *
args_programs(void)
{
	const char *s = uinfo->args;

	for (; *s; s++)
		if (s[0] == '-' && s[1] == '-' &&
		    (s == uinfo->args || s[-1] == ' ') &&
		    (s[2] == ' ' || s[2] == '\0'))
			return s + 2;
	return s;
}

bool
args_get(const char *key, char *buf, size_t size)
{
	const char *s = uinfo->args, *end = args_programs();
	size_t klen = strlen(key);

	while (s < end) {
		const char *word = s;
		size_t n;

		while (s < end && *s != ' ')
			s++;
		n = s - word;
		while (s < end && *s == ' ')
			s++;
		if (n <= klen || word[klen] != '=' ||
		    memcmp(word, key, klen) != 0)
			continue;
		strlcpy(buf, word + klen + 1, MIN(size, n - klen));
		return true;
	}
	return false;
}

uint64_t
args_number(const char *key, uint64_t absent)
{
	char buf[32];

	return args_get(key, buf, sizeof(buf)) ? strtoull(buf, NULL, 0)
					       : absent;
}

bool
args_program(int n, char *buf, size_t size)
{
	const char *s = args_programs(), *end;
	size_t len;

	for (;;) {
		while (*s == ' ' || *s == ';')
			s++;
		if (!*s)
			return false;
		for (end = s; *end && *end != ';'; end++)
			;
		if (n-- == 0)
			break;
		s = end;
	}
	len = end - s;
	while (len > 0 && s[len - 1] == ' ')
		len--;
	strlcpy(buf, s, MIN(size, len + 1));
	return true;
}
