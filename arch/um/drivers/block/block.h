/* SPDX-License-Identifier: GPL-2.0 */
/*
 * block.h - disks: the contract between the guest's driver and the host's engines
 *
 * What:    a disk is a host file or a host block device. The option row in block_host.c opens and locks it before the
 *          guest runs; block_guest.c makes a gendisk of it; an engine carries out the requests (host/aio.h).
 * Copies:  none. The segments of a request are guest memory, which the host reads and writes where it lies.
 *
 * A request lives in the guest's blk-mq tag and has one owner at any moment:
 *
 *   state     owner              leaves by
 *   IDLE      guest              guest fills in all fields below "filled in by the guest"
 *   QUEUED    the device's queue host_block_push(); the engine takes it
 *   RUNNING   the engine         exactly one host call at a time is made for it; @done and @segs advance
 *   DONE      completion list    host_block_reap() hands it back to the guest, which makes it IDLE
 *
 * host_block_try() is the short way IDLE -> RUNNING -> DONE -> guest, inside one call, for reads that the host
 * has in its page cache. Where it declines, the request is still the guest's and @done says how much is already
 * there.
 *
 * Sleeping: host_block_try(), _push(), _kick() and _reap() never sleep and take no lock; they may be called
 *           with interrupts off. host_block_start() starts threads: task context, once for each device. Only
 *           engine threads sleep.
 * Ordering: none between requests that are in flight together; a flush covers the requests that were DONE
 *           before it was pushed.
 * Errors:   @result is 0 or a negative errno of the host. A request always comes back, once; a short transfer
 *           is continued and at the end of the file becomes -EIO, so a file that someone truncates cannot hang
 *           the guest.
 * Close:    files stay open, and locked, until the process ends; engine threads end with it.
 */
#ifndef _UM_DRIVERS_BLOCK_H
#define _UM_DRIVERS_BLOCK_H

#include <um/aio.h>
#include <um/types.h>

#define UM_BLK_DEVICES		64u	/* ubd0 .. ubd63 */
#define UM_BLK_SEGS		128u	/* segments of one request */
#define UM_BLK_SECTOR		512u
#define UM_BLK_NAME		8u	/* "ubda" .. "ubdbl" and the NUL */

enum um_blk_op {
	UM_BLK_READ,
	UM_BLK_WRITE,
	UM_BLK_FLUSH,		/* everything that is DONE reaches the medium */
	UM_BLK_DISCARD,		/* contents may be anything afterwards; the host gets the space back */
	UM_BLK_ZERO,		/* reads as zeroes afterwards */
	UM_BLK_OP_NR
};

enum um_blk_state {
	UM_BLK_IDLE,
	UM_BLK_QUEUED,
	UM_BLK_RUNNING,
	UM_BLK_DONE,
	UM_BLK_STATE_NR
};

/* Bits of um_blk_request.flags */
#define UM_BLK_DURABLE		0x1u	/* this write has reached the medium when it is DONE */
#define UM_BLK_KEEP_SPACE	0x2u	/* UM_BLK_ZERO: do not give the space back */

/* One run of guest memory; the same layout as the host's struct iovec. */
struct um_blk_seg {
	void *base;
	__u64 len;
};

/**
 * struct um_blk_request - one transfer
 * @aio:       the host's; first. Of requests that host_block_reap() gave, @aio.next is the next one's
 * @state:     enum um_blk_state, written by the owner
 * @step:      the host's: what its present call is for
 * @result:    of the whole request, valid when DONE
 * @done:      bytes transferred so far; the guest sets it to 0
 * @first_seg: first segment with something left; the guest sets it to 0
 *
 * Filled in by the guest:
 * @op:        enum um_blk_op
 * @flags:     UM_BLK_*
 * @offset:    byte offset, a multiple of UM_BLK_SECTOR, inside the device
 * @len:       bytes; for reads and writes the sum of the segments
 * @nr_segs:   reads and writes only
 * @segs:      an engine changes them as it advances
 */
struct um_blk_request {
	struct um_aio aio;
	__u32 state;
	__u32 step;
	__s32 result;
	__u64 done;
	__u32 first_seg;

	__u32 op;
	__u32 flags;
	__u32 nr_segs;
	__u64 offset;
	__u64 len;
	struct um_blk_seg segs[UM_BLK_SEGS];
};

/** um_blk_request_of() - the request that @io is part of; NULL for NULL */
static inline struct um_blk_request *um_blk_request_of(struct um_aio *io)
{
	return (struct um_blk_request *)io;
}

UM_STATIC_ASSERT(__builtin_offsetof(struct um_blk_request, aio) == 0, "a request does not begin with its um_aio");

/* Bits of um_blk_info.flags */
#define UM_BLK_READ_ONLY	0x1u
#define UM_BLK_SYNC		0x2u	/* every write is durable: nothing to flush */
#define UM_BLK_NO_DISCARD	0x4u
#define UM_BLK_UNLOCKED		0x8u	/* the host's file system has no locks */
#define UM_BLK_SHARED		0x10u	/* the user asked for no lock */

/**
 * struct um_blk_info - what the guest needs to know of a device
 * @path:        as given by the user
 * @name:        of the disk: "ubda"
 * @sectors:     capacity
 * @tail_bytes:  behind the last whole sector, not used
 * @granularity: bytes that the host gives back at the least
 */
struct um_blk_info {
	const char *path;
	char name[UM_BLK_NAME];
	__u64 sectors;
	__u32 flags;
	__u32 tail_bytes;
	__u32 granularity;
};

/** host_block_major() - the block major number that the user wants. */
unsigned int host_block_major(void);

/** host_block_info() - describe device @index; -ENODEV if the user gave none. */
int host_block_info(unsigned int index, struct um_blk_info *info_out);

/** host_block_start() - start the engine of device @index; nothing may be pushed before. */
int host_block_start(unsigned int index);

/** host_block_engine() - what carries out its requests, after host_block_start(): "threads" or "uring" */
const char *host_block_engine(unsigned int index);

/**
 * host_block_try() - carry out a read at once if the host need not wait for a disk
 *
 * Return: 1 and the request is the guest's again with @result valid; 0 and it is the guest's, to be pushed.
 */
int host_block_try(unsigned int index, struct um_blk_request *rq);

/** host_block_push() - give a request to the engine; it may not look before host_block_kick(). */
void host_block_push(unsigned int index, struct um_blk_request *rq);

/** host_block_kick() - the engine shall look at what was pushed. */
void host_block_kick(unsigned int index);

/**
 * host_block_reap() - take all requests that are DONE, of all devices, in the order in which they ended
 *
 * UM_LINE_BLOCK is raised when the list becomes non-empty, and not again before this was called.
 */
struct um_blk_request *host_block_reap(void);

#ifdef CONFIG_UM_BLOCK
/**
 * host_ubd_root_alias() - the classic names of a disk in "root="
 * @arg: one argument of the command line
 *
 * Linux looks a root device up by the disk's name, "ubda"; users write root=/dev/ubd0, as the node was always called.
 *
 * Return: "root=/dev/ubda" (static memory) for "root=/dev/ubd0", also with a partition "p1"; any other @arg as it is.
 */
const char *host_ubd_root_alias(const char *arg);
#else
static inline const char *host_ubd_root_alias(const char *arg)
{
	return arg;
}
#endif

#endif /* _UM_DRIVERS_BLOCK_H */
