// SPDX-License-Identifier: GPL-2.0
/*
 * block_threads_host.c - the block engine that works on any host: a few threads for each device
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
#include <um/event.h>

#include "block_host.h"

#define NR_WORKERS	4

static void workers_lock(struct host_block *dev)
{
	__u32 old = 0;

	if (__atomic_compare_exchange_n(&dev->lock, &old, 1, 0, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
		return;
	while (__atomic_exchange_n(&dev->lock, 2, __ATOMIC_ACQUIRE))
		host_word_wait(&dev->lock, 2);
}

static void workers_unlock(struct host_block *dev)
{
	if (__atomic_exchange_n(&dev->lock, 0, __ATOMIC_RELEASE) == 2)
		host_word_wake(&dev->lock, 1);
}

static void wake_one(struct host_block *dev)
{
	__atomic_add_fetch(&dev->kicks, 1, __ATOMIC_SEQ_CST);
	if (__atomic_load_n(&dev->sleepers, __ATOMIC_SEQ_CST))
		host_word_wake(&dev->kicks, 1);
}

static int queue_is_empty(struct host_block *dev)
{
	return !__atomic_load_n(&dev->fifo, __ATOMIC_SEQ_CST) && !__atomic_load_n(&dev->incoming, __ATOMIC_SEQ_CST);
}

/* The oldest request, or NULL; @more_out tells whether there is another one behind it. */
static struct um_blk_request *queue_take(struct host_block *dev, int *more_out)
{
	struct um_blk_request *rq;

	workers_lock(dev);
	rq = dev->fifo;
	if (!rq)
		rq = block_list_reversed(__atomic_exchange_n(&dev->incoming, 0, __ATOMIC_SEQ_CST));
	/* queue_is_empty() looks without the lock. */
	__atomic_store_n(&dev->fifo, rq ? rq->next : 0, __ATOMIC_SEQ_CST);
	*more_out = !queue_is_empty(dev);
	workers_unlock(dev);
	return rq;
}

static void queue_wait(struct host_block *dev)
{
	__u32 seen;

	__atomic_add_fetch(&dev->sleepers, 1, __ATOMIC_SEQ_CST);
	seen = __atomic_load_n(&dev->kicks, __ATOMIC_SEQ_CST);
	if (queue_is_empty(dev))
		host_word_wait(&dev->kicks, seen);
	__atomic_sub_fetch(&dev->sleepers, 1, __ATOMIC_SEQ_CST);
}

static void worker(void *arg)
{
	struct host_block *dev = arg;

	for (;;) {
		int more;
		struct um_blk_request *rq = queue_take(dev, &more);

		if (!rq) {
			queue_wait(dev);
			continue;
		}
		if (more && block_io_may_wait(dev, rq))
			wake_one(dev);
		rq->state = UM_BLK_RUNNING;
		block_io_run(dev, rq);
		block_complete(rq);
	}
}

static void threads_kick(struct host_block *dev)
{
	/* What is no longer in @incoming has been seen by a worker that is awake. */
	if (__atomic_load_n(&dev->incoming, __ATOMIC_SEQ_CST))
		wake_one(dev);
}

static int threads_start(struct host_block *dev)
{
	int i, ret;

	for (i = 0; i < NR_WORKERS; i++) {
		ret = host_thread_start(worker, dev, dev->info.name);
		if (ret < 0)
			break;
	}
	/* Fewer workers than wished for still carry out everything. */
	return i ? 0 : ret;
}

static void threads_push(struct host_block *dev, struct um_blk_request *rq)
{
	rq->state = UM_BLK_QUEUED;
	rq->next = __atomic_load_n(&dev->incoming, __ATOMIC_RELAXED);
	while (!__atomic_compare_exchange_n(&dev->incoming, &rq->next, rq, 1, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED))
		;
}

const struct block_engine block_engine_threads = {
	.name = "threads",
	.start = threads_start,
	.push = threads_push,
	.kick = threads_kick,
};
