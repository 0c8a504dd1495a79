/*
 * fd.c: file descriptors, see inc/fd.h.
 */
#include "inc/lib.h"

static const struct dev *const devices[] = {
	&dev_console,
	&dev_pipe,
	&dev_socket,
};

/* Every descriptor below this one is open. */
static int lowest_free;

int
fd2num(const struct fd *fd)
{
	return ((uint64_t)fd - FDTABLE) / PGSIZE;
}

void *
fd2data(const struct fd *fd)
{
	return (void *)(FDDATA + fd2num(fd) * PGSIZE);
}

static struct fd *
num2fd(int fdnum)
{
	return (struct fd *)(FDTABLE + fdnum * PGSIZE);
}

int
fd_alloc(const struct dev *dev, uint32_t mode, struct fd **fd)
{
	int r;

	for (int i = lowest_free; i < MAXFD; i++) {
		struct fd *f = num2fd(i);

		if (uvpt_lookup(f))
			continue;
		r = sys_page_alloc(0, f, PTE_P | PTE_U | PTE_W | PTE_SHARE);
		if (r < 0)
			return r;
		lowest_free = i + 1;
		f->dev_id = dev->id;
		f->mode = mode;
		*fd = f;
		return i;
	}
	return -E_MAX_OPEN;
}

int
fd_lookup(int fdnum, struct fd **fd)
{
	if (fdnum < 0 || fdnum >= MAXFD || !uvpt_lookup(num2fd(fdnum)))
		return -E_INVAL;
	*fd = num2fd(fdnum);
	return 0;
}

void
fd_unmap(struct fd *fd)
{
	lowest_free = MIN(lowest_free, fd2num(fd));
	sys_page_unmap(0, fd);
	sys_page_unmap(0, fd2data(fd));
}

static int
dev_lookup(int fdnum, struct fd **fd, const struct dev **dev)
{
	int r;

	if ((r = fd_lookup(fdnum, fd)) < 0)
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(devices); i++) {
		*dev = devices[i];
		if ((*dev)->id == (*fd)->dev_id)
			return 0;
	}
	return -E_INVAL;
}

ssize_t
read(int fdnum, void *buf, size_t n)
{
	const struct dev *dev;
	struct fd *fd;
	int r;

	if ((r = dev_lookup(fdnum, &fd, &dev)) < 0)
		return r;
	if (!(fd->mode & FD_READ))
		return -E_INVAL;
	return dev->read ? dev->read(fd, buf, n) : -E_NOT_SUPP;
}

ssize_t
write(int fdnum, const void *buf, size_t n)
{
	const struct dev *dev;
	struct fd *fd;
	int r;

	if ((r = dev_lookup(fdnum, &fd, &dev)) < 0)
		return r;
	if (!(fd->mode & FD_WRITE))
		return -E_INVAL;
	return dev->write ? dev->write(fd, buf, n) : -E_NOT_SUPP;
}

ssize_t
readn(int fdnum, void *buf, size_t n)
{
	size_t done = 0;
	ssize_t r;

	while (done < n) {
		r = read(fdnum, (char *)buf + done, n - done);
		if (r < 0)
			return r;
		if (r == 0)
			break;
		done += r;
	}
	return done;
}

int
close(int fdnum)
{
	const struct dev *dev;
	struct fd *fd;
	int r;

	if ((r = dev_lookup(fdnum, &fd, &dev)) < 0)
		return r;
	r = dev->close ? dev->close(fd) : 0;
	fd_unmap(fd);
	return r;
}

void
close_all(void)
{
	for (int i = 0; i < MAXFD; i++)
		close(i);
}

/* The data page is mapped before the descriptor: pipe.c relies on it. */
int
dup(int oldfd, int newfd)
{
	struct fd *from, *to = num2fd(newfd);
	pte_t data;
	int r;

	if ((r = fd_lookup(oldfd, &from)) < 0)
		return r;
	if (newfd < 0 || newfd >= MAXFD)
		return -E_INVAL;
	if (newfd == oldfd)
		return newfd;
	close(newfd);
	data = uvpt_lookup(fd2data(from));
	if (data) {
		r = sys_page_map(0, fd2data(from), 0, fd2data(to),
				 pte_perm(data));
		if (r < 0)
			return r;
	}
	r = sys_page_map(0, from, 0, to, pte_perm(uvpt_lookup(from)));
	if (r < 0) {
		sys_page_unmap(0, fd2data(to));
		return r;
	}
	return newfd;
}
