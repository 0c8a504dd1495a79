/*
 * testmalloc: the heap under random use: no two blocks overlap, contents
 * stay, freed memory is used again, impossible sizes are refused.
 */
#include "inc/lib.h"
#include "inc/testing.h"

#define SLOTS	200
#define STEPS	20000

static unsigned char *slot[SLOTS];
static size_t size[SLOTS];
static uint64_t seed = 1;

static uint32_t
next_random(void)
{
	seed = seed * 6364136223846793005ul + 1442695040888963407ul;
	return seed >> 33;
}

static size_t
random_size(void)
{
	return next_random() % (next_random() % 16 == 0 ? 20000 : 300) + 1;
}

static bool
holds(int i, size_t n)
{
	for (size_t k = 0; k < n; k++)
		if (slot[i][k] != (unsigned char)(i + k))
			return false;
	return true;
}

static void
fill(int i)
{
	for (size_t k = 0; k < size[i]; k++)
		slot[i][k] = i + k;
}

static void
step(void)
{
	int i = next_random() % SLOTS;
	size_t old = size[i];

	if (slot[i])
		check(holds(i, old));
	if (slot[i] && next_random() % 2 == 0) {
		free(slot[i]);
		slot[i] = NULL;
		return;
	}
	size[i] = random_size();
	if (slot[i]) {
		slot[i] = realloc(slot[i], size[i]);
		check(holds(i, MIN(old, size[i])));
	} else {
		slot[i] = malloc(size[i]);
	}
	check(slot[i] && (uint64_t)slot[i] % 16 == 0);
	fill(i);
}

static void
free_twice(void *p)
{
	free(p);
	free(p);
}

int
main(int argc, char **argv)
{
	char *a, *b;

	test_begin();
	for (int i = 0; i < STEPS; i++)
		step();
	for (int i = 0; i < SLOTS; i++)
		free(slot[i]);

	/* All is free and joined: a block of nearly all of it fits in place. */
	a = malloc(100000);
	check((uint64_t)a == UHEAP + 16);
	memset(a, 0xff, 100000);
	free(a);
	b = calloc(1000, 100);
	check(b == a && b[0] == 0 && b[99999] == 0);
	free(b);

	check(malloc(0) == NULL);
	check(malloc(~0ul) == NULL);
	check(malloc(~0ul - 15) == NULL);
	check(calloc(1ul << 33, 1ul << 33) == NULL);
	free(NULL);
	a = malloc(10);
	check(realloc(a, ~0ul) == NULL);
	free(a);
	check(!test_survives(free_twice, malloc(10)));
	test_done();
}
