// SPDX-License-Identifier: GPL-2.0
/*
 * uffd.c - userfaultfd: a program that resolves its own page faults
 *
 * A handler thread gets each missing page of a region as a message and answers with a copy or with zeroes, while
 * several threads read and write it; then the same for write protection, where the system offers it.
 */
#define _GNU_SOURCE
#include "check.h"
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

#ifndef UFFD_USER_MODE_ONLY
#define UFFD_USER_MODE_ONLY	1
#endif
#define NR_PAGES	256
#define NR_READERS	3

static int uffd;
static uint8_t *region;
static volatile int over;
static volatile long nr_missing, nr_protected, nr_bad;

static void answer_missing(uint8_t *at)
{
	static uint8_t page[PAGE];
	size_t i = (at - region) / PAGE;
	struct uffdio_copy copy = { .dst = (uint64_t)at, .src = (uint64_t)page, .len = PAGE };
	struct uffdio_zeropage zero = { .range = { (uint64_t)at, PAGE } };

	nr_missing++;
	if (i % 4 == 3) {
		if (ioctl(uffd, UFFDIO_ZEROPAGE, &zero) && errno != EEXIST)
			nr_bad++;
		return;
	}
	memset(page, i, PAGE);
	if (ioctl(uffd, UFFDIO_COPY, &copy) && errno != EEXIST)
		nr_bad++;
}

static void answer_protected(uint8_t *at)
{
	struct uffdio_writeprotect wp = { .range = { (uint64_t)at, PAGE }, .mode = 0 };

	nr_protected++;
	if (ioctl(uffd, UFFDIO_WRITEPROTECT, &wp))
		nr_bad++;
}

static void *handler_main(void *arg)
{
	(void)arg;
	while (!over) {
		struct pollfd pfd = { uffd, POLLIN, 0 };
		struct uffd_msg msg;
		uint8_t *at;

		if (poll(&pfd, 1, 50) <= 0)
			continue;
		if (read(uffd, &msg, sizeof(msg)) != sizeof(msg))
			continue;
		if (msg.event != UFFD_EVENT_PAGEFAULT) {
			nr_bad++;
			continue;
		}
		at = (uint8_t *)(msg.arg.pagefault.address & ~(PAGE - 1));
		if (msg.arg.pagefault.flags & UFFD_PAGEFAULT_FLAG_WP)
			answer_protected(at);
		else
			answer_missing(at);
	}
	return NULL;
}

static void *reader_main(void *arg)
{
	long start = (long)arg * 31;

	for (long n = 0; n < NR_PAGES; n++) {
		size_t i = (start + n * 7) % NR_PAGES;
		uint8_t want = i % 4 == 3 ? 0 : i;

		if (region[i * PAGE + 100 + (long)arg] != want)
			nr_bad++;
	}
	return NULL;
}

static void missing_pages(void)
{
	pthread_t readers[NR_READERS];

	for (long i = 0; i < NR_READERS; i++)
		pthread_create(&readers[i], NULL, reader_main, (void *)i);
	for (long i = 0; i < NR_READERS; i++)
		pthread_join(readers[i], NULL);
	CHECK(nr_missing >= NR_PAGES, "only %ld of %d pages were asked for", nr_missing, NR_PAGES);
	CHECK(!nr_bad, "%ld wrong", nr_bad);
}

static void protected_pages(void)
{
	struct uffdio_register reg = { .range = { (uint64_t)region, NR_PAGES * PAGE },
				       .mode = UFFDIO_REGISTER_MODE_MISSING | UFFDIO_REGISTER_MODE_WP };
	struct uffdio_writeprotect wp = { .range = { (uint64_t)region, NR_PAGES * PAGE }, .mode = UFFDIO_WRITEPROTECT_MODE_WP };

	if (ioctl(uffd, UFFDIO_REGISTER, &reg) || ioctl(uffd, UFFDIO_WRITEPROTECT, &wp)) {
		check_remark("no write protection");
		return;
	}
	for (int i = 0; i < NR_PAGES; i++)
		region[i * PAGE] = 0xee;
	CHECK(nr_protected >= NR_PAGES, "only %ld of %d writes were told", nr_protected, NR_PAGES);
	for (int i = 0; i < NR_PAGES; i++)
		nr_bad += region[i * PAGE] != 0xee || region[i * PAGE + 1] != (i % 4 == 3 ? 0 : (uint8_t)i);
	CHECK(!nr_bad, "%ld wrong after write protection", nr_bad);
}

/* A kernel that learns from programs would now believe that we write to whatever we map. */
static void write_to_all(void)
{
	for (int i = 0; i < 40; i++) {
		uint8_t *at = mmap(NULL, NR_PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		for (int page = 0; page < NR_PAGES; page++)
			at[page * PAGE] = i;
		munmap(at, NR_PAGES * PAGE);
	}
}

int main(void)
{
	struct uffdio_api api = { .api = UFFD_API, .features = UFFD_FEATURE_PAGEFAULT_FLAG_WP };
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	pthread_t handler;

	write_to_all();
	uffd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK | UFFD_USER_MODE_ONLY);
	if (uffd < 0) {
		CHECK(errno == ENOSYS || errno == EPERM, "userfaultfd: %s", strerror(errno));
		check_remark("userfaultfd: %s", strerror(errno));
		return check_done("uffd");
	}
	if (ioctl(uffd, UFFDIO_API, &api)) {
		api.features = 0;
		CHECK(!ioctl(uffd, UFFDIO_API, &api), "UFFDIO_API: %s", strerror(errno));
	}
	region = mmap(NULL, NR_PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	reg.range.start = (uint64_t)region;
	reg.range.len = NR_PAGES * PAGE;
	if (!CHECK(!ioctl(uffd, UFFDIO_REGISTER, &reg), "UFFDIO_REGISTER: %s", strerror(errno)))
		return check_done("uffd");
	pthread_create(&handler, NULL, handler_main, NULL);
	missing_pages();
	protected_pages();
	over = 1;
	pthread_join(handler, NULL);
	return check_done("uffd");
}
