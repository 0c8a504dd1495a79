/*
 * evilnic: an ordinary environment may neither send nor receive frames, nor
 * make itself one that may.
 */
#include "inc/lib.h"
#include "inc/testing.h"

int
main(int argc, char **argv)
{
	static char frame[1514];
	envid_t child;

	test_begin();
	for (uint32_t nic = 0; nic < UINFO_NICS + 1; nic++) {
		check_eq(sys_net_transmit(nic, frame, sizeof(frame)), -E_PERM);
		check_eq(sys_net_receive(nic, frame, sizeof(frame), 0),
			 -E_PERM);
		check_eq(sys_net_receive(nic, frame, sizeof(frame), NET_BLOCK),
			 -E_PERM);
	}
	check_eq(sys_net_transmit(~0u, (void *)KERNBASE, ~0ul), -E_PERM);
	check_eq(sys_net_receive(0, (void *)KERNBASE, ~0ul, ~0u), -E_PERM);

	child = sys_exofork();
	check(child > 0);
	for (uint32_t type = 0; type < 6; type++) {
		check_eq(sys_env_set_type(0, type), -E_PERM);
		check_eq(sys_env_set_type(child, type), -E_PERM);
	}
	check_eq(thisenv->type, ENV_TYPE_USER);
	check_eq(envs[ENVX(child)].type, ENV_TYPE_USER);
	check_eq(sys_env_destroy(child), 0);
	test_done();
}
