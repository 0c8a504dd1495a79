/*
 * testspawn: a program started by another has its arguments, its own fresh
 * memory, and the descriptors of its parent; what cannot be started is
 * refused and leaves nothing behind.
 */
#include "inc/lib.h"
#include "inc/testing.h"

static const char *const words[] = {
	"testspawn", "child", "two words", "", "-x", NULL
};
static int data = 42;

/* The same program again, started with arguments: it answers on fd 1. */
static void
child(int argc, char **argv)
{
	bool ok = argc == (int)ARRAY_SIZE(words) - 1 && !argv[argc];

	for (int i = 0; ok && i < argc; i++)
		ok = strcmp(argv[i], words[i]) == 0;
	printf("args %s, data %d, name %s\n", ok ? "right" : "wrong", data,
	       (const char *)thisenv->name);
	for (int i = 0; i < 4; i++)
		check_eq(pte_perm(uvpt_lookup(child)) & (PTE_W | PTE_X), PTE_X);
}

static void
test_child(void)
{
	static const char want[] = "args right, data 42, name testspawn\n";
	char buf[100];
	envid_t id;
	ssize_t n;
	int p[2];

	if (pipe(p) < 0)
		panic("pipe");
	check_eq(p[0], 0);
	check_eq(p[1], 1);
	data = 7;
	id = spawn("testspawn", words);
	if (id < 0)
		panic("spawn: %e", id);
	close(p[1]);
	n = readn(p[0], buf, sizeof(buf) - 1);
	check_eq(n, strlen(want));
	buf[MAX(n, 0)] = '\0';
	check(strcmp(buf, want) == 0);
	wait(id);
	close(p[0]);
}

static void
test_refusals(void)
{
	static char huge[PGSIZE + 1];
	const char *const args[] = { "hello", huge, NULL };
	int64_t before;

	memset(huge, 'x', PGSIZE);
	check_eq(spawnl("nosuchprogram", "x", NULL), -E_NOT_FOUND);
	before = sys_pages_free();
	check_eq(spawn("hello", args), -E_TOO_BIG);
	check_eq(sys_pages_free(), before);
}

int
main(int argc, char **argv)
{
	if (argc > 1) {
		child(argc, argv);
		return 0;
	}
	test_begin();
	test_child();
	test_refusals();
	test_done();
}
