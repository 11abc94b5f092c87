// SPDX-License-Identifier: GPL-2.0
/*
 * host/aio_ring.c - the engine that hands many calls to the host at once: one thread and one io_uring for each queue
 *
 * The thread takes what vCPUs have pushed, fills submission entries, and gives them to the host and waits for completions in
 * one io_uring_enter(). It is the ring's only user, and tells the host so where the host knows it
 * (IORING_SETUP_SINGLE_ISSUER, _DEFER_TASKRUN): completions are then handled when the thread asks for them, and interrupt nobody.
 *
 * Waking:  a read of an eventfd is always pending in the ring, so one wait is for completions and for pushes. Before it
 *          waits the thread sets @asleep and looks at the stack once more; a kick pushes first and then looks at @asleep.
 *          One of the two sees the other, and a kick while the thread is awake is no host call.
 * Room:    a request has one call in the ring at the most, and no more than RING_DEPTH have one; so neither submission nor
 *          completion queue can be full. Others wait in @fifo.
 * Refusal: io_uring answers EAGAIN where a call would sleep and the file does not let it wait aside, EOPNOTSUPP or ECANCELED where it does not
 *          know how or has no thread; and has no call at all for some operations. Then the threads engine of the same queue
 *          makes this call and the rest of the request, and its answer counts.
 * End:     ring and thread live as long as the process. When it dies the host cancels what is in flight; the threads that the host
 *          makes for a ring are threads of this process.
 */
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/io_uring.h>
#include <linux/mman.h>

#include <um/event.h>

#include "aio.h"
#include "host.h"
#include "hostcall.h"
#include "hostlib.h"

#define RING_DEPTH	127u	/* and the read of the eventfd */
#define RING_ENTRIES	128u
#define RING_FEATURES	(IORING_FEAT_SINGLE_MMAP | IORING_FEAT_NODROP | IORING_FEAT_SUBMIT_STABLE)
#define RING_OPS_MAX	64u	/* more than we ask the host for */
#define RING_SHY_NS	1000000	/* after a failure of io_uring_enter() */

static const __u8 opcodes[UM_AIO_OP_NR] = {
	[UM_AIO_READ] = IORING_OP_READV,
	[UM_AIO_WRITE] = IORING_OP_WRITEV,
	[UM_AIO_SYNC] = IORING_OP_FSYNC,
	[UM_AIO_DATASYNC] = IORING_OP_FSYNC,
	[UM_AIO_ALLOCATE] = IORING_OP_FALLOCATE,
};

static long ring_map(struct aio_ring *r, __u64 size, __u64 offset)
{
	return HOST_CALL(__NR_mmap, 0, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, r->hfd, offset);
}

static int ring_map_all(struct aio_ring *r, const struct io_uring_params *p)
{
	__u64 sq_size = p->sq_off.array + p->sq_entries * sizeof(__u32);
	__u64 cq_size = p->cq_off.cqes + p->cq_entries * sizeof(struct io_uring_cqe);
	__u32 *array, i;
	long ret;

	r->map_size = sq_size > cq_size ? sq_size : cq_size;
	ret = ring_map(r, r->map_size, IORING_OFF_SQ_RING);
	if (host_is_error(ret))
		return (int)ret;
	r->map = (void *)ret;
	r->sqes_size = p->sq_entries * sizeof(struct io_uring_sqe);
	ret = ring_map(r, r->sqes_size, IORING_OFF_SQES);
	if (host_is_error(ret))
		return (int)ret;
	r->sqes_map = (void *)ret;
	r->sqes = r->sqes_map;
	r->sq_head = r->map + p->sq_off.head;
	r->sq_tail = r->map + p->sq_off.tail;
	r->sq_mask = p->sq_entries - 1;
	r->cq_head = r->map + p->cq_off.head;
	r->cq_tail = r->map + p->cq_off.tail;
	r->cq_mask = p->cq_entries - 1;
	r->cqes = r->map + p->cq_off.cqes;
	array = r->map + p->sq_off.array;
	for (i = 0; i < p->sq_entries; i++)
		array[i] = i;
	return 0;
}

/* Learn what this io_uring can do; without reads, or the question itself (both Linux 5.6), it is of no use. */
static int ring_probe(struct aio_ring *r)
{
	struct {
		struct io_uring_probe head;
		struct io_uring_probe_op ops[RING_OPS_MAX];
	} probe = { 0 };
	unsigned int i;
	long ret;

	ret = HOST_CALL(__NR_io_uring_register, r->hfd, IORING_REGISTER_PROBE, &probe, RING_OPS_MAX);
	if (ret < 0)
		return ret == -EINVAL ? -ENOSYS : (int)ret;
	for (i = 0; i < UM_AIO_OP_NR; i++)
		if (probe.ops[opcodes[i]].flags & IO_URING_OP_SUPPORTED)
			r->opcodes[i] = opcodes[i];
	return probe.ops[IORING_OP_READ].flags & IO_URING_OP_SUPPORTED && r->opcodes[UM_AIO_READ] ? 0 : -ENOSYS;
}

static void ring_unmake(struct aio_ring *r)
{
	if (r->sqes_map)
		HOST_CALL(__NR_munmap, r->sqes_map, r->sqes_size);
	if (r->map)
		HOST_CALL(__NR_munmap, r->map, r->map_size);
	if (r->hfd >= 0)
		HOST_CALL(__NR_close, r->hfd);
	if (r->wake_hfd >= 0)
		HOST_CALL(__NR_close, r->wake_hfd);
}

static int ring_make(struct aio_ring *r)
{
	struct io_uring_params p = {
		.flags = IORING_SETUP_R_DISABLED | IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,
	};
	int ret;

	memset(r, 0, sizeof(*r));
	r->fifo_end = &r->fifo;
	r->wake_hfd = -1;
	r->is_disabled = 1;
	r->hfd = (int)HOST_CALL(__NR_io_uring_setup, RING_ENTRIES, &p);
	if (r->hfd == -EINVAL) {
		memset(&p, 0, sizeof(p));
		r->is_disabled = 0;
		r->hfd = (int)HOST_CALL(__NR_io_uring_setup, RING_ENTRIES, &p);
	}
	if (r->hfd < 0)
		return r->hfd;
	ret = (p.features & RING_FEATURES) == RING_FEATURES ? ring_map_all(r, &p) : -ENOSYS;
	if (!ret)
		ret = ring_probe(r);
	if (!ret) {
		r->wake_hfd = (int)HOST_CALL(__NR_eventfd2, 0, O_CLOEXEC);
		ret = r->wake_hfd < 0 ? r->wake_hfd : 0;
	}
	if (ret)
		ring_unmake(r);
	return ret;
}

int aio_uring_probe(void)
{
	struct aio_ring r;
	int ret = ring_make(&r);

	if (!ret)
		ring_unmake(&r);
	return ret;
}

/* An empty submission entry, which the next io_uring_enter() hands over; there is always room. */
static struct io_uring_sqe *sqe_next(struct aio_ring *r)
{
	struct io_uring_sqe *sqe = &r->sqes[*r->sq_tail & r->sq_mask];

	memset(sqe, 0, sizeof(*sqe));
	return sqe;
}

static void sqe_done(struct aio_ring *r)
{
	__atomic_store_n(r->sq_tail, *r->sq_tail + 1, __ATOMIC_RELEASE);
}

static void ring_arm(struct aio_ring *r)
{
	struct io_uring_sqe *sqe = sqe_next(r);

	sqe->opcode = IORING_OP_READ;
	sqe->fd = r->wake_hfd;
	sqe->addr = (unsigned long)&r->wakes;
	sqe->len = sizeof(r->wakes);
	sqe_done(r);
	r->is_armed = 1;
}

/* The ring cannot do it: a thread that may sleep shall, or if there is none, we. */
static void ring_pass_on(struct host_aio *q, struct um_aio *io)
{
	struct aio_ring *r = &q->ring;

	if (!r->has_workers)
		r->has_workers = aio_engine_threads.start(q) ? -1 : 1;
	io->state |= UM_AIO_BEGUN;
	if (r->has_workers > 0) {
		aio_engine_threads.push(q, io);
		aio_engine_threads.kick(q);
		return;
	}
	host_aio_run(q, io);
	q->ops->end(q, io);
}

/* Submit the prepared call. */
static void ring_issue(struct host_aio *q, struct um_aio *io)
{
	struct aio_ring *r = &q->ring;
	struct io_uring_sqe *sqe;

	if (!r->opcodes[io->op]) {
		ring_pass_on(q, io);
		return;
	}
	sqe = sqe_next(r);
	sqe->opcode = r->opcodes[io->op];
	sqe->fd = io->hfd;
	sqe->user_data = (unsigned long)io;
	switch (io->op) {
	case UM_AIO_READ:
	case UM_AIO_WRITE:
		sqe->off = io->offset;
		sqe->addr = (unsigned long)io->vec;
		sqe->len = io->nr;
		sqe->rw_flags = io->flags;
		break;
	case UM_AIO_DATASYNC:
		sqe->fsync_flags = IORING_FSYNC_DATASYNC;
		break;
	case UM_AIO_ALLOCATE:
		sqe->off = io->offset;
		sqe->addr = io->len;
		sqe->len = io->flags;
		break;
	}
	sqe_done(r);
	r->in_flight++;
}

static void ring_feed(struct host_aio *q)
{
	struct aio_ring *r = &q->ring;
	struct um_aio *io = aio_stack_take(&r->incoming);

	*r->fifo_end = io;
	for (; io; io = io->next)
		r->fifo_end = &io->next;
	while (r->fifo && r->in_flight < RING_DEPTH) {
		io = r->fifo;
		r->fifo = io->next;
		if (!r->fifo)
			r->fifo_end = &r->fifo;
		if (q->ops->begin(q, io))
			ring_issue(q, io);
		else
			q->ops->end(q, io);
	}
}

static void ring_took(struct host_aio *q, struct um_aio *io, int result)
{
	q->ring.in_flight--;
	if (result == -EINTR)
		ring_issue(q, io);
	else if (result == -EAGAIN || result == -EOPNOTSUPP || result == -ECANCELED)
		ring_pass_on(q, io);
	else if (q->ops->took(q, io, result))
		ring_issue(q, io);
	else
		q->ops->end(q, io);
}

static void ring_reap(struct host_aio *q)
{
	struct aio_ring *r = &q->ring;
	__u32 head = *r->cq_head;

	while (head != __atomic_load_n(r->cq_tail, __ATOMIC_ACQUIRE)) {
		struct io_uring_cqe cqe = r->cqes[head & r->cq_mask];

		__atomic_store_n(r->cq_head, ++head, __ATOMIC_RELEASE);
		if (cqe.user_data)
			ring_took(q, (struct um_aio *)(unsigned long)cqe.user_data, cqe.res);
		else
			r->is_armed = 0;
	}
}

/* Hand over what was filled in, and wait for a completion unless something was pushed meanwhile. */
static void ring_enter(struct aio_ring *r)
{
	struct host_timespec { __s64 sec, nsec; } shy = { 0, RING_SHY_NS };
	int wait;
	long ret;

	if (!r->is_armed)
		ring_arm(r);
	__atomic_store_n(&r->asleep, 1, __ATOMIC_SEQ_CST);
	wait = !__atomic_load_n(&r->incoming, __ATOMIC_SEQ_CST);
	ret = HOST_CALL(__NR_io_uring_enter, r->hfd, *r->sq_tail - __atomic_load_n(r->sq_head, __ATOMIC_ACQUIRE), wait,
			IORING_ENTER_GETEVENTS, NULL, 0);
	__atomic_store_n(&r->asleep, 0, __ATOMIC_SEQ_CST);
	if (ret < 0 && ret != -EINTR)	/* out of memory: what was not taken stays in the queue */
		HOST_CALL(__NR_nanosleep, &shy, NULL);
}

static void ring_thread(void *arg)
{
	struct host_aio *q = arg;

	host_place_anywhere();
	if (q->ring.is_disabled)
		HOST_CALL(__NR_io_uring_register, q->ring.hfd, IORING_REGISTER_ENABLE_RINGS, NULL, 0);
	for (;;) {
		ring_feed(q);
		ring_enter(&q->ring);
		ring_reap(q);
	}
}

static void uring_push(struct host_aio *q, struct um_aio *io)
{
	aio_stack_push(&q->ring.incoming, io);
}

static void uring_kick(struct host_aio *q)
{
	struct aio_ring *r = &q->ring;
	__u64 one = 1;

	if (__atomic_load_n(&r->incoming, __ATOMIC_SEQ_CST) && __atomic_exchange_n(&r->asleep, 0, __ATOMIC_SEQ_CST))
		HOST_CALL(__NR_write, r->wake_hfd, &one, sizeof(one));
}

static int uring_start(struct host_aio *q)
{
	int ret = ring_make(&q->ring);

	if (ret)
		return ret;
	ret = host_thread_start(ring_thread, q, q->name);
	if (ret < 0)
		ring_unmake(&q->ring);
	return ret < 0 ? ret : 0;
}

const struct aio_engine aio_engine_uring = {
	.name = "uring",
	.start = uring_start,
	.push = uring_push,
	.kick = uring_kick,
};
