/*
 * impair.c: what a bad network does to frames: corruption, loss, duplication,
 * reordering and delay, drawn from a seeded generator per direction.
 *
 * The decisions depend on the seed and on the order of the frames alone.  A
 * reordered frame is held until one to four later frames have passed it, or
 * 5 ms when none come.  Corruption flips one bit behind the Ethernet header
 * of an IPv4 packet, where a checksum can tell; ARP is spared, since a
 * forged binding is no transmission error.
 */
#include <stdlib.h>
#include <string.h>
#include "frames.h"
#include "clock.h"

#define REORDER_WAIT	(5 * MSEC)
#define REORDER_DEPTH	4

void
impair_init(struct impair *im, const struct impair_config *cfg,
    uint64_t seed, unsigned stream, frame_fn out)
{
	memset(im, 0, sizeof(*im));
	im->cfg = *cfg;
	im->active = cfg->loss > 0 || cfg->dup > 0 || cfg->reorder > 0 ||
	    cfg->corrupt > 0 || cfg->delay || cfg->jitter;
	im->out = out;
	rng_seed(&im->rng, seed, stream);
}

static struct impair_held
keep(struct impair *im, const uint8_t *frame, size_t len)
{
	struct impair_held h = { .seq = im->seq++, .len = len };

	h.data = malloc(len ? len : 1);
	if (!h.data)
		abort();
	memcpy(h.data, frame, len);
	return h;
}

static int
earlier(const struct impair_held *a, const struct impair_held *b)
{
	return a->due != b->due ? a->due < b->due : a->seq < b->seq;
}

static void
heap_push(struct impair *im, struct impair_held h)
{
	if (im->nheap == im->heap_cap) {
		im->heap_cap = im->heap_cap ? 2 * im->heap_cap : 64;
		im->heap = realloc(im->heap, im->heap_cap * sizeof(h));
		if (!im->heap)
			abort();
	}
	size_t i = im->nheap++;
	for (; i > 0 && earlier(&h, &im->heap[(i - 1) / 2]); i = (i - 1) / 2)
		im->heap[i] = im->heap[(i - 1) / 2];
	im->heap[i] = h;
}

static struct impair_held
heap_pop(struct impair *im)
{
	struct impair_held top = im->heap[0], last = im->heap[--im->nheap];
	size_t i = 0, child;

	while ((child = 2 * i + 1) < im->nheap) {
		if (child + 1 < im->nheap &&
		    earlier(&im->heap[child + 1], &im->heap[child]))
			child++;
		if (!earlier(&im->heap[child], &last))
			break;
		im->heap[i] = im->heap[child];
		i = child;
	}
	im->heap[i] = last;
	return top;
}

/* The delay stage: the last one before the way out. */
static void
delay_stage(struct impair *im, const uint8_t *frame, size_t len, uint64_t now)
{
	uint64_t jitter = im->cfg.jitter ?
	    (uint64_t)(rng_unit(&im->rng) * (double)im->cfg.jitter) : 0;

	if (im->cfg.delay + jitter == 0) {
		im->out(frame, len);
		return;
	}
	struct impair_held h = keep(im, frame, len);
	h.due = now + im->cfg.delay + jitter;
	im->count.delayed++;
	heap_push(im, h);
}

static void
release(struct impair *im, unsigned i, uint64_t now)
{
	struct impair_held h = im->held[i];

	memmove(&im->held[i], &im->held[i + 1],
	    (--im->nheld - i) * sizeof(h));
	delay_stage(im, h.data, h.len, now);
	free(h.data);
}

/* The reordering stage: hold the frame back, or let it pass the held ones. */
static void
order_stage(struct impair *im, const uint8_t *frame, size_t len, uint64_t now)
{
	if (rng_percent(&im->rng, im->cfg.reorder) &&
	    im->nheld < IMPAIR_HELD_MAX) {
		struct impair_held h = keep(im, frame, len);
		h.due = now + REORDER_WAIT;
		h.after = 1 + rng_below(&im->rng, REORDER_DEPTH);
		im->held[im->nheld++] = h;
		im->count.reordered++;
		return;
	}
	delay_stage(im, frame, len, now);
	for (unsigned i = 0; i < im->nheld; )
		if (--im->held[i].after == 0)
			release(im, i, now);
		else
			i++;
}

/* A copy of @frame with one bit flipped; valid until the next call. */
static const uint8_t *
corrupted(struct impair *im, const uint8_t *frame, size_t len)
{
	static uint8_t copy[FRAME_MAX];

	if (len <= 14 || len > sizeof(copy) || frame[12] != 8 || frame[13])
		return frame;
	size_t bit = 14 * 8 + rng_below(&im->rng, (len - 14) * 8);
	memcpy(copy, frame, len);
	copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
	im->count.corrupted++;
	return copy;
}

void
impair_frame(struct impair *im, const uint8_t *frame, size_t len, uint64_t now)
{
	im->count.frames++;
	if (!im->active) {
		im->out(frame, len);
		return;
	}
	if (rng_percent(&im->rng, im->cfg.loss)) {
		im->count.lost++;
		return;
	}
	if (rng_percent(&im->rng, im->cfg.corrupt))
		frame = corrupted(im, frame, len);
	if (rng_percent(&im->rng, im->cfg.dup)) {
		im->count.duplicated++;
		order_stage(im, frame, len, now);
	}
	order_stage(im, frame, len, now);
}

void
impair_tick(struct impair *im, uint64_t now)
{
	for (unsigned i = 0; i < im->nheld; )
		if (im->held[i].due <= now)
			release(im, i, now);
		else
			i++;
	while (im->nheap && im->heap[0].due <= now) {
		struct impair_held h = heap_pop(im);
		im->out(h.data, h.len);
		free(h.data);
	}
}

uint64_t
impair_next(const struct impair *im)
{
	uint64_t next = im->nheap ? im->heap[0].due : NEVER;

	for (unsigned i = 0; i < im->nheld; i++)
		if (im->held[i].due < next)
			next = im->held[i].due;
	return next;
}

void
impair_free(struct impair *im)
{
	while (im->nheld)
		free(im->held[--im->nheld].data);
	while (im->nheap)
		free(im->heap[--im->nheap].data);
	free(im->heap);
	im->heap = NULL;
	im->heap_cap = 0;
}
