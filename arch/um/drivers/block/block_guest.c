// SPDX-License-Identifier: GPL-2.0
/*
 * block_guest.c - the disks ubda, ubdb, ...: a blk-mq driver over host files
 *
 * Each device that the user named has a gendisk (major 98, 16 minors) and a tag set of its own, so that a slow
 * host file holds up no other one. A request's tag carries the struct um_blk_request that the host works on;
 * block.h says who owns it when.
 *
 * Path of a request: queue_rq fills it in. A read that the host has in its page cache is finished right there,
 * on the vCPU: no thread, no interrupt. Everything else is pushed to the engine, which is kicked once for a
 * batch. At the end the engine raises UM_LINE_BLOCK, whose handler completes whatever has ended.
 *
 * Durability: the host's page cache is our volatile write cache. Flushes and FUA writes of the guest reach the
 * host's medium before they are reported as done; a device with the letter s has no cache.
 *
 * Memory: nothing is allocated for a request, so that writing out pages makes progress when there is no free memory.
 */
#define pr_fmt(fmt) "um-block: " fmt

#include <linux/blk-mq.h>
#include <linux/init.h>
#include <linux/interrupt.h>
#include <linux/slab.h>
#include <um/lines.h>

#include "block.h"

#define UMBLK_MINORS		16
#define UMBLK_DEPTH		64	/* requests in flight of one hardware queue */
#define UMBLK_MAX_QUEUES	4u
#define UMBLK_MAX_SECTORS	8192	/* of one read or write */
#define UMBLK_ZERO_SECTORS	(256 << (20 - SECTOR_SHIFT))	/* bounded: the host may have to write them */
#define UMBLK_PHYSICAL_BLOCK	4096

/**
 * struct umblk - one disk; constant after umblk_add()
 * @index: the number in ubd<n>
 */
struct umblk {
	unsigned int index;
	struct um_blk_info info;
	struct gendisk *disk;
	struct blk_mq_tag_set set;
};

static blk_status_t umblk_status(int err)
{
	switch (err) {
	case 0:
		return BLK_STS_OK;
	case -ENOSPC:
	case -EDQUOT:
	case -EFBIG:
		return BLK_STS_NOSPC;
	case -EOPNOTSUPP:
		return BLK_STS_NOTSUPP;
	default:
		return BLK_STS_IOERR;
	}
}

static void umblk_report(struct request *rq, const struct um_blk_request *ur)
{
	static const char * const verbs[] = {
		[UM_BLK_READ] = "read",
		[UM_BLK_WRITE] = "write",
		[UM_BLK_FLUSH] = "flush",
		[UM_BLK_DISCARD] = "discard",
		[UM_BLK_ZERO] = "zero",
	};

	static_assert(ARRAY_SIZE(verbs) == UM_BLK_OP_NR);
	pr_err_ratelimited("%s: the host cannot %s %llu bytes at %llu: %pe\n", rq->q->disk->disk_name, verbs[ur->op],
			   ur->len, ur->offset, ERR_PTR(ur->result));
}

/* The request is ours again: tell its submitter. */
static void umblk_end(struct request *rq)
{
	struct um_blk_request *ur = blk_mq_rq_to_pdu(rq);

	ur->state = UM_BLK_IDLE;
	if (ur->result == -EOPNOTSUPP && ur->op == UM_BLK_DISCARD)
		blk_queue_disable_discard(rq->q);
	else if (ur->result)
		umblk_report(rq, ur);
	blk_mq_end_request(rq, umblk_status(ur->result));
}

/* Contiguous pages are contiguous in the direct map, so neighbours can be joined. */
static blk_status_t umblk_fill_segments(struct request *rq, struct um_blk_request *ur)
{
	struct req_iterator iter;
	struct bio_vec bv;

	rq_for_each_bvec(bv, rq, iter) {
		void *base = page_address(bv.bv_page) + bv.bv_offset;
		struct um_blk_seg *last = ur->nr_segs ? &ur->segs[ur->nr_segs - 1] : NULL;

		if (last && last->base + last->len == base) {
			last->len += bv.bv_len;
			continue;
		}
		if (WARN_ON_ONCE(ur->nr_segs == UM_BLK_SEGS))
			return BLK_STS_IOERR;
		ur->segs[ur->nr_segs].base = base;
		ur->segs[ur->nr_segs++].len = bv.bv_len;
	}
	return BLK_STS_OK;
}

static blk_status_t umblk_fill(struct request *rq, struct um_blk_request *ur)
{
	ur->flags = rq->cmd_flags & REQ_FUA ? UM_BLK_DURABLE : 0;
	ur->offset = (u64)blk_rq_pos(rq) << SECTOR_SHIFT;
	ur->len = blk_rq_bytes(rq);
	ur->done = 0;
	ur->first_seg = 0;
	ur->nr_segs = 0;
	switch (req_op(rq)) {
	case REQ_OP_READ:
		ur->op = UM_BLK_READ;
		return umblk_fill_segments(rq, ur);
	case REQ_OP_WRITE:
		ur->op = UM_BLK_WRITE;
		return umblk_fill_segments(rq, ur);
	case REQ_OP_FLUSH:
		ur->op = UM_BLK_FLUSH;
		ur->offset = 0;
		ur->len = 0;
		return BLK_STS_OK;
	case REQ_OP_DISCARD:
		ur->op = UM_BLK_DISCARD;
		return BLK_STS_OK;
	case REQ_OP_WRITE_ZEROES:
		ur->op = UM_BLK_ZERO;
		if (rq->cmd_flags & REQ_NOUNMAP)
			ur->flags |= UM_BLK_KEEP_SPACE;
		return BLK_STS_OK;
	default:
		return BLK_STS_NOTSUPP;
	}
}

static blk_status_t umblk_queue_rq(struct blk_mq_hw_ctx *hctx, const struct blk_mq_queue_data *bd)
{
	struct umblk *dev = hctx->queue->queuedata;
	struct request *rq = bd->rq;
	struct um_blk_request *ur = blk_mq_rq_to_pdu(rq);
	blk_status_t status;

	status = umblk_fill(rq, ur);
	if (status == BLK_STS_OK) {
		blk_mq_start_request(rq);
		if (ur->op == UM_BLK_READ && host_block_try(dev->index, ur))
			umblk_end(rq);
		else
			host_block_push(dev->index, ur);
	}
	if (bd->last)
		host_block_kick(dev->index);
	return status;
}

static void umblk_commit_rqs(struct blk_mq_hw_ctx *hctx)
{
	struct umblk *dev = hctx->queue->queuedata;

	host_block_kick(dev->index);
}

static const struct blk_mq_ops umblk_mq_ops = {
	.queue_rq = umblk_queue_rq,
	.commit_rqs = umblk_commit_rqs,
	.complete = umblk_end,
};

static irqreturn_t umblk_interrupt(int irq, void *unused)
{
	struct um_blk_request *ur = host_block_reap(), *next;

	if (!ur)
		return IRQ_NONE;
	for (; ur; ur = next) {
		struct request *rq = blk_mq_rq_from_pdu(ur);

		next = um_blk_request_of(ur->aio.next);
		if (WARN_ON_ONCE(ur->state != UM_BLK_DONE))
			continue;
		if (likely(!blk_should_fake_timeout(rq->q)))
			blk_mq_complete_request(rq);
	}
	return IRQ_HANDLED;
}

static const struct block_device_operations umblk_fops = {
	.owner = THIS_MODULE,
};

static void __init umblk_limits(const struct um_blk_info *info, struct queue_limits *lim)
{
	lim->logical_block_size = UM_BLK_SECTOR;
	lim->physical_block_size = UMBLK_PHYSICAL_BLOCK;
	lim->max_hw_sectors = UMBLK_MAX_SECTORS;
	lim->max_segments = UM_BLK_SEGS;
	lim->max_segment_size = UINT_MAX;
	lim->seg_boundary_mask = ULONG_MAX;
	if (info->flags & UM_BLK_READ_ONLY)
		return;
	if (!(info->flags & UM_BLK_SYNC))
		lim->features |= BLK_FEAT_WRITE_CACHE | BLK_FEAT_FUA;
	lim->max_write_zeroes_sectors = UMBLK_ZERO_SECTORS;
	if (!(info->flags & UM_BLK_NO_DISCARD)) {
		lim->max_hw_discard_sectors = UINT_MAX >> SECTOR_SHIFT;
		lim->discard_granularity = info->granularity;
	}
}

static void __init umblk_announce(const struct umblk *dev)
{
	const struct um_blk_info *info = &dev->info;

	pr_info("%s: %s, %llu MiB, %s%s%s\n", info->name, info->path, info->sectors >> (20 - SECTOR_SHIFT),
		host_block_engine(dev->index), info->flags & UM_BLK_READ_ONLY ? ", read-only" : "",
		info->flags & UM_BLK_SYNC ? ", synchronous" : "");
	if (info->tail_bytes)
		pr_notice("%s: the last %u bytes of %s are no whole sector and are not used\n", info->name,
			  info->tail_bytes, info->path);
	if (info->flags & UM_BLK_UNLOCKED)
		pr_warn("%s: the host cannot lock %s; see to it that no other machine uses it\n",
			info->name, info->path);
}

static int __init umblk_make_tags(struct umblk *dev)
{
	dev->set.ops = &umblk_mq_ops;
	dev->set.nr_hw_queues = min(num_possible_cpus(), UMBLK_MAX_QUEUES);
	dev->set.queue_depth = UMBLK_DEPTH;
	dev->set.cmd_size = sizeof(struct um_blk_request);
	dev->set.numa_node = NUMA_NO_NODE;
	dev->set.flags = BLK_MQ_F_SHOULD_MERGE;
	return blk_mq_alloc_tag_set(&dev->set);
}

static int __init umblk_make_disk(struct umblk *dev)
{
	struct queue_limits lim = { };
	struct gendisk *disk;
	int err;

	umblk_limits(&dev->info, &lim);
	disk = blk_mq_alloc_disk(&dev->set, &lim, dev);
	if (IS_ERR(disk))
		return PTR_ERR(disk);
	disk->major = host_block_major();
	disk->first_minor = dev->index * UMBLK_MINORS;
	disk->minors = UMBLK_MINORS;
	disk->fops = &umblk_fops;
	disk->private_data = dev;
	strscpy(disk->disk_name, dev->info.name, sizeof(disk->disk_name));
	set_capacity(disk, dev->info.sectors);
	set_disk_ro(disk, dev->info.flags & UM_BLK_READ_ONLY);
	dev->disk = disk;
	err = host_block_start(dev->index);
	if (!err) {
		umblk_announce(dev);
		err = device_add_disk(NULL, disk, NULL);
	}
	if (err)
		put_disk(disk);
	return err;
}

static int __init umblk_add(unsigned int index, const struct um_blk_info *info)
{
	struct umblk *dev = kzalloc(sizeof(*dev), GFP_KERNEL);
	int err = -ENOMEM;

	if (!dev)
		return err;
	dev->index = index;
	dev->info = *info;
	err = umblk_make_tags(dev);
	if (err)
		goto free_dev;
	err = umblk_make_disk(dev);
	if (err)
		goto free_tags;
	return 0;

free_tags:
	blk_mq_free_tag_set(&dev->set);
free_dev:
	kfree(dev);
	return err;
}

static int __init umblk_init(void)
{
	struct um_blk_info info;
	unsigned int index;
	int err;

	err = register_blkdev(host_block_major(), "ubd");
	if (err < 0) {
		pr_err("block major %u is taken: %pe\n", host_block_major(), ERR_PTR(err));
		return err;
	}
	err = request_irq(UM_LINE_BLOCK, umblk_interrupt, 0, "ubd", NULL);
	if (err) {
		pr_err("no interrupt line %d: %pe\n", UM_LINE_BLOCK, ERR_PTR(err));
		unregister_blkdev(host_block_major(), "ubd");
		return err;
	}
	for (index = 0; index < UM_BLK_DEVICES; index++) {
		if (host_block_info(index, &info))
			continue;
		err = umblk_add(index, &info);
		if (err)
			pr_err("%s: no disk: %pe\n", info.name, ERR_PTR(err));
	}
	return 0;
}
device_initcall(umblk_init);
