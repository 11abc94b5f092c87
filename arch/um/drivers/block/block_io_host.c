// SPDX-License-Identifier: GPL-2.0
/*
 * block_io_host.c - the host calls that a request of a block device consists of
 *
 * A request is a small state machine: block_io_begin() prepares its first host call, block_io_took() takes a result and
 * prepares the next one or ends the request. Whether the calls are made by system calls or by an io_uring is not known here.
 *
 * Reads and writes go from and to guest memory and are continued until all is done: a host may transfer less than asked
 * for. A transfer of 0 bytes means that the file has become shorter than the device: -EIO.
 *
 * With the letter u, data go past the host's page cache (O_DIRECT). The host may refuse that for one transfer, because memory
 * or offset are not aligned as its disk wants it; that one goes through the cache, which the host keeps coherent.
 *
 * Durable writes (FUA, and all writes of a device with the letter s) use RWF_DSYNC, one call for both steps;
 * where a host file system does not know the flag, fdatasync follows.
 *
 * Space: UM_BLK_DISCARD punches a hole. UM_BLK_ZERO punches a hole as well, or keeps the space with
 * FALLOC_FL_ZERO_RANGE if the guest wants that; each falls back on the other, and zeroing at last on writing
 * zeroes, so that it never fails for lack of a feature.
 */
#include <linux/errno.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <linux/uio.h>

#include "block_host.h"
#include "host/hostcall.h"

#define ZERO_PIECE	4096u

/* What the present call of a request is for. */
enum block_step {
	STEP_TRANSFER,
	STEP_DISCARD,
	STEP_ZERO_PUNCH,
	STEP_ZERO_RANGE,
	STEP_ZERO_WRITE,
	STEP_SYNC,
};

UM_STATIC_ASSERT(sizeof(struct um_blk_seg) == sizeof(struct iovec), "a segment is not an iovec");
UM_STATIC_ASSERT(__builtin_offsetof(struct um_blk_seg, len) == __builtin_offsetof(struct iovec, iov_len),
		 "a segment is not an iovec");

static char zeroes[ZERO_PIECE];	/* never written; not const, to take no room in the program file */

static struct host_block *device_of(struct host_aio *q)
{
	return (struct host_block *)q;
}

static void request_advance(struct um_blk_request *rq, __u64 bytes)
{
	rq->done += bytes;
	while (bytes && rq->first_seg < rq->nr_segs) {
		struct um_blk_seg *seg = &rq->segs[rq->first_seg];

		if (bytes < seg->len) {
			seg->base = (char *)seg->base + bytes;
			seg->len -= bytes;
			return;
		}
		bytes -= seg->len;
		rq->first_seg++;
	}
}

static int is_durable(const struct host_block *dev, const struct um_blk_request *rq)
{
	return rq->op != UM_BLK_READ && (rq->flags & UM_BLK_DURABLE || dev->info.flags & UM_BLK_SYNC);
}

static int finish(struct um_blk_request *rq, int result)
{
	rq->result = result;
	return 0;
}

static int prepare_sync(struct host_block *dev, struct um_blk_request *rq)
{
	rq->step = STEP_SYNC;
	rq->aio.op = UM_AIO_DATASYNC;
	rq->aio.hfd = dev->hfd;
	rq->aio.flags = 0;
	return 1;
}

/* All is written, or was given up by the host with @result; what must be durable is not yet, if @unsynced. */
static int finish_or_sync(struct host_block *dev, struct um_blk_request *rq, int result, int unsynced)
{
	return !result && unsynced && is_durable(dev, rq) ? prepare_sync(dev, rq) : finish(rq, result);
}

static int prepare_allocate(struct host_block *dev, struct um_blk_request *rq, enum block_step step, __u32 mode)
{
	rq->step = step;
	rq->aio.op = UM_AIO_ALLOCATE;
	rq->aio.hfd = dev->hfd;
	rq->aio.flags = mode | FALLOC_FL_KEEP_SIZE;
	rq->aio.offset = rq->offset;
	rq->aio.len = rq->len;
	return 1;
}

/* One call for what is left of the request; direct if the device is. */
static int prepare_transfer(struct host_block *dev, struct um_blk_request *rq, __u32 flags)
{
	rq->step = STEP_TRANSFER;
	rq->aio.op = rq->op == UM_BLK_READ ? UM_AIO_READ : UM_AIO_WRITE;
	rq->aio.hfd = dev->hfd;
	if (dev->direct_hfd >= 0) {
		rq->aio.hfd = dev->direct_hfd;
		rq->aio.state |= UM_AIO_DIRECT;
	}
	rq->aio.flags = flags;
	rq->aio.vec = &rq->segs[rq->first_seg];
	rq->aio.nr = rq->nr_segs - rq->first_seg;
	rq->aio.offset = rq->offset + rq->done;
	return 1;
}

static int took_transfer(struct host_block *dev, struct um_blk_request *rq, long result)
{
	if (result == -EINVAL && rq->aio.hfd != dev->hfd) {
		rq->aio.hfd = dev->hfd;
		rq->aio.state &= ~UM_AIO_DIRECT;
		return 1;
	}
	if (result == -EOPNOTSUPP && rq->aio.flags & RWF_DSYNC) {
		dev->may_dsync = 0;
		rq->aio.flags = 0;
		return 1;
	}
	if (result <= 0)
		return finish(rq, result ? result : -EIO);
	request_advance(rq, result);
	if (rq->done < rq->len)
		return prepare_transfer(dev, rq, rq->aio.flags);
	return finish_or_sync(dev, rq, 0, !(rq->aio.flags & RWF_DSYNC));
}

/* The segments of a UM_BLK_ZERO request are free: they become zeroes, as many as fit and are left. */
static int prepare_zero_write(struct host_block *dev, struct um_blk_request *rq)
{
	__u64 left = rq->len - rq->done;

	for (rq->nr_segs = 0; rq->nr_segs < UM_BLK_SEGS && left; rq->nr_segs++) {
		struct um_blk_seg *seg = &rq->segs[rq->nr_segs];

		seg->base = zeroes;
		seg->len = left < ZERO_PIECE ? left : ZERO_PIECE;
		left -= seg->len;
	}
	rq->step = STEP_ZERO_WRITE;
	rq->aio.op = UM_AIO_WRITE;
	rq->aio.hfd = dev->hfd;
	rq->aio.flags = 0;
	rq->aio.vec = rq->segs;
	rq->aio.nr = rq->nr_segs;
	rq->aio.offset = rq->offset + rq->done;
	return 1;
}

static int took_zero_write(struct host_block *dev, struct um_blk_request *rq, long result)
{
	if (result <= 0)
		return finish(rq, result ? result : -EIO);
	rq->done += result;
	return rq->done < rq->len ? prepare_zero_write(dev, rq) : finish_or_sync(dev, rq, 0, 1);
}

static int took_allocate(struct host_block *dev, struct um_blk_request *rq, long result)
{
	/* A block device of the host that is too coarse for this range says EINVAL. */
	if (result == -EINVAL || result == -ENOSYS)
		result = -EOPNOTSUPP;
	if (result == -EOPNOTSUPP && rq->step == STEP_ZERO_PUNCH)
		return prepare_allocate(dev, rq, STEP_ZERO_RANGE, FALLOC_FL_ZERO_RANGE);
	if (result == -EOPNOTSUPP && rq->step == STEP_ZERO_RANGE && rq->len)
		return prepare_zero_write(dev, rq);
	return finish_or_sync(dev, rq, result, 1);
}

static int is_inside(const struct host_block *dev, const struct um_blk_request *rq)
{
	__u64 size = dev->info.sectors * UM_BLK_SECTOR;

	return rq->offset <= size && rq->len <= size - rq->offset;
}

static int begin_zero(struct host_block *dev, struct um_blk_request *rq)
{
	if (dev->info.flags & UM_BLK_NO_DISCARD || rq->flags & UM_BLK_KEEP_SPACE)
		return prepare_allocate(dev, rq, STEP_ZERO_RANGE, FALLOC_FL_ZERO_RANGE);
	return prepare_allocate(dev, rq, STEP_ZERO_PUNCH, FALLOC_FL_PUNCH_HOLE);
}

int block_io_begin(struct host_aio *q, struct um_aio *io)
{
	struct um_blk_request *rq = um_blk_request_of(io);
	struct host_block *dev = device_of(q);

	rq->state = UM_BLK_RUNNING;
	if (!is_inside(dev, rq))
		return finish(rq, -EIO);
	if (dev->info.flags & UM_BLK_READ_ONLY && rq->op != UM_BLK_READ && rq->op != UM_BLK_FLUSH)
		return finish(rq, -EROFS);
	switch (rq->op) {
	case UM_BLK_READ:
	case UM_BLK_WRITE:
		if (rq->done >= rq->len)
			return finish_or_sync(dev, rq, 0, 1);
		return prepare_transfer(dev, rq, is_durable(dev, rq) && dev->may_dsync ? RWF_DSYNC : 0);
	case UM_BLK_FLUSH:
		return prepare_sync(dev, rq);
	case UM_BLK_DISCARD:
		return prepare_allocate(dev, rq, STEP_DISCARD, FALLOC_FL_PUNCH_HOLE);
	case UM_BLK_ZERO:
		return begin_zero(dev, rq);
	default:
		return finish(rq, -EOPNOTSUPP);
	}
}

int block_io_took(struct host_aio *q, struct um_aio *io, long result)
{
	struct um_blk_request *rq = um_blk_request_of(io);
	struct host_block *dev = device_of(q);

	switch (rq->step) {
	case STEP_TRANSFER:
		return took_transfer(dev, rq, result);
	case STEP_ZERO_WRITE:
		return took_zero_write(dev, rq, result);
	case STEP_SYNC:
		return finish(rq, result);
	default:
		return took_allocate(dev, rq, result);
	}
}

int block_io_try(struct host_block *dev, struct um_blk_request *rq)
{
	long ret;

	if (rq->op != UM_BLK_READ || !dev->may_nowait || dev->direct_hfd >= 0 || !is_inside(dev, rq))
		return 0;
	prepare_transfer(dev, rq, RWF_NOWAIT);
	ret = host_aio_call(&rq->aio);
	if (ret == -EOPNOTSUPP)
		dev->may_nowait = 0;
	if (ret <= 0)
		return 0;
	request_advance(rq, ret);
	rq->result = 0;
	return rq->done == rq->len;
}
