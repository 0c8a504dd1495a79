/*
 * evsend.c: what connections of the event layer send: a list of pieces of
 * memory, oldest first: taken by the libOS and held until acknowledged, then
 * those not yet taken. Pieces are the program's memory, received bytes, or
 * copies made here.
 *
 * A piece is offered at once, unless another waits before it: all of a
 * connection's in one IX_SENDV of the batch, for of two the libOS might refuse
 * the first and take the second. What is refused waits for the next batch, or
 * for room.
 *
 * The libOS copies what one call offers if it is at most small_send bytes;
 * such pieces are free as soon as they are taken, and so are received bytes,
 * which the libOS itself holds.
 */
#include "lib/ix/ev.h"

#define IOV_LEN_MAX	0xffffu	/* bytes of one element, as the libOS wants */

/* Allocation sizes of copies, less what malloc adds; largest last. */
static const uint32_t copy_sizes[] = { 512 - 16, 4096 - 16, 16384 - 16 };

/* A piece, at the end of c's list: the caller says of which memory. */
static inline struct ev_ref *
ref_new(struct ixev *c, uint32_t room)
{
	struct ev_ref *ref = room ? NULL : ev.free_refs;

	if (c->refs == EV_REFS_MAX)
		return NULL;
	if (likely(ref))
		ev.free_refs = ref->next;
	else if (!(ref = malloc(sizeof(*ref) + room)))
		return NULL;
	ref->next = NULL;
	ref->taken = 0;
	ref->room = room;
	ref->held = false;
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
	struct ev_ref *ref;
	uint32_t i = 0;

	while (i + 1 < ARRAY_SIZE(copy_sizes) &&
	       len > copy_sizes[i] - sizeof(struct ev_ref))
		i++;
	ref = ref_new(c, copy_sizes[i] - sizeof(struct ev_ref));
	if (ref) {
		ref->addr = (char *)(ref + 1);
		ref->len = 0;
		ref->done = NULL;
	}
	return ref;
}

/* --- Release ------------------------------------------------------------ */

/* ref is in no list any more; its done function may send something new. */
static inline void
ref_free(struct ev_ref *ref)
{
	if (ref->done)
		ref->done(ref->arg, ref->len);
	if (ref->room) {
		free(ref);
	} else {
		ref->next = ev.free_refs;
		ev.free_refs = ref;
	}
}

static void
tell_room(struct ixev *c)
{
	if (c->told_no && c->queued <= EV_QUEUE_MAX / 2 &&
	    c->refs <= EV_REFS_MAX / 2) {
		c->told_no = false;
		ev_tell(c, IXEV_OUT);
	}
}

static inline void
release_all(struct ixev *c)
{
	struct ev_ref *next, *ref = c->out;

	c->out = c->out_next = NULL;
	c->refs = 0;
	c->queued = 0;
	for (; ref; ref = next) {
		next = ref->next;
		ref_free(ref);
	}
}

void
ev_send_release_all(struct ixev *c)
{
	release_all(c);
	tell_room(c);
}

void
ev_send_release(struct ixev *c)
{
	struct ev_ref *ref;

	while ((ref = c->out) != NULL && ref->taken == ref->len &&
	       (!ref->held || ref->end <= c->acked)) {
		c->out = ref->next;
		c->refs--;
		c->queued -= ref->len;
		ref_free(ref);
	}
	tell_room(c);
}

/* --- Results ------------------------------------------------------------ */

static bool
received_bytes(const char *addr)
{
	return (uint64_t)addr - ev.pool < (uint64_t)EV_SEGS * RING_RX_BUFFER;
}

/* The libOS has taken n bytes more, some in place unless all were copied. */
static void
note_taken(struct ixev *c, uint32_t n, bool copied)
{
	struct ev_ref *ref;

	c->taken += n;
	while (n > 0 && (ref = c->out_next) != NULL) {
		uint32_t part = MIN(n, ref->len - ref->taken);

		ref->taken += part;
		n -= part;
		ref->held |= !copied && !received_bytes(ref->addr);
		if (ref->taken == ref->len) {
			ref->end = c->taken - n;
			c->out_next = ref->next;
		}
	}
}

/* Not all that c has to send was taken, or some of it must stay. */
static NOINLINE void
taken_in_part(struct ixev *c, int64_t result, bool copied)
{
	if (result == -E_NO_MEM)
		ev.retry = true;
	else if (result < c->offered)
		c->blocked = true;	/* until IX_EV_SENT, or dead */
	note_taken(c, MAX(result, 0l), copied);
	c->offered = 0;
	ev_send_release(c);
	if ((c->out_next && !c->blocked) ||
	    (c->want & (EV_WANT_FIN | EV_WANT_CLOSE)))
		ev_mark_dirty(c);
	if (c->state == EV_GONE)
		ev_conn_put(c);
}

/* Of c's IX_SENDV. */
static void
send_result(void *obj, int64_t result)
{
	struct ixev *c = obj;
	bool copied = c->offered <= ix_info()->small_send;

	if (unlikely(!copied || result != c->queued || c->told_no || c->want)) {
		taken_in_part(c, result, copied);
		return;
	}
	c->taken += result;
	c->offered = 0;
	release_all(c);
}

/* --- Calls -------------------------------------------------------------- */

/* Of n bytes at addr, all that c has to send: the batch's IX_SENDV for c. */
static inline bool
begin_call(struct ixev *c, const char *addr, uint32_t n)
{
	struct ix_iovec *v = &ev.iov[ev.niov];
	struct ix_call *call;

	if (unlikely(ev.niov == EV_IOVS || n > IOV_LEN_MAX))
		return false;
	call = ev_call(send_result, c, IX_SENDV, c->handle, (uint64_t)v, 1, 0);
	if (unlikely(!call))
		return false;
	v->addr = (uint64_t)addr;
	v->len = n;
	ev.niov++;
	ev.sender = c;
	ev.sendv = call;
	c->offered = n;
	return true;
}

/* The same, if c has one already and its array can grow. */
static bool
extend_call(struct ixev *c, const char *addr, uint32_t n)
{
	struct ix_iovec *v = &ev.iov[ev.niov];

	if (ev.sender != c)
		return false;
	if (v[-1].addr + v[-1].len == (uint64_t)addr &&
	    v[-1].len + n <= IOV_LEN_MAX) {
		v[-1].len += n;
	} else {
		if (ev.niov == EV_IOVS || n > IOV_LEN_MAX ||
		    ev.sendv->arg[2] == IX_IOV_MAX)
			return false;
		v->addr = (uint64_t)addr;
		v->len = n;
		ev.niov++;
		ev.sendv->arg[2]++;
	}
	c->offered += n;
	return true;
}

/* Others of c's are before them: in the same call, or they wait. */
static NOINLINE void
offer_behind(struct ixev *c, const char *addr, uint32_t n)
{
	if (extend_call(c, addr, n))
		return;
	/* What follows may not overtake them. */
	if (ev.sender == c)
		ev.sender = NULL;
	ev.look_again |= c->offered > 0;
	ev_mark_dirty(c);
}

/* There are n bytes more, at addr in c's last piece. */
static inline void
offer(struct ixev *c, const struct ev_ref *ref, const char *addr, uint32_t n)
{
	bool alone = c->out_next == ref && ref->len == n;

	c->queued += n;
	if (likely(alone && c->state == EV_OPEN) &&
	    begin_call(c, addr, n))
		return;
	offer_behind(c, addr, n);
}

bool
ev_send_calls(struct ixev *c)
{
	uint32_t first = ev.niov, total = 0;
	struct ev_ref *ref;

	if (!c->out_next || c->blocked || c->offered)
		return true;
	ev.sender = NULL;
	for (ref = c->out_next; ref && total < IOV_LEN_MAX; ref = ref->next) {
		struct ix_iovec *v = &ev.iov[ev.niov];

		if (ev.niov == EV_IOVS || ev.niov - first == IX_IOV_MAX)
			break;
		v->addr = (uint64_t)(ref->addr + ref->taken);
		v->len = MIN(ref->len - ref->taken, IOV_LEN_MAX - total);
		total += v->len;
		ev.niov++;
	}
	if (total == 0)
		return false;
	if (!ev_call(send_result, c, IX_SENDV, c->handle,
		     (uint64_t)&ev.iov[first], ev.niov - first, 0)) {
		ev.niov = first;
		return false;
	}
	c->offered = total;
	return true;
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
		char *to;
		uint32_t n;

		if (!ref || ref->len == ref->room || !ref->room)
			ref = copy_new(c, len - done);
		if (!ref)
			break;
		n = MIN(len - done, (size_t)(ref->room - ref->len));
		to = (char *)(ref + 1) + ref->len;
		memcpy(to, (const char *)buf + done, n);
		ref->len += n;
		offer(c, ref, to, n);
		done += n;
	}
	if (done == 0)
		return no_room(c);
	ix_copied_send(done);
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
	ref->done = done;
	ref->arg = arg;
	offer(c, ref, p, len);
	return 0;
}
