// SPDX-License-Identifier: GPL-2.0
/*
 * host/aio.c - what both engines of asynchronous requests share: the choice, one call, the way back
 *
 * aio= on the command line: threads and uring are one of the two engines, for all queues; auto lets each queue have what is better for it.
 * aio=2.4, which earlier User-Mode Linux took to keep off a host's asynchronous input and output, means threads.
 */
#include <linux/errno.h>

#include <um/cpu.h>
#include <um/log.h>
#include <um/option.h>

#include "aio.h"
#include "hostcall.h"
#include "hostlib.h"

enum { AIO_AUTO, AIO_URING, AIO_THREADS };

static int aio_mode;

long host_aio_call(const struct um_aio *io)
{
	long ret;

	do {
		switch (io->op) {
		case UM_AIO_READ:
			ret = HOST_CALL(__NR_preadv2, io->hfd, io->vec, io->nr, io->offset, 0, io->flags);
			break;
		case UM_AIO_WRITE:
			ret = HOST_CALL(__NR_pwritev2, io->hfd, io->vec, io->nr, io->offset, 0, io->flags);
			break;
		case UM_AIO_SYNC:
			ret = HOST_CALL(__NR_fsync, io->hfd);
			break;
		case UM_AIO_DATASYNC:
			ret = HOST_CALL(__NR_fdatasync, io->hfd);
			break;
		case UM_AIO_SYNCFS:
			ret = HOST_CALL(__NR_syncfs, io->hfd);
			break;
		case UM_AIO_ALLOCATE:
			ret = HOST_CALL(__NR_fallocate, io->hfd, io->flags, io->offset, io->len);
			break;
		default:
			ret = -EOPNOTSUPP;
		}
	} while (ret == -EINTR);
	return ret;
}

void host_aio_run(struct host_aio *q, struct um_aio *io)
{
	int more = io->state & UM_AIO_BEGUN || q->ops->begin(q, io);

	while (more)
		more = q->ops->took(q, io, host_aio_call(io));
}

/* The ring pays where many transfers wait for a disk at once and the host's page cache has no part in them: doc/performance.md. */
static int wants_ring(const struct host_aio *q)
{
	return aio_mode == AIO_URING || (aio_mode == AIO_AUTO && q->is_direct);
}

int host_aio_start(struct host_aio *q)
{
	int ret = -ENOSYS;

	if (wants_ring(q)) {
		q->engine = &aio_engine_uring;
		ret = q->engine->start(q);
		if (ret && aio_mode == AIO_URING)
			host_error("aio=uring: no ring for %s (errno %d), threads do its work; raise 'ulimit -n' or 'ulimit -l'", q->name, -ret);
	}
	if (ret) {
		q->engine = &aio_engine_threads;
		ret = q->engine->start(q);
	}
	return ret;
}

const char *host_aio_engine_name(const struct host_aio *q)
{
	return q->engine->name;
}

void host_aio_push(struct host_aio *q, struct um_aio *io)
{
	io->state = 0;
	q->engine->push(q, io);
}

void host_aio_kick(struct host_aio *q)
{
	q->engine->kick(q);
}

void host_aio_give_back(struct um_aio **list, struct um_aio *io, unsigned int line)
{
	struct um_aio *old = __atomic_load_n(list, __ATOMIC_RELAXED);

	do {
		io->next = old;
	} while (!__atomic_compare_exchange_n(list, &old, io, 1, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED));
	/* @io is the guest's from here on, if anybody has raised the line since the list was last empty. */
	if (!old)
		host_irq_raise(line);
}

struct um_aio *host_aio_take_back(struct um_aio **list)
{
	return aio_stack_take(list);
}

static int complain_uring(int err)
{
	const char *remedy = "the host's kernel has none that is new enough (5.6); leave it out";

	if (err == -EPERM || err == -EACCES)
		remedy = "it is forbidden here: see 'sysctl kernel.io_uring_disabled' and the container's seccomp profile, or leave it out";
	else if (err == -ENOMEM)
		remedy = "the limit of locked memory is too low: raise 'ulimit -l', or leave it out";
	else if (err == -EMFILE || err == -ENFILE)
		remedy = "too many open files: raise 'ulimit -n', or leave it out";
	host_error("aio=uring: the host refuses an io_uring (errno %d); %s", -err, remedy);
	return err;
}

static int parse_aio(const struct um_option *opt, const char *suffix, const char *value)
{
	static const struct {
		const char *name;
		int mode;
	} names[] = {
		{ "auto", AIO_AUTO }, { "uring", AIO_URING }, { "threads", AIO_THREADS }, { "2.4", AIO_THREADS }
	};
	unsigned int i;
	int ret;

	(void)opt;
	(void)suffix;
	for (i = 0; i < HOST_ARRAY_SIZE(names); i++)
		if (strcmp(value, names[i].name) == 0)
			break;
	if (i == HOST_ARRAY_SIZE(names)) {
		host_error("aio=%s: give auto, uring or threads", value);
		return -EINVAL;
	}
	aio_mode = names[i].mode;
	ret = aio_mode == AIO_URING ? aio_uring_probe() : 0;
	return ret ? complain_uring(ret) : 0;
}

UM_OPTION(aio) = {
	.name = "aio", .arg = "auto|uring|threads", .parse = parse_aio,
	.help = "How disks and hostfs wait for the host: by its io_uring (uring), by a few threads each (threads), or by\n"
		"what is better for each of them (auto, the default), which is threads where the host has no io_uring.",
};
