// SPDX-License-Identifier: GPL-2.0
/*
 * hostfs_io.c - what may wait for a disk of the host: a task waits, the virtual CPU does not
 *
 * Reads:   what the host has in its cache is taken at once, by the virtual CPU. The rest is handed to host threads, and the task
 *          sleeps, as it would for a disk, until UM_LINE_HOSTFS says that it is there. Where the host cannot tell
 *          (RWF_NOWAIT is not known to that file system) all reads are handed over, but for those of proc and its like.
 * Writes:  go to the host's page cache, which is a matter of copying unless the host's memory is full of what its disks have not taken
 *          yet. Up to WRITE_HERE bytes that is done sooner than two switches of threads; more is handed over, also because then
 *          the copying is done by another processor of the host if one has nothing to do.
 * Others:  fsync, syncfs and fallocate are always handed over.
 *
 * All of this sleeps, so callers hold no spinlock. A request lives on the stack of the task that waits for it; the wait
 * cannot be interrupted, for the host would go on using the memory.
 */
#include <linux/completion.h>
#include <linux/interrupt.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <um/lines.h>

#include "hostfs_guest.h"

#define WRITE_HERE	(64 * 1024)

struct pending {
	struct umhostfs_io io;
	struct completion ended;
};

static irqreturn_t io_interrupt(int irq, void *unused)
{
	struct um_aio *aio = (struct um_aio *)host_hostfs_io_reap(), *next;

	if (!aio)
		return IRQ_NONE;
	for (; aio; aio = next) {
		/* The request is gone as soon as its task knows. */
		next = aio->next;
		complete(&container_of(aio, struct pending, io.aio)->ended);
	}
	return IRQ_HANDLED;
}

static int run_aside(struct pending *p)
{
	init_completion(&p->ended);
	host_hostfs_io_push(&p->io);
	wait_for_completion_io(&p->ended);
	return p->io.result;
}

/**
 * umhostfs_io_read() - read until all pieces are full or the file ends
 * @fd:  open for reading
 * @vec: changed by the call
 * @nr:  pieces
 * @pos: in the file
 * @done_out: bytes read, also when an error ended the call; without an error less than asked for only at the end
 *
 * Return: 0 or a negative errno.
 */
int umhostfs_io_read(struct umhostfs_fd *fd, struct umhostfs_vec *vec, unsigned int nr, u64 pos, u64 *done_out)
{
	struct pending p = { .io = { .op = UMHOSTFS_IO_READ, .hfd = fd->hfd, .vec = vec, .nr = nr, .pos = pos } };
	int ret = 0;

	might_sleep();
	if (fd->is_synthetic) {
		host_hostfs_io_run(&p.io);
		ret = 1;
	} else if (!READ_ONCE(fd->is_untold)) {
		ret = host_hostfs_io_try(&p.io);
		if (ret < 0)
			WRITE_ONCE(fd->is_untold, true);
	}
	if (ret <= 0)
		run_aside(&p);
	*done_out = p.io.done;
	return p.io.result;
}

/**
 * umhostfs_io_write() - write all pieces
 * @fd:  open for writing
 * @vec: changed by the call
 * @nr:  pieces
 * @pos: in the file
 * @done_out: bytes written, also when an error ended the call
 *
 * Return: 0 or a negative errno.
 */
int umhostfs_io_write(struct umhostfs_fd *fd, struct umhostfs_vec *vec, unsigned int nr, u64 pos, u64 *done_out)
{
	struct pending p = { .io = { .op = UMHOSTFS_IO_WRITE, .hfd = fd->hfd, .vec = vec, .nr = nr, .pos = pos } };
	u64 bytes = 0;
	unsigned int i;

	might_sleep();
	for (i = 0; i < nr; i++)
		bytes += vec[i].len;
	if (bytes <= WRITE_HERE || fd->is_synthetic)
		host_hostfs_io_run(&p.io);
	else
		run_aside(&p);
	*done_out = p.io.done;
	return p.io.result;
}

/**
 * umhostfs_io_sync() - bring something to the host's disk
 * @hfd: a descriptor
 * @op:  UMHOSTFS_IO_FSYNC, UMHOSTFS_IO_DATASYNC or UMHOSTFS_IO_SYNCFS
 *
 * Return: 0 or a negative errno.
 */
int umhostfs_io_sync(int hfd, enum umhostfs_io_op op)
{
	struct pending p = { .io = { .op = op, .hfd = hfd } };

	return run_aside(&p);
}

/**
 * umhostfs_io_allocate() - fallocate()
 * @hfd:  a descriptor
 * @mode: FALLOC_FL_*
 * @pos:  where
 * @len:  how much
 *
 * Return: 0 or a negative errno.
 */
int umhostfs_io_allocate(int hfd, u32 mode, u64 pos, u64 len)
{
	struct pending p = { .io = { .op = UMHOSTFS_IO_ALLOCATE, .hfd = hfd, .mode = mode, .pos = pos, .len = len } };

	return run_aside(&p);
}

/** umhostfs_io_start() - at each mount: see to it that there are host threads */
int umhostfs_io_start(void)
{
	static DEFINE_MUTEX(lock);
	int err;

	mutex_lock(&lock);
	err = host_hostfs_io_start();
	mutex_unlock(&lock);
	return err;
}

/** umhostfs_io_init() - when the file system is registered */
int __init umhostfs_io_init(void)
{
	return request_irq(UM_LINE_HOSTFS, io_interrupt, 0, "hostfs", NULL);
}

/** umhostfs_io_exit() - nothing is mounted any more */
void umhostfs_io_exit(void)
{
	free_irq(UM_LINE_HOSTFS, NULL);
}
