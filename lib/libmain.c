/*
 * libmain.c: from entry.S to main(), and the end of a program.
 */
#include "inc/lib.h"

const volatile struct env *thisenv;
const char *binaryname = "program";

/* Called by entry.S. Its frame, and so the TLS block, outlives main(). */
void libmain(int argc, char **argv) NORETURN;

void
libmain(int argc, char **argv)
{
	size_t n = tls_size();

	thisenv = &envs[ENVX(sys_getenvid())];
	if (argc > 0 && argv[0])
		binaryname = argv[0];
	if (n > 0) {
		void *block = __builtin_alloca_with_align(n, TLS_ALIGN * 8);

		sys_env_set_fs_base(0, tls_init(block));
	}
	main(argc, argv);
	exit();
}

void
exit(void)
{
	close_all();
	for (;;)
		sys_env_destroy(0);
}

void
panic_at(const char *file, int line, const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	cprintf("[%08x] user panic in %s at %s:%d: %s\n", sys_getenvid(),
		binaryname, file, line, text);
	for (;;)
		sys_env_destroy(0);
}
