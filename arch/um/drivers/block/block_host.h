/* SPDX-License-Identifier: GPL-2.0 */
/*
 * block_host.h - what the host's files of the block device share
 *
 * block_host.c parses options and owns the table of devices, block_io_host.c carries out one request,
 * block_threads_host.c decides which thread does so and when. Another engine is another row of the same kind as
 * block_engine_threads.
 */
#ifndef _UM_DRIVERS_BLOCK_HOST_H
#define _UM_DRIVERS_BLOCK_HOST_H

#include "block.h"

struct host_block;

/**
 * struct block_engine - a way to carry out requests
 * @name:  for messages
 * @start: start threads; 0 or negative errno
 * @push:  own the request from now on; any vCPU, must not sleep
 * @kick:  start on what was pushed; any vCPU, must not sleep
 *
 * The engine ends each request by block_complete().
 */
struct block_engine {
	const char *name;
	int (*start)(struct host_block *dev);
	void (*push)(struct host_block *dev, struct um_blk_request *rq);
	void (*kick)(struct host_block *dev);
};

/**
 * struct host_block - one device
 *
 * Written while options are parsed, constant afterwards:
 * @info:     what the guest sees; @info.path is NULL where there is no device
 * @hfd:      the file
 * @direct_hfd: the same, past the host's page cache (letter u), or -1
 * @dev, @ino: identity of the file
 * @engine:   the engine in force
 *
 * Written by whoever finds out, any thread; only ever cleared:
 * @may_nowait: the host knows RWF_NOWAIT for this file
 * @may_dsync:  the host knows RWF_DSYNC for this file
 *
 * The thread engine's queue:
 * @incoming: newest first, pushed by vCPUs with compare-and-swap, taken as a whole by a worker under @lock
 * @fifo:     oldest first, changed under @lock
 * @lock:     among workers only; 0 free, 1 held, 2 held and waited for
 * @kicks:    counts host_block_kick(); workers sleep on it
 * @sleepers: workers that sleep or are about to
 */
struct host_block {
	struct um_blk_info info;
	int hfd;
	int direct_hfd;
	__u64 dev, ino;
	const struct block_engine *engine;

	__u32 may_nowait;
	__u32 may_dsync;

	struct um_blk_request *incoming;
	struct um_blk_request *fifo;
	__u32 lock;
	__u32 kicks;
	__u32 sleepers;
};

extern const struct block_engine block_engine_threads;

/** block_io_run() - carry out @rq, sleeping as long as it takes; sets @rq->result. */
void block_io_run(struct host_block *dev, struct um_blk_request *rq);

/** block_io_try() - carry out the read @rq as far as is possible without sleeping; 1 if it has ended. */
int block_io_try(struct host_block *dev, struct um_blk_request *rq);

/** block_io_may_wait() - will block_io_run() probably sleep for long? A hint for the engine. */
int block_io_may_wait(const struct host_block *dev, const struct um_blk_request *rq);

/** block_complete() - @rq has ended: hand it back to the guest. Any host thread. */
void block_complete(struct um_blk_request *rq);

/** block_list_reversed() - turn a list that was pushed newest first round */
static inline struct um_blk_request *block_list_reversed(struct um_blk_request *list)
{
	struct um_blk_request *out = 0;

	while (list) {
		struct um_blk_request *next = list->next;

		list->next = out;
		out = list;
		list = next;
	}
	return out;
}

#endif /* _UM_DRIVERS_BLOCK_HOST_H */
