/*
 * primes [LIMIT]: the prime sieve as a chain of environments. Each receives
 * numbers from its left neighbour, prints the first, which is prime, and
 * passes on those that it does not divide. 0 ends the chain.
 */
#include "inc/lib.h"

/* Fork the next of the chain; the child receives its own first number. */
static envid_t
extend_chain(void)
{
	envid_t right = fork();

	if (right < 0)
		panic("fork: %e", right);
	return right;
}

static void
sieve(void)
{
	envid_t left, right;
	int64_t p, n;

	do {
		p = ipc_recv(&left, NULL, NULL);
		if (p == 0)
			return;
		cprintf("CPU %d: %ld is a prime\n", thisenv->cpu, p);
	} while ((right = extend_chain()) == 0);

	do {
		n = ipc_recv(NULL, NULL, NULL);
		if (n == 0 || n % p != 0)
			ipc_send(right, n, NULL, 0);
	} while (n != 0);
	wait(right);
}

int
main(int argc, char **argv)
{
	long limit = argc > 1 ? atoi(argv[1]) : 1877;
	envid_t first = extend_chain();

	if (first == 0) {
		sieve();
		return 0;
	}
	for (long i = 2; i <= limit; i++)
		ipc_send(first, i, NULL, 0);
	ipc_send(first, 0, NULL, 0);
	wait(first);
	cprintf("primes: OK\n");
	return 0;
}
