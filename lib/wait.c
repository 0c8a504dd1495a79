/* wait.c: waiting for the end of an environment. */
#include "inc/lib.h"

void
wait(envid_t env)
{
	sys_env_wait(env);
}
