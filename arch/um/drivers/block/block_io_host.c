// SPDX-License-Identifier: GPL-2.0
/*
 * block_io_host.c - carry out one request of a block device with host system calls
 *
 * Reads and writes go from and to guest memory with preadv2/pwritev2 and are repeated until all is done: a host
 * may transfer less than asked for, and EINTR is no error. A transfer of 0 bytes means that the file has become
 * shorter than the device: -EIO.
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
#define ZERO_SEGS	64u

UM_STATIC_ASSERT(sizeof(struct um_blk_seg) == sizeof(struct iovec), "a segment is not an iovec");
UM_STATIC_ASSERT(__builtin_offsetof(struct um_blk_seg, len) == __builtin_offsetof(struct iovec, iov_len),
		 "a segment is not an iovec");

static char zeroes[ZERO_PIECE];	/* never written; not const, to take no room in the program file */

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

/* One system call for what is left of the request. */
static long transfer_some(struct host_block *dev, struct um_blk_request *rq, int flags)
{
	long nr = rq->op == UM_BLK_READ ? __NR_preadv2 : __NR_pwritev2;
	int hfd = dev->direct_hfd >= 0 ? dev->direct_hfd : dev->hfd;
	long ret;

	for (;;) {
		ret = HOST_CALL(nr, hfd, &rq->segs[rq->first_seg], rq->nr_segs - rq->first_seg, rq->offset + rq->done, 0, flags);
		if (ret == -EINVAL && hfd != dev->hfd)
			hfd = dev->hfd;
		else if (ret != -EINTR)
			return ret;
	}
}

static int sync_file(struct host_block *dev)
{
	long ret;

	do {
		ret = HOST_CALL(__NR_fdatasync, dev->hfd);
	} while (ret == -EINTR);
	return ret;
}

static int is_durable(const struct host_block *dev, const struct um_blk_request *rq)
{
	return rq->op != UM_BLK_READ && (rq->flags & UM_BLK_DURABLE || dev->info.flags & UM_BLK_SYNC);
}

static int transfer(struct host_block *dev, struct um_blk_request *rq)
{
	int durable = is_durable(dev, rq);
	int flags = durable && dev->may_dsync ? RWF_DSYNC : 0;

	while (rq->done < rq->len) {
		long ret = transfer_some(dev, rq, flags);

		if (ret == -EOPNOTSUPP && flags) {
			dev->may_dsync = 0;
			flags = 0;
			continue;
		}
		if (ret < 0)
			return ret;
		if (!ret)
			return -EIO;
		request_advance(rq, ret);
	}
	return durable && !flags ? sync_file(dev) : 0;
}

static int allocate(struct host_block *dev, struct um_blk_request *rq, int mode)
{
	long ret;

	do {
		ret = HOST_CALL(__NR_fallocate, dev->hfd, mode | FALLOC_FL_KEEP_SIZE, rq->offset, rq->len);
	} while (ret == -EINTR);
	/* A block device of the host that is too coarse for this range says EINVAL. */
	return ret == -EINVAL || ret == -ENOSYS ? -EOPNOTSUPP : ret;
}

static int write_zeroes(struct host_block *dev, struct um_blk_request *rq)
{
	struct iovec iov[ZERO_SEGS];

	while (rq->done < rq->len) {
		__u64 left = rq->len - rq->done;
		unsigned int nr = 0;
		long ret;

		while (nr < ZERO_SEGS && left) {
			iov[nr].iov_base = zeroes;
			iov[nr].iov_len = left < ZERO_PIECE ? left : ZERO_PIECE;
			left -= iov[nr++].iov_len;
		}
		ret = HOST_CALL(__NR_pwritev2, dev->hfd, iov, nr, rq->offset + rq->done, 0, 0);
		if (ret == -EINTR)
			continue;
		if (ret <= 0)
			return ret ? ret : -EIO;
		rq->done += ret;
	}
	return 0;
}

static int zero(struct host_block *dev, struct um_blk_request *rq)
{
	int keep = dev->info.flags & UM_BLK_NO_DISCARD || rq->flags & UM_BLK_KEEP_SPACE;
	int ret = -EOPNOTSUPP;

	if (!keep)
		ret = allocate(dev, rq, FALLOC_FL_PUNCH_HOLE);
	if (ret == -EOPNOTSUPP)
		ret = allocate(dev, rq, FALLOC_FL_ZERO_RANGE);
	if (ret == -EOPNOTSUPP)
		ret = write_zeroes(dev, rq);
	return ret;
}

static int perform(struct host_block *dev, struct um_blk_request *rq)
{
	int ret;

	switch (rq->op) {
	case UM_BLK_READ:
	case UM_BLK_WRITE:
		return transfer(dev, rq);
	case UM_BLK_FLUSH:
		return sync_file(dev);
	case UM_BLK_DISCARD:
		ret = allocate(dev, rq, FALLOC_FL_PUNCH_HOLE);
		break;
	case UM_BLK_ZERO:
		ret = zero(dev, rq);
		break;
	default:
		return -EOPNOTSUPP;
	}
	if (!ret && is_durable(dev, rq))
		ret = sync_file(dev);
	return ret;
}

static int is_inside(const struct host_block *dev, const struct um_blk_request *rq)
{
	__u64 size = dev->info.sectors * UM_BLK_SECTOR;

	return rq->offset <= size && rq->len <= size - rq->offset;
}

void block_io_run(struct host_block *dev, struct um_blk_request *rq)
{
	if (!is_inside(dev, rq))
		rq->result = -EIO;
	else if (dev->info.flags & UM_BLK_READ_ONLY && rq->op != UM_BLK_READ && rq->op != UM_BLK_FLUSH)
		rq->result = -EROFS;
	else
		rq->result = perform(dev, rq);
}

int block_io_try(struct host_block *dev, struct um_blk_request *rq)
{
	long ret;

	if (rq->op != UM_BLK_READ || !dev->may_nowait || dev->direct_hfd >= 0 || !is_inside(dev, rq))
		return 0;
	ret = transfer_some(dev, rq, RWF_NOWAIT);
	if (ret == -EOPNOTSUPP)
		dev->may_nowait = 0;
	if (ret <= 0)
		return 0;
	request_advance(rq, ret);
	rq->result = 0;
	return rq->done == rq->len;
}

int block_io_may_wait(const struct host_block *dev, const struct um_blk_request *rq)
{
	return dev->direct_hfd >= 0 || rq->op != UM_BLK_WRITE || rq->flags & UM_BLK_DURABLE;
}
