/*
 * evsend.c: what connections of the event layer send: a list of pieces of
 * memory, oldest first: taken by the libOS and held until acknowledged, then
 * those not yet taken. Pieces are the program's memory, received bytes, or
 * copies made here.
 *
 * The libOS copies what one call offers if it is at most small_send bytes;
 * such pieces are free as soon as they are taken, and so are received bytes,
 * which the libOS itself holds.
 */
#include "lib/ix/ev.h"

/* Allocation sizes of copies, less what malloc adds; largest last. */
static const uint32_t copy_sizes[] = { 512 - 16, 4096 - 16, 16384 - 16 };

static struct ev_ref *
ref_new(struct ixev *c, uint32_t room)
{
	struct ev_ref *ref;

	if (c->refs == EV_REFS_MAX)
		return NULL;
	ref = room ? NULL : ev.free_refs;
	if (ref)
		ev.free_refs = ref->next;
	else
		ref = malloc(sizeof(*ref) + room);
	if (!ref)
		return NULL;
	ref->next = NULL;
	ref->addr = (char *)(ref + 1);
	ref->len = ref->taken = 0;
	ref->room = room;
	ref->held = ref->rx = false;
	ref->done = NULL;
	if (c->out)
		c->out_last->next = ref;
	else
		c->out = ref;
	if (!c->out_next)
		c->out_next = ref;
	c->out_last = ref;
	c->refs++;
	return ref;
}

static struct ev_ref *
copy_new(struct ixev *c, size_t len)
{
	uint32_t i = 0;

	while (i + 1 < ARRAY_SIZE(copy_sizes) &&
	       len > copy_sizes[i] - sizeof(struct ev_ref))
		i++;
	return ref_new(c, copy_sizes[i] - sizeof(struct ev_ref));
}

void
ev_send_release(struct ixev *c, bool all)
{
	struct ev_ref *ref;

	while ((ref = c->out) != NULL) {
		if (!all && (ref->taken < ref->len ||
			     (ref->held && ref->end > c->acked)))
			break;
		c->out = ref->next;
		if (c->out_next == ref)
			c->out_next = ref->next;
		c->refs--;
		c->queued -= ref->len;
		if (ref->done)
			ref->done(ref->arg, ref->len);
		if (ref->room) {
			free(ref);
		} else {
			ref->next = ev.free_refs;
			ev.free_refs = ref;
		}
	}
	if (c->told_no && c->queued <= EV_QUEUE_MAX / 2 &&
	    c->refs <= EV_REFS_MAX / 2) {
		c->told_no = false;
		ev_tell(c, IXEV_OUT);
	}
}

/* --- Calls and results -------------------------------------------------- */

/* Offer what waits: one IX_SENDV. False: no room in the batch. */
bool
ev_send_calls(struct ixev *c)
{
	uint32_t first = ev.niov, total = 0;
	struct ev_ref *ref;

	if (!c->out_next || c->blocked || c->offered)
		return true;
	for (ref = c->out_next; ref && total < 0xffff; ref = ref->next) {
		struct ix_iovec *v = &ev.iov[ev.niov];

		if (ev.niov == EV_IOVS || ev.niov - first == IX_IOV_MAX)
			break;
		v->addr = (uint64_t)(ref->addr + ref->taken);
		v->len = MIN(ref->len - ref->taken, 0xffff - total);
		total += v->len;
		ev.niov++;
	}
	if (total == 0)
		return false;
	if (!ev_call(&c->obj, IX_SENDV, c->handle, (uint64_t)&ev.iov[first],
		     ev.niov - first, 0)) {
		ev.niov = first;
		return false;
	}
	c->offered = total;
	ev.sending = true;
	if (c->want & (EV_WANT_FIN | EV_WANT_CLOSE))
		ev.look_again = true;
	return true;
}

void
ev_send_result(struct ixev *c, int64_t result)
{
	uint32_t offered = c->offered, left = MAX(result, 0l);
	bool small = offered <= ix_info()->small_send;

	c->offered = 0;
	c->taken += left;
	while (left > 0) {
		struct ev_ref *ref = c->out_next;
		uint32_t n = MIN(left, ref->len - ref->taken);

		ref->taken += n;
		left -= n;
		ref->held |= !small && !ref->rx;
		if (ref->taken == ref->len) {
			ref->end = c->taken - left;
			c->out_next = ref->next;
		}
	}
	if (result == -E_NO_MEM)
		ev.retry = true;
	else if (result < offered)
		c->blocked = true;	/* until IX_EV_SENT, or dead */
	ev_send_release(c, false);
	if ((c->out_next && !c->blocked) ||
	    (c->want & (EV_WANT_FIN | EV_WANT_CLOSE)))
		ev_mark_dirty(c);
}

/* --- Sending ------------------------------------------------------------ */

/* 0 if c can be sent to, now or later. */
static int
send_check(const struct ixev *c)
{
	if (c->state == EV_DEAD && c->error)
		return c->error;
	if (c->state >= EV_DEAD ||
	    (c->want & (EV_WANT_FIN | EV_WANT_CLOSE)))
		return -E_NOT_CONN;
	return 0;
}

static ssize_t
no_room(struct ixev *c)
{
	c->told_no = true;
	return -E_AGAIN;
}

bool
ixev_writable(const struct ixev *c)
{
	return c->state >= EV_DEAD ||
		(c->state == EV_OPEN && c->queued <= EV_QUEUE_MAX / 2 &&
		 c->refs <= EV_REFS_MAX / 2);
}

ssize_t
ixev_send(struct ixev *c, const void *buf, size_t len)
{
	size_t done = 0;
	int r = send_check(c);

	if (r < 0 || len == 0)
		return r;
	len = MIN(len, (size_t)(EV_QUEUE_MAX - MIN(c->queued, EV_QUEUE_MAX)));
	while (done < len) {
		struct ev_ref *ref = c->out_next ? c->out_last : NULL;
		uint32_t n;

		if (!ref || ref->len == ref->room || !ref->room)
			ref = copy_new(c, len - done);
		if (!ref)
			break;
		n = MIN(len - done, (size_t)(ref->room - ref->len));
		memcpy((char *)(ref + 1) + ref->len, (const char *)buf + done,
		       n);
		ref->len += n;
		c->queued += n;
		done += n;
	}
	if (done == 0)
		return no_room(c);
	ix_copied_send(done);
	ev_mark_dirty(c);
	return done;
}

int
ixev_send_zc(struct ixev *c, const void *p, size_t len, ixev_done_fn done,
	     void *arg)
{
	struct ev_ref *ref;
	int r = send_check(c);

	if (r < 0)
		return r;
	if (len > EV_QUEUE_MAX)
		return -E_TOO_BIG;
	if (len == 0) {
		if (done)
			done(arg, 0);
		return 0;
	}
	if (c->queued > 0 && c->queued + len > EV_QUEUE_MAX)
		return no_room(c);
	ref = ref_new(c, 0);
	if (!ref)
		return no_room(c);
	ref->addr = p;
	ref->len = len;
	ref->rx = (uint64_t)p - ev.pool <
		(uint64_t)EV_SEGS * RING_RX_BUFFER;
	ref->done = done;
	ref->arg = arg;
	c->queued += len;
	ev_mark_dirty(c);
	return 0;
}
