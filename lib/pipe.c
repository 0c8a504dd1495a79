/*
 * pipe.c: pipes. Both ends map one data page with a ring; whoever finds it
 * empty or full yields and looks again, so no wakeup can be lost.
 *
 * Has the other end been closed everywhere, also by environments that were
 * killed? The kernel's reference counts, readable in the window UPAGES, tell.
 * Let r and w be those of the two descriptor pages, d that of the data page.
 * Every mapping of a descriptor is made after its data page's and removed
 * before it (fork and spawn go downwards, the kernel tears down upwards), so
 * at every instant d >= r + w; and once r is 0 it stays 0, for nobody is left
 * who could pass it on. The writer concludes r = 0 from d = w, the reader
 * likewise; other_end_closed() says why that needs care.
 */
#include "inc/lib.h"

#define PIPE_SIZE	2048	/* a power of two: positions wrap freely */

struct pipe {
	envid_t lock;		/* who is working on the ring; 0: nobody */
	uint32_t head;		/* bytes ever written */
	uint32_t tail;		/* bytes ever read */
	char ring[PIPE_SIZE];
};
_Static_assert(sizeof(struct pipe) <= PGSIZE, "a pipe is one page");

static bool
env_ended(envid_t id)
{
	const volatile struct env *e = &envs[ENVX(id)];

	return e->id != id || e->status == ENV_FREE;
}

/*
 * Several environments may share an end. A holder that was killed leaves the
 * ring consistent, since positions move last: its lock is taken over.
 */
static void
pipe_lock(struct pipe *p)
{
	envid_t me = thisenv->id, holder;

	for (;;) {
		holder = 0;
		if (__atomic_compare_exchange_n(&p->lock, &holder, me, false,
						__ATOMIC_ACQUIRE,
						__ATOMIC_RELAXED))
			return;
		if (env_ended(holder) &&
		    __atomic_compare_exchange_n(&p->lock, &holder, me, false,
						__ATOMIC_ACQUIRE,
						__ATOMIC_RELAXED))
			return;
		sys_yield();
	}
}

static void
pipe_unlock(struct pipe *p)
{
	__atomic_store_n(&p->lock, 0, __ATOMIC_RELEASE);
}

/* Mappings ever made in the machine, of which the kernel keeps count. */
static uint64_t
mappings_made(void)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < uinfo->ncpu; i++)
		n += ucount[i].c.pages_mapped;
	return n;
}

/*
 * The counts cannot be read all at once. With the other end open, d is at
 * least one above f; to see d = f = d all the same, a mapping of f must have
 * come between the first two reads and another gone between the last two.
 * The former is a system call that ended, and was counted, before the latter
 * began: the number of mappings made has changed, and we look again.
 */
static bool
other_end_closed(struct fd *fd)
{
	void *data = fd2data(fd);
	uint64_t made;
	uint32_t d, f;

	for (;;) {
		made = mappings_made();
		d = pageref(data);
		f = pageref(fd);
		if (d != f || pageref(data) != f)
			return false;
		if (mappings_made() == made)
			return true;
	}
}

/* Copy between the ring and a buffer; returns how much there was or fitted. */
static size_t
ring_take(struct pipe *p, char *buf, size_t n)
{
	size_t i;

	pipe_lock(p);
	n = MIN(n, (size_t)(p->head - p->tail));
	for (i = 0; i < n; i++)
		buf[i] = p->ring[(p->tail + i) % PIPE_SIZE];
	__atomic_store_n(&p->tail, p->tail + n, __ATOMIC_RELEASE);
	pipe_unlock(p);
	return n;
}

static size_t
ring_put(struct pipe *p, const char *buf, size_t n)
{
	size_t i;

	pipe_lock(p);
	n = MIN(n, (size_t)(PIPE_SIZE - (p->head - p->tail)));
	for (i = 0; i < n; i++)
		p->ring[(p->head + i) % PIPE_SIZE] = buf[i];
	__atomic_store_n(&p->head, p->head + n, __ATOMIC_RELEASE);
	pipe_unlock(p);
	return n;
}

/* What was written before the last writer closed is still to be read. */
static ssize_t
pipe_read(struct fd *fd, void *buf, size_t n)
{
	bool closed;
	size_t got;

	if (n == 0)
		return 0;
	for (;;) {
		closed = other_end_closed(fd);
		got = ring_take(fd2data(fd), buf, n);
		if (got > 0 || closed)
			return got;
		sys_yield();
	}
}

static ssize_t
pipe_write(struct fd *fd, const void *buf, size_t n)
{
	size_t done = 0, put;

	while (done < n) {
		if (other_end_closed(fd))
			return done > 0 ? (ssize_t)done : -E_EOF;
		put = ring_put(fd2data(fd), (const char *)buf + done, n - done);
		done += put;
		if (put == 0)
			sys_yield();
	}
	return done;
}

const struct dev dev_pipe = {
	.id = 'p',
	.name = "pipe",
	.read = pipe_read,
	.write = pipe_write,
};

int
pipe(int fds[2])
{
	struct fd *rd, *wr;
	int r;

	if ((r = fd_alloc(&dev_pipe, FD_READ, &rd)) < 0)
		return r;
	fds[0] = r;
	if ((r = fd_alloc(&dev_pipe, FD_WRITE, &wr)) < 0) {
		fd_unmap(rd);
		return r;
	}
	fds[1] = r;
	r = sys_page_alloc(0, fd2data(rd), PTE_P | PTE_U | PTE_W | PTE_SHARE);
	if (r >= 0)
		r = sys_page_map(0, fd2data(rd), 0, fd2data(wr),
				 PTE_P | PTE_U | PTE_W | PTE_SHARE);
	if (r < 0) {
		fd_unmap(rd);
		fd_unmap(wr);
	}
	return r;
}

int
pipeisclosed(int fdnum)
{
	struct fd *fd;
	int r;

	if ((r = fd_lookup(fdnum, &fd)) < 0)
		return r;
	if (fd->dev_id != dev_pipe.id)
		return -E_INVAL;
	return other_end_closed(fd);
}
