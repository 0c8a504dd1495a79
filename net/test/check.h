/*
 * check.h: what the unit tests of lib/lwip/ count. Not host/test/test.h, whose
 * <stdio.h> does not go with the tree's own headers.
 */
#ifndef JIX_NET_TEST_CHECK_H
#define JIX_NET_TEST_CHECK_H

int printf(const char *fmt, ...);

static int passed, failed;

static void
ok(bool condition, const char *name)
{
	printf("%s %s\n", condition ? "ok" : "FAIL", name);
	if (condition)
		passed++;
	else
		failed++;
}

#endif
