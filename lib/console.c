/*
 * console.c: the console as a descriptor, and character by character.
 */
#include "inc/lib.h"

#define CTRL_D	4		/* end of input, at the start of a read */

/* The next character; blocks. Another reader may take what we waited for. */
static int
console_get(void)
{
	int c;

	while ((c = sys_cgetc()) == 0)
		sys_console_wait();
	return c;
}

static ssize_t
console_read(struct fd *fd, void *buf, size_t n)
{
	int c;

	if (n == 0)
		return 0;
	c = console_get();
	if (c == CTRL_D)
		return 0;
	*(char *)buf = c;
	return 1;
}

static ssize_t
console_write(struct fd *fd, const void *buf, size_t n)
{
	size_t done = 0;
	ssize_t r;

	while (done < n) {
		r = sys_cputs((const char *)buf + done, n - done);
		if (r < 0)
			return r;
		done += r;
	}
	return done;
}

const struct dev dev_console = {
	.id = 'c',
	.name = "console",
	.read = console_read,
	.write = console_write,
};

int
opencons(void)
{
	struct fd *fd;

	return fd_alloc(&dev_console, FD_READ | FD_WRITE, &fd);
}

int
iscons(int fdnum)
{
	struct fd *fd;
	int r = fd_lookup(fdnum, &fd);

	return r < 0 ? r : fd->dev_id == dev_console.id;
}

void
cputchar(int c)
{
	char ch = c;

	sys_cputs(&ch, 1);
}

int
getchar(void)
{
	unsigned char c;
	struct fd *fd;
	ssize_t r;

	if (fd_lookup(0, &fd) < 0)
		return console_get();
	r = read(0, &c, 1);
	return r < 0 ? r : r == 0 ? -E_EOF : c;
}
