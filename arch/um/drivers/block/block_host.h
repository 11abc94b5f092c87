/* SPDX-License-Identifier: GPL-2.0 */
/*
 * block_host.h - what the host's files of the block device share
 *
 * block_host.c parses options and owns the table of devices, block_io_host.c knows of which host calls a request
 * consists. Who makes them, and when, is the business of the device's queue (host/aio.h).
 */
#ifndef _UM_DRIVERS_BLOCK_HOST_H
#define _UM_DRIVERS_BLOCK_HOST_H

#include "block.h"
#include "host/aio.h"

/**
 * struct host_block - one device
 * @queue: carries out its requests; first
 *
 * Written while options are parsed, constant afterwards:
 * @info:     what the guest sees; @info.path is NULL where there is no device
 * @hfd:      the file
 * @direct_hfd: the same, past the host's page cache (letter u), or -1
 * @dev, @ino: identity of the file
 *
 * Written by whoever finds out, any thread; only ever cleared:
 * @may_nowait: the host knows RWF_NOWAIT for this file
 * @may_dsync:  the host knows RWF_DSYNC for this file
 */
struct host_block {
	struct host_aio queue;
	struct um_blk_info info;
	int hfd;
	int direct_hfd;
	__u64 dev, ino;

	__u32 may_nowait;
	__u32 may_dsync;
};

UM_STATIC_ASSERT(__builtin_offsetof(struct host_block, queue) == 0, "a device does not begin with its queue");

/** block_io_begin(), block_io_took() - struct host_aio_ops of a disk, but for the end */
int block_io_begin(struct host_aio *q, struct um_aio *io);
int block_io_took(struct host_aio *q, struct um_aio *io, long result);

/** block_io_try() - carry out the read @rq as far as is possible without sleeping; 1 if it has ended. */
int block_io_try(struct host_block *dev, struct um_blk_request *rq);

#endif /* _UM_DRIVERS_BLOCK_HOST_H */
