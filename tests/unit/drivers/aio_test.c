// SPDX-License-Identifier: GPL-2.0
/*
 * aio_test.c - a queue of requests and its engine: chains of calls, calls that the ring cannot make, calls that sleep
 *
 * Takes a directory and an engine's name. A read of an empty pipe is the call that sleeps for as long as the test wants.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>
#include "fakes.h"
#include "host/aio.h"

#define LINE	7
#define NR_MANY	1000

/**
 * struct job - a request of this test
 * @plan:   operations in order; UM_AIO_OP_NR ends them
 * @result: of the last one
 */
struct job {
	struct um_aio io;
	int hfd;
	__u64 offset;
	struct iovec vec;
	const __u32 *plan;
	long result;
	int calls;
};

static const __u32 one_read[] = { UM_AIO_READ, UM_AIO_OP_NR };
static struct um_aio *ended;

static int prepare(struct job *j)
{
	if (*j->plan == UM_AIO_OP_NR)
		return 0;
	j->io.op = *j->plan++;
	j->io.hfd = j->hfd;
	j->io.flags = 0;
	j->io.vec = &j->vec;
	j->io.nr = 1;
	j->io.offset = j->offset;
	j->io.len = 4096;
	return 1;
}

static int begin(struct host_aio *q, struct um_aio *io)
{
	return prepare((struct job *)io);
}

static int took(struct host_aio *q, struct um_aio *io, long result)
{
	struct job *j = (struct job *)io;

	j->calls++;
	j->result = result;
	return result >= 0 && prepare(j);
}

static void end(struct host_aio *q, struct um_aio *io)
{
	host_aio_give_back(&ended, io, LINE);
}

static const struct host_aio_ops ops = { .begin = begin, .took = took, .end = end };
static struct host_aio queue = { .ops = &ops, .name = "test" };

static void push(struct job *j)
{
	host_aio_push(&queue, &j->io);
	host_aio_kick(&queue);
}

/* Wait until @nr requests have come back; the last one. */
static struct job *reap(int nr)
{
	struct um_aio *io, *last = NULL;

	while (nr > 0 && fake_wait_line(LINE, 5000))
		for (io = host_aio_take_back(&ended); io; io = io->next, nr--)
			last = io;
	return nr ? NULL : (struct job *)last;
}

static void test_chain(int fd)
{
	static const __u32 plan[] = {
		UM_AIO_WRITE, UM_AIO_DATASYNC, UM_AIO_SYNCFS, UM_AIO_READ, UM_AIO_SYNC, UM_AIO_ALLOCATE, UM_AIO_OP_NR,
	};
	static const __u32 begins_aside[] = { UM_AIO_SYNCFS, UM_AIO_READ, UM_AIO_OP_NR };
	static const __u32 nothing[] = { UM_AIO_OP_NR };
	static const __u32 fails[] = { UM_AIO_READ, UM_AIO_SYNC, UM_AIO_OP_NR };
	char text[] = "some text";
	struct job j = { .hfd = fd, .vec = { text, sizeof(text) }, .plan = plan };

	push(&j);
	ok(reap(1) == &j && !j.result && j.calls == 6, "a chain of six calls, one of which no ring knows");
	j.plan = begins_aside;
	memset(text, 0, sizeof(text));
	push(&j);
	ok(reap(1) == &j && j.result == sizeof(text) && !strcmp(text, "some text"), "one that begins with it");
	j.plan = nothing;
	push(&j);
	ok(reap(1) == &j && j.result == sizeof(text), "one without any call comes back, too");
	j.plan = fails;
	j.hfd = 999;
	push(&j);
	ok(reap(1) == &j && j.result == -EBADF && *j.plan == UM_AIO_SYNC, "an error ends the chain");
	j.plan = one_read;
	j.hfd = fd;
	j.vec.iov_base = NULL;
	push(&j);
	ok(reap(1) == &j && j.result == -EFAULT, "bad memory is an error");
}

/* Reads of empty pipes sleep; the others get past them, and they end when there is something to read. */
static void test_sleepers(int fd, int nr)
{
	char c = 'x', got[8] = "", other;
	struct job sleeper[8] = { 0 }, j = { .hfd = fd, .vec = { &other, 1 } };
	int pipes[8][2], i, past;

	for (i = 0; i < nr; i++) {
		if (pipe(pipes[i]))
			abort();
		sleeper[i] = (struct job){ .hfd = pipes[i][0], .offset = ~0ULL, .vec = { &got[i], 1 }, .plan = one_read };
		push(&sleeper[i]);
	}
	for (past = 0; past < 100; past++) {
		j.plan = one_read;
		push(&j);
		if (reap(1) != &j || j.result != 1)
			break;
	}
	ok(past == 100, "100 reads get past %d that sleep: %d", nr, past);
	for (i = 0; i < nr; i++)
		(void)!write(pipes[i][1], &c, 1);
	reap(nr);
	for (i = 0; i < nr && sleeper[i].result == 1 && got[i] == 'x'; i++)
		;
	ok(i == nr, "and those end with what was written");
	for (i = 0; i < nr; i++) {
		close(pipes[i][0]);
		close(pipes[i][1]);
	}
}

/* Pushed faster than any engine takes them, with few kicks; then one by one, so that each finds the engine asleep or nearly so. */
static void test_many(int fd)
{
	static struct job jobs[NR_MANY];
	static char bytes[NR_MANY];
	int i, good = 1;

	for (i = 0; i < NR_MANY; i++) {
		jobs[i] = (struct job){ .hfd = fd, .vec = { &bytes[i], 1 }, .plan = one_read };
		host_aio_push(&queue, &jobs[i].io);
	}
	host_aio_kick(&queue);
	good &= reap(NR_MANY) != NULL;
	for (i = 0; i < NR_MANY; i++)
		good &= jobs[i].calls == 1 && bytes[i] == 's';
	ok(good, "%d at once with one kick", NR_MANY);
	for (i = 0; i < 20 * NR_MANY && good; i++) {
		jobs[0] = (struct job){ .hfd = fd, .vec = { &bytes[0], 1 }, .plan = one_read };
		push(&jobs[0]);
		good &= reap(1) == &jobs[0];
	}
	ok(good, "%d one after the other", 20 * NR_MANY);
}

int main(int argc, char **argv)
{
	char path[4096], option[32];
	int fd;

	if (argc != 3)
		return 2;
	snprintf(path, sizeof(path), "%s/file", argv[1]);
	snprintf(option, sizeof(option), "aio=%s", argv[2]);
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	if (fd < 0)
		abort();
	if (fake_option(option)) {
		printf("# %s\n", fake_error);
		ok(!strcmp(argv[2], "uring"), "only uring can be refused");
		return done_testing();
	}
	ok(!host_aio_start(&queue) && !strcmp(host_aio_engine_name(&queue), argv[2]), "the engine %s starts", argv[2]);
	test_chain(fd);
	test_sleepers(fd, 3);
	test_many(fd);
	return done_testing();
}
