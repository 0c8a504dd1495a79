/*
 * t_queue.c: how deep a queue was and how long things lay there, as counted
 * by inc/count.h: seconds, and waits reckoned from looks.
 */
#include "host/test/test.h"
#include "inc/count.h"

#define SECOND	1000

TEST(queue_waits)
{
	struct queue q = { .looked = 100 };

	/* Four have come since 100: one by one, so 30 ticks each. */
	queue_looked(&q, 160, 4, 0);
	CHECK_EQ(q.now.waited_tsc, 4 * 30);
	/* Six more; five are left, and lie there until the next look. */
	queue_looked(&q, 260, 1, 5);
	CHECK_EQ(q.now.waited_tsc, 4 * 30 + 6 * 50);
	queue_looked(&q, 280, 5, 0);
	CHECK_EQ(q.now.waited_tsc, 4 * 30 + 6 * 50 + 5 * 20);
	CHECK_EQ(q.now.looks, 3);
	CHECK_EQ(q.now.taken, 10);
	CHECK_EQ(q.now.left, 5);
	CHECK_EQ(q.now.depth_max, 6);
	/* Another CPU's clock may be a little behind. */
	queue_looked(&q, 279, 1, 0);
	CHECK_EQ(q.now.waited_tsc, 4 * 30 + 6 * 50 + 5 * 20);
}

TEST(queue_seconds)
{
	struct queue q = { .second_ends = SECOND };

	queue_looked(&q, 10, 3, 0);
	queue_turn(&q, SECOND + 5, SECOND);
	CHECK_EQ(q.last.taken, 3);
	CHECK_EQ(q.last.depth_max, 3);
	CHECK_EQ(q.now.taken, 0);
	CHECK_EQ(q.second_ends, 2 * SECOND + 5);
	queue_looked(&q, SECOND + 10, 1, 0);
	queue_turn(&q, 2 * SECOND + 10, SECOND);
	CHECK_EQ(q.last.taken, 1);
	CHECK_EQ(q.before.taken, 4);
	CHECK_EQ(q.before.looks, 2);
	CHECK_EQ(q.before.depth_max, 3);
	/* Nobody looked for a while: the last second was empty. */
	queue_looked(&q, 2 * SECOND + 20, 1, 0);
	queue_turn(&q, 9 * SECOND, SECOND);
	CHECK_EQ(q.last.taken, 0);
	CHECK_EQ(q.before.taken, 5);
}
