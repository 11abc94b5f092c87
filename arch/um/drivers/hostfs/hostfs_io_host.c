// SPDX-License-Identifier: GPL-2.0
/*
 * hostfs_io_host.c - contents of host files: what may wait for a disk of the host
 *
 * World: host. Contents move between the host file and guest memory with one call for many pieces and no copy between.
 * Short transfers are continued here, so that the guest sees all, the end of the file, or an error. A request is a chain
 * of host calls (host/aio.h), which the calling vCPU makes, or the threads of one queue for all mounts.
 *
 * With the grant's "append" space is only ever added.
 */
#include <linux/falloc.h>
#include <linux/fs.h>
#include <linux/uio.h>

#include <um/lines.h>

#include "hostfs_host.h"
#include "host/aio.h"

UM_STATIC_ASSERT(sizeof(struct umhostfs_vec) == sizeof(struct iovec), "a piece is not an iovec");
UM_STATIC_ASSERT(__builtin_offsetof(struct umhostfs_vec, len) == __builtin_offsetof(struct iovec, iov_len),
		 "a piece is not an iovec");

static struct um_aio *ended;	/* newest first */

/* Pass over @bytes that have been moved, and over empty pieces. */
static void io_advance(struct umhostfs_io *io, __u64 bytes)
{
	io->done += bytes;
	while (io->nr && bytes >= io->vec->len) {
		bytes -= io->vec->len;
		io->vec++;
		io->nr--;
	}
	if (bytes) {
		io->vec->base = (char *)io->vec->base + bytes;
		io->vec->len -= bytes;
	}
}

static int finish(struct umhostfs_io *io, int result)
{
	io->result = result;
	return 0;
}

/* One call for what is left of a read or write. */
static int prepare_transfer(struct umhostfs_io *io, __u32 flags)
{
	if (!io->nr)
		return finish(io, 0);
	io->aio.op = io->op == UMHOSTFS_IO_READ ? UM_AIO_READ : UM_AIO_WRITE;
	io->aio.flags = flags;
	io->aio.vec = io->vec;
	io->aio.nr = io->nr;
	io->aio.offset = io->pos + io->done;
	return 1;
}

static int prepare_allocate(struct umhostfs_io *io)
{
	if (host_hostfs_append_only() && (io->mode & ~FALLOC_FL_KEEP_SIZE))
		return finish(io, -EPERM);
	io->aio.op = UM_AIO_ALLOCATE;
	io->aio.flags = io->mode;
	io->aio.offset = io->pos;
	io->aio.len = io->len;
	return 1;
}

static int io_begin(struct host_aio *q, struct um_aio *aio)
{
	struct umhostfs_io *io = (struct umhostfs_io *)aio;

	(void)q;
	aio->hfd = io->hfd;
	aio->flags = 0;
	switch (io->op) {
	case UMHOSTFS_IO_READ:
	case UMHOSTFS_IO_WRITE:
		io_advance(io, 0);
		return prepare_transfer(io, 0);
	case UMHOSTFS_IO_ALLOCATE:
		return prepare_allocate(io);
	case UMHOSTFS_IO_FSYNC:
		aio->op = UM_AIO_SYNC;
		return 1;
	case UMHOSTFS_IO_DATASYNC:
		aio->op = UM_AIO_DATASYNC;
		return 1;
	case UMHOSTFS_IO_SYNCFS:
		aio->op = UM_AIO_SYNCFS;
		return 1;
	default:
		return finish(io, -EINVAL);
	}
}

static int io_took(struct host_aio *q, struct um_aio *aio, long result)
{
	struct umhostfs_io *io = (struct umhostfs_io *)aio;

	(void)q;
	if (io->op != UMHOSTFS_IO_READ && io->op != UMHOSTFS_IO_WRITE)
		return finish(io, result);
	if (result < 0)
		return finish(io, result);
	if (!result)
		return finish(io, io->op == UMHOSTFS_IO_READ ? 0 : -EIO);
	io_advance(io, result);
	return prepare_transfer(io, 0);
}

static void io_end(struct host_aio *q, struct um_aio *aio)
{
	(void)q;
	host_aio_give_back(&ended, aio, UM_LINE_HOSTFS);
}

static const struct host_aio_ops io_ops = {
	.begin = io_begin,
	.took = io_took,
	.end = io_end,
};

static struct host_aio queue = { .ops = &io_ops, .name = "hostfs" };

int host_hostfs_io_start(void)
{
	return queue.engine ? 0 : host_aio_start(&queue);
}

int host_hostfs_io_run(struct umhostfs_io *io)
{
	io->aio.state = 0;
	host_aio_run(&queue, &io->aio);
	return io->result;
}

int host_hostfs_io_try(struct umhostfs_io *io)
{
	long ret = 1;

	io->aio.state = 0;
	if (io->op != UMHOSTFS_IO_READ)
		return 0;
	if (!io_begin(&queue, &io->aio))
		return 1;
	while (ret > 0 && prepare_transfer(io, RWF_NOWAIT)) {
		ret = host_aio_call(&io->aio);
		if (ret > 0)
			io_advance(io, ret);
	}
	if (ret < 0)
		return ret == -EOPNOTSUPP ? -EOPNOTSUPP : 0;
	return !finish(io, 0);
}

void host_hostfs_io_push(struct umhostfs_io *io)
{
	host_aio_push(&queue, &io->aio);
	host_aio_kick(&queue);
}

struct umhostfs_io *host_hostfs_io_reap(void)
{
	return (struct umhostfs_io *)host_aio_take_back(&ended);
}
