/* SPDX-License-Identifier: GPL-2.0 */
/*
 * host/aio.h - queues of requests that host threads carry out: one for each disk, one for hostfs
 *
 * World: host. An owner (a driver's host half) says by its operations which host calls a request consists of; an engine
 * makes them. The chain of calls is a small state machine, so an engine may wait for many of them in one thread:
 *
 *   begin() -> call -> took(result) -> call -> took(result) ... -> end()
 *
 * begin() and took() write the next host call into the request's struct um_aio and return 1, or note the result and
 * return 0. They never sleep and make no host call. end() hands the request back to the guest.
 *
 *   engine    file           what makes the calls
 *   threads   aio_threads.c  a few threads for each queue, by system calls
 *   uring     aio_ring.c     one thread for each queue, by an io_uring; for what the host's io_uring does not know, or will not do
 *                            now, the threads engine of the same queue, whose threads are started when that first happens
 *
 * Sleeping: host_aio_push() and _kick() never sleep and take no lock: any vCPU, interrupts on or off. A kick is a host call only
 *           if the engine sleeps. host_aio_start() starts threads: task context, once for each queue.
 * Ordering: none between requests that are pushed and have not ended.
 * Errors:   EINTR is repeated here and never seen by an owner. All other results are the host's.
 */
#ifndef _UM_HOST_AIO_H
#define _UM_HOST_AIO_H

#include <um/aio.h>

struct host_aio;
struct io_uring_sqe;
struct io_uring_cqe;

/**
 * struct host_aio_ops - what a request is; any host thread, for one request one after the other
 * @begin: the first call is prepared (1), or the request has ended (0)
 * @took:  likewise, after the prepared call gave @result
 * @end:   the request has ended: hand it back
 */
struct host_aio_ops {
	int (*begin)(struct host_aio *q, struct um_aio *io);
	int (*took)(struct host_aio *q, struct um_aio *io, long result);
	void (*end)(struct host_aio *q, struct um_aio *io);
};

/**
 * struct aio_threads - the threads engine's part of a queue
 * @incoming: newest first, pushed with compare-and-swap, taken as a whole by a worker under @lock
 * @fifo:     oldest first, changed under @lock
 * @lock:     among workers only; 0 free, 1 held, 2 held and waited for
 * @kicks:    counts kicks; workers sleep on it
 * @sleepers: workers that sleep or are about to
 */
struct aio_threads {
	struct um_aio *incoming;
	struct um_aio *fifo;
	__u32 lock;
	__u32 kicks;
	__u32 sleepers;
};

/**
 * struct aio_ring - the uring engine's part of a queue
 *
 * Any vCPU:
 * @incoming: newest first, pushed with compare-and-swap, taken as a whole by the ring's thread
 * @asleep:   the thread sleeps or is about to: a kick must write to @wake_hfd
 *
 * Constant after start:
 * @hfd, @wake_hfd: the ring; an eventfd, of which a read is always pending in the ring
 * @is_disabled: the ring was made so: its thread, its only user, enables it
 * @has_workers: threads for what the ring cannot do: 0 not tried, 1 there, -1 none to be had (then the ring's thread does it);
 *               the ring's thread only
 * @opcodes:  of io_uring, for each enum um_aio_op; 0 (a no-op to io_uring): not by the ring
 * @sq_head .. @cqes: what is shared with the host
 *
 * The ring's thread only:
 * @fifo, @fifo_end: oldest first, waiting for room
 * @in_flight: calls that the ring has or will get at the next io_uring_enter()
 * @is_armed: the read of @wake_hfd is among what was submitted
 * @wakes:    where that read puts the eventfd's count
 */
struct aio_ring {
	struct um_aio *incoming;
	__u32 asleep;

	int hfd, wake_hfd;
	int is_disabled;
	int has_workers;
	__u8 opcodes[UM_AIO_OP_NR];
	__u32 *sq_head, *sq_tail, *cq_head, *cq_tail;
	__u32 sq_mask, cq_mask;
	struct io_uring_sqe *sqes;
	struct io_uring_cqe *cqes;
	void *map, *sqes_map;
	__u64 map_size, sqes_size;

	struct um_aio *fifo, **fifo_end;
	__u32 in_flight;
	int is_armed;
	__u64 wakes;
};

/**
 * struct host_aio - a queue
 * @ops:  the owner's
 * @name: of the threads, for ps on the host; at most 15 bytes
 * @is_direct: its transfers mostly go past the host's page cache, which the choice of the engine heeds
 * @engine: the engine in force; NULL before host_aio_start()
 */
struct host_aio {
	const struct host_aio_ops *ops;
	const char *name;
	int is_direct;
	const struct aio_engine *engine;
	struct aio_threads threads;
	struct aio_ring ring;
};

/** host_aio_start() - start the engine that the command line asks for, or that is best here; 0 or a negative errno. */
int host_aio_start(struct host_aio *q);

/** host_aio_engine_name() - "threads", "uring" */
const char *host_aio_engine_name(const struct host_aio *q);

/** host_aio_push() - the request is the engine's, which may not look before host_aio_kick(). */
void host_aio_push(struct host_aio *q, struct um_aio *io);

/** host_aio_kick() - the engine shall look at what was pushed. */
void host_aio_kick(struct host_aio *q);

/** host_aio_run() - carry out a request here and now, sleeping as long as it takes; end() is not called. */
void host_aio_run(struct host_aio *q, struct um_aio *io);

/** host_aio_call() - make the prepared call by a system call; its result. */
long host_aio_call(const struct um_aio *io);

/**
 * host_aio_give_back() - put an ended request into a list that the guest takes at an interrupt
 * @list: newest first
 * @line: raised when the list becomes non-empty, and not again before host_aio_take_back()
 */
void host_aio_give_back(struct um_aio **list, struct um_aio *io, unsigned int line);

/** host_aio_take_back() - empty such a list; oldest first. */
struct um_aio *host_aio_take_back(struct um_aio **list);

/* The rest is for aio*.c only. */

/**
 * struct aio_engine - a way to carry out requests
 * @start: start threads; 0 or negative errno
 * @push:  own the request from now on; must not sleep
 * @kick:  start on what was pushed; must not sleep
 */
struct aio_engine {
	const char *name;
	int (*start)(struct host_aio *q);
	void (*push)(struct host_aio *q, struct um_aio *io);
	void (*kick)(struct host_aio *q);
};

extern const struct aio_engine aio_engine_threads, aio_engine_uring;

/** aio_uring_probe() - can this process use an io_uring that does what the engine needs? 0 or negative errno. */
int aio_uring_probe(void);

/** aio_stack_push() - onto a lock-free stack */
static inline void aio_stack_push(struct um_aio **stack, struct um_aio *io)
{
	io->next = __atomic_load_n(stack, __ATOMIC_RELAXED);
	while (!__atomic_compare_exchange_n(stack, &io->next, io, 1, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED))
		;
}

/** aio_stack_take() - all of a lock-free stack, oldest first */
static inline struct um_aio *aio_stack_take(struct um_aio **stack)
{
	struct um_aio *list = __atomic_exchange_n(stack, (struct um_aio *)0, __ATOMIC_SEQ_CST), *out = 0;

	while (list) {
		struct um_aio *next = list->next;

		list->next = out;
		out = list;
		list = next;
	}
	return out;
}

#endif /* _UM_HOST_AIO_H */
