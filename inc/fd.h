/*
 * fd.h: file descriptors of ordinary environments (lib/fd.c). For programs:
 * the calls in the upper part. For devices (lib/console.c, lib/pipe.c, ...):
 * the lower part.
 *
 * A descriptor is a page of its own at a fixed address, marked PTE_SHARE: fork
 * and spawn pass it on, and it is open as long as it is mapped. A device may
 * map a data page beside it. Data pages lie above the descriptors: whoever
 * maps upwards-down and unmaps upwards keeps pipe.c's invariant.
 */
#ifndef JIX_INC_FD_H
#define JIX_INC_FD_H

#include "inc/memlayout.h"
#include "inc/mmu.h"
#include "inc/types.h"

#define MAXFD		1024
#define FDTABLE		VA(0x0000000f00000000)
#define FDDATA		(FDTABLE + MAXFD * PGSIZE)

/* Up to n bytes into buf: their number, 0 at the end, or an error. Blocks. */
ssize_t read(int fdnum, void *buf, size_t n);
/* Up to n bytes from buf: the number taken, or an error. Blocks. */
ssize_t write(int fdnum, const void *buf, size_t n);
/* All n bytes, unless the end or an error comes first: the number read. */
ssize_t readn(int fdnum, void *buf, size_t n);
int close(int fdnum);
void close_all(void);
/* Make newfd name what oldfd names, closing newfd first; returns newfd. */
int dup(int oldfd, int newfd);

#define FD_READ		1u
#define FD_WRITE	2u

struct fd {
	uint32_t dev_id;
	uint32_t mode;		/* FD_READ, FD_WRITE or both */
	int64_t priv;		/* the device's own: a socket's number ... */
};

/*
 * A kind of descriptor. read and write may be null: -E_NOT_SUPP. close gives
 * back what the device holds; the layer unmaps the pages itself: first the
 * descriptor's, then the data page, if any. fd.c has the table of devices.
 */
struct dev {
	uint32_t id;		/* a character, nonzero */
	const char *name;
	ssize_t (*read)(struct fd *fd, void *buf, size_t n);
	ssize_t (*write)(struct fd *fd, const void *buf, size_t n);
	int (*close)(struct fd *fd);
};

extern const struct dev dev_console;
extern const struct dev dev_pipe;
extern const struct dev dev_socket;	/* lib/sockets.c */

/*
 * Find the lowest free descriptor and map a zeroed page for it, marked as of
 * this device and mode. Its number and *fd, or -E_MAX_OPEN, -E_NO_MEM.
 */
int fd_alloc(const struct dev *dev, uint32_t mode, struct fd **fd);
/* The open descriptor of that number: 0 and *fd, or -E_INVAL. */
int fd_lookup(int fdnum, struct fd **fd);
/* Unmap a descriptor and its data page without asking the device. */
void fd_unmap(struct fd *fd);
int fd2num(const struct fd *fd);
/* Where its data page is, or may be mapped. */
void *fd2data(const struct fd *fd);

#endif
