// SPDX-License-Identifier: GPL-2.0
/*
 * host/aio_threads.c - the engine that works on any host: a few threads for each queue
 *
 * Queue:   vCPUs push onto a lock-free stack, so that they never wait for a worker that the host has
 *          descheduled. A worker takes the whole stack, turns it round and keeps it as the first-in-first-out
 *          list, under a lock that only workers know.
 * Waking:  a kick wakes one sleeper. A worker about to do something that sleeps (a read that was not in the
 *          host's page cache, a flush) first wakes another one if work is left: a fast disk gets a deep queue,
 *          and writes, which the page cache takes at once and which the host serializes for each file anyway,
 *          do not cost a wake-up each.
 * Sleep:   an event count. The sleeper announces itself, reads @kicks, looks at the queue once more, and sleeps
 *          only if @kicks is what it was; the pusher pushes, counts, and then looks for sleepers. One of the
 *          two sees the other.
 */
#include <linux/fs.h>

#include <um/event.h>

#include "aio.h"
#include "host.h"

#define NR_WORKERS	4

static void workers_lock(struct aio_threads *t)
{
	__u32 old = 0;

	if (__atomic_compare_exchange_n(&t->lock, &old, 1, 0, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
		return;
	while (__atomic_exchange_n(&t->lock, 2, __ATOMIC_ACQUIRE))
		host_word_wait(&t->lock, 2);
}

static void workers_unlock(struct aio_threads *t)
{
	if (__atomic_exchange_n(&t->lock, 0, __ATOMIC_RELEASE) == 2)
		host_word_wake(&t->lock, 1);
}

static void wake_one(struct aio_threads *t)
{
	__atomic_add_fetch(&t->kicks, 1, __ATOMIC_SEQ_CST);
	if (__atomic_load_n(&t->sleepers, __ATOMIC_SEQ_CST))
		host_word_wake(&t->kicks, 1);
}

static int queue_is_empty(struct aio_threads *t)
{
	return !__atomic_load_n(&t->fifo, __ATOMIC_SEQ_CST) && !__atomic_load_n(&t->incoming, __ATOMIC_SEQ_CST);
}

/* The oldest request, or NULL; @more_out tells whether there is another one behind it. */
static struct um_aio *queue_take(struct aio_threads *t, int *more_out)
{
	struct um_aio *io;

	workers_lock(t);
	io = t->fifo;
	if (!io)
		io = aio_stack_take(&t->incoming);
	/* queue_is_empty() looks without the lock. */
	__atomic_store_n(&t->fifo, io ? io->next : 0, __ATOMIC_SEQ_CST);
	*more_out = !queue_is_empty(t);
	workers_unlock(t);
	return io;
}

static void queue_wait(struct aio_threads *t)
{
	__u32 seen;

	__atomic_add_fetch(&t->sleepers, 1, __ATOMIC_SEQ_CST);
	seen = __atomic_load_n(&t->kicks, __ATOMIC_SEQ_CST);
	if (queue_is_empty(t))
		host_word_wait(&t->kicks, seen);
	__atomic_sub_fetch(&t->sleepers, 1, __ATOMIC_SEQ_CST);
}

/* Will the prepared call probably sleep for long? */
static int may_sleep(const struct um_aio *io)
{
	return io->op != UM_AIO_WRITE || io->state & UM_AIO_DIRECT || io->flags & RWF_DSYNC;
}

static void worker(void *arg)
{
	struct host_aio *q = arg;

	host_place_anywhere();
	for (;;) {
		int more;
		struct um_aio *io = queue_take(&q->threads, &more);

		if (!io) {
			queue_wait(&q->threads);
			continue;
		}
		if (!(io->state & UM_AIO_BEGUN) && q->ops->begin(q, io))
			io->state |= UM_AIO_BEGUN;
		if (io->state & UM_AIO_BEGUN) {
			if (more && may_sleep(io))
				wake_one(&q->threads);
			host_aio_run(q, io);
		}
		q->ops->end(q, io);
	}
}

static void threads_push(struct host_aio *q, struct um_aio *io)
{
	aio_stack_push(&q->threads.incoming, io);
}

static void threads_kick(struct host_aio *q)
{
	/* What is no longer in @incoming has been seen by a worker that is awake. */
	if (__atomic_load_n(&q->threads.incoming, __ATOMIC_SEQ_CST))
		wake_one(&q->threads);
}

static int threads_start(struct host_aio *q)
{
	int i, ret = 0;

	for (i = 0; i < NR_WORKERS; i++) {
		ret = host_thread_start(worker, q, q->name);
		if (ret < 0)
			break;
	}
	/* Fewer workers than wished for still carry out everything. */
	return i ? 0 : ret;
}

const struct aio_engine aio_engine_threads = {
	.name = "threads",
	.start = threads_start,
	.push = threads_push,
	.kick = threads_kick,
};
