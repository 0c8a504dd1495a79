/*
 * frames.h: raw Ethernet frames to and from QEMU's socket netdevs.
 *
 *	frames_send -> impairment -> pcap -> link	(our frames)
 *	link -> pcap -> impairment -> tap -> stack	(the peer's)
 *
 * The link never blocks: frames that the socket does not take at once wait in
 * a buffer.  The pcap file shows what was on the wire.
 */
#ifndef LOAD_FRAMES_H
#define LOAD_FRAMES_H

#include <stddef.h>
#include <stdint.h>
#include "opts.h"
#include "rng.h"

#define FRAME_MAX	69632		/* QEMU's own bound is a little above */
#define NEVER		UINT64_MAX

typedef void (*frame_fn)(const uint8_t *frame, size_t len);

/* link.c ------------------------------------------------------------------ */

/*
 * Opens the socket that @spec names: stream:PATH (connect, or with @listen
 * accept one peer), dgram:PATH (we are PATH.peer, or with @listen PATH),
 * dgram:OURS,THEIRS, or fd:N (a connected stream socket).  Waits at most
 * until @deadline (ns).  Returns 0, or -1 after printing why.
 */
int link_open(const char *spec, int listen, uint64_t deadline);

/* Uses the connected stream socket @fd. */
void link_use(int fd);

/* Queues one frame; dropped and counted when 64 MB wait already. */
void link_send(const uint8_t *frame, size_t len);

/* Writes what the socket takes now. */
void link_flush(void);

/* Reads once and hands over each frame; returns how many there were. */
unsigned link_poll(frame_fn input);

/* Bytes queued and not yet taken by the socket. */
size_t link_backlog(void);

/* Frames dropped because too many bytes waited. */
extern uint64_t link_dropped;

/* True after the peer closed the link or broke its framing. */
int link_closed(void);

/* Sleeps until the socket is ready or @until (ns, NEVER) has come. */
void link_wait(uint64_t until);

/* Closes the socket and removes the path that link_open() made. */
void link_close(void);

/* impair.c ---------------------------------------------------------------- */

struct impair_count {
	uint64_t frames, lost, duplicated, reordered, corrupted, delayed;
};

struct impair_held {
	uint64_t due;			/* ns */
	uint64_t seq;			/* order of arrival */
	unsigned after;			/* frames that shall pass first */
	size_t len;
	uint8_t *data;
};

#define IMPAIR_HELD_MAX	32

struct impair {
	struct impair_config cfg;
	int active;
	struct rng rng;
	frame_fn out;
	struct impair_count count;
	struct impair_held held[IMPAIR_HELD_MAX]; /* reordered */
	unsigned nheld;
	struct impair_held *heap;	/* delayed, earliest first */
	size_t nheap, heap_cap;
	uint64_t seq;
};

/* Prepares one direction: @stream keeps the two apart under one @seed. */
void impair_init(struct impair *im, const struct impair_config *cfg,
    uint64_t seed, unsigned stream, frame_fn out);

/* Passes one frame; it comes out zero, one or two times, now or later. */
void impair_frame(struct impair *im, const uint8_t *frame, size_t len,
    uint64_t now);

/* Lets out what is due at @now (ns). */
void impair_tick(struct impair *im, uint64_t now);

/* When impair_tick() has something to do (ns), or NEVER. */
uint64_t impair_next(const struct impair *im);

/* Frees what is held. */
void impair_free(struct impair *im);

/* frames.c ---------------------------------------------------------------- */

/*
 * A tap sees every incoming frame before the stack; it returns nonzero to
 * keep it from the stack.
 */
typedef int (*frame_tap)(const uint8_t *frame, size_t len);
extern frame_tap frames_tap;

extern struct impair frames_tx, frames_rx;

/* Prepares both directions from opt; @input gets what the tap leaves. */
int frames_init(frame_fn input);

/* Sends a frame of 0 to FRAME_MAX bytes. */
void frames_send(const uint8_t *frame, size_t len);

/* Takes in what has arrived; returns the number of frames. */
unsigned frames_poll(void);

/* Releases delayed frames and writes to the link. */
void frames_tick(uint64_t now);

/* When frames_tick() is next needed (ns), or NEVER. */
uint64_t frames_next(void);

/* Flushes and closes the pcap file and the link. */
void frames_close(void);

/* pcap.c ------------------------------------------------------------------ */

/* Starts writing to @path.  Returns 0, or -1 after printing why. */
int pcap_open(const char *path);

/* Records a frame; nothing while no file is open. */
void pcap_frame(const uint8_t *frame, size_t len);

/* Ends the file. */
void pcap_close(void);

#endif
