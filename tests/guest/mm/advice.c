// SPDX-License-Identifier: GPL-2.0
/*
 * advice.c - madvise in its kinds, huge pages, mincore, mlock, and memory that a fork leaves out
 */
#define _GNU_SOURCE
#include "check.h"

#ifndef MADV_WIPEONFORK
#define MADV_WIPEONFORK		18
#endif
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE	23
#endif

#define HUGE	(2UL << 20)

static uint8_t *new_memory(size_t bytes, int value)
{
	uint8_t *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED) {
		perror("mmap");
		exit(1);
	}
	memset(at, value, bytes);
	return at;
}

static size_t count_not(const uint8_t *at, size_t bytes, int value)
{
	size_t bad = 0;

	for (size_t i = 0; i < bytes; i++)
		bad += at[i] != value;
	return bad;
}

static void dont_need(void)
{
	uint8_t *at = new_memory(64 * PAGE, 7);

	CHECK(!madvise(at + 8 * PAGE, 16 * PAGE, MADV_DONTNEED), "DONTNEED: %s", strerror(errno));
	CHECK(!count_not(at + 8 * PAGE, 16 * PAGE, 0), "dropped pages are not zero");
	CHECK(!count_not(at, 8 * PAGE, 7) && !count_not(at + 24 * PAGE, 40 * PAGE, 7), "their neighbours changed");
	for (int i = 0; i < 500; i++) {
		at[9 * PAGE] = i | 1;
		madvise(at + 9 * PAGE, PAGE, MADV_DONTNEED);
		if (!CHECK(at[9 * PAGE] == 0, "round %d: not zero", i))
			break;
	}
	munmap(at, 64 * PAGE);
}

static void free_later(void)
{
	uint8_t *at = new_memory(64 * PAGE, 9);
	int bad = 0;

	if (madvise(at, 64 * PAGE, MADV_FREE)) {
		check_remark("no MADV_FREE");
		return;
	}
	for (int i = 0; i < 64; i++)
		bad += at[i * PAGE] != 9 && at[i * PAGE] != 0;
	CHECK(!bad, "%d pages hold something else", bad);
	for (int i = 0; i < 64; i++)
		at[i * PAGE] = i;
	for (int i = 0; i < 64; i++)
		bad += at[i * PAGE] != i;
	CHECK(!bad, "what was written after MADV_FREE is lost");
	munmap(at, 64 * PAGE);
}

static void forked(void)
{
	uint8_t *wiped = new_memory(4 * PAGE, 3), *left = new_memory(4 * PAGE, 4);
	int has_wipe = !madvise(wiped, 4 * PAGE, MADV_WIPEONFORK);
	pid_t pid;

	CHECK(!madvise(left, 4 * PAGE, MADV_DONTFORK), "DONTFORK: %s", strerror(errno));
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		if (has_wipe && count_not(wiped, 4 * PAGE, 0))
			_exit(1);
		_exit(probe_read(left, NULL) == SIGSEGV ? 0 : 2);
	}
	CHECK(check_wait(pid) == 0, "a child sees what it should not");
	CHECK(!count_not(wiped, 4 * PAGE, 3) && !count_not(left, 4 * PAGE, 4), "the parent's memory changed");
}

static void populate(void)
{
	uint8_t *at = mmap(NULL, 256 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	unsigned char in_core[256];
	int absent = 0;

	CHECK(at != MAP_FAILED && !mincore(at, 256 * PAGE, in_core), "mincore: %s", strerror(errno));
	for (int i = 0; i < 256; i++)
		absent += !(in_core[i] & 1);
	CHECK(!absent, "%d pages absent after MAP_POPULATE", absent);
	CHECK(!count_not(at, 256 * PAGE, 0), "populated pages are not zero");
	madvise(at, 256 * PAGE, MADV_DONTNEED);
	if (!madvise(at, 256 * PAGE, MADV_POPULATE_WRITE))
		CHECK(!count_not(at, 256 * PAGE, 0), "populated pages are not zero");
	CHECK(!munmap(at, 256 * PAGE) && mincore(at, PAGE, in_core) && errno == ENOMEM, "mincore of unmapped memory");
}

/* A region of huge pages, where the system has them: contents, splitting by every means, fork. */
static void huge(void)
{
	uint8_t *map = mmap(NULL, 5 * HUGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint8_t *at = (uint8_t *)(((uintptr_t)map + HUGE - 1) & ~(HUGE - 1));
	pid_t pid;

	if (madvise(at, 4 * HUGE, MADV_HUGEPAGE))
		check_remark("no huge pages");
	CHECK(!count_not(at, HUGE, 0), "a huge page is not zero");
	memset(at, 0x31, 4 * HUGE);
	CHECK(!mprotect(at + HUGE + 5 * PAGE, PAGE, PROT_READ), "mprotect inside a huge page");
	CHECK(probe_write(at + HUGE + 5 * PAGE, 1) == SIGSEGV && probe_code == SEGV_ACCERR, "the page can be written");
	CHECK(!probe_write(at + HUGE + 6 * PAGE, 0x31) && !probe_write(at + HUGE + 4 * PAGE, 0x31), "its neighbours cannot");
	CHECK(!munmap(at + 2 * HUGE + 7 * PAGE, 3 * PAGE), "munmap inside a huge page");
	CHECK(probe_read(at + 2 * HUGE + 8 * PAGE, NULL) == SIGSEGV && at[2 * HUGE + 10 * PAGE] == 0x31, "munmap inside");
	CHECK(!madvise(at + 3 * HUGE + PAGE, PAGE, MADV_DONTNEED) && at[3 * HUGE + PAGE] == 0 && at[3 * HUGE] == 0x31 &&
	      at[3 * HUGE + 2 * PAGE] == 0x31, "DONTNEED inside");
	pid = fork();
	if (pid == 0) {
		memset(at, 0x32, HUGE);
		at[HUGE] = 0x33;
		_exit(count_not(at, HUGE, 0x32) != 0 || at[HUGE + 1] != 0x31);
	}
	at[100] = 0x34;
	CHECK(check_wait(pid) == 0, "the child's huge pages");
	at[100] = 0x31;
	CHECK(!count_not(at, HUGE + 5 * PAGE, 0x31), "the parent's huge pages changed");
	map = mmap(NULL, 2 * HUGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	map = mremap(at, HUGE, HUGE, MREMAP_MAYMOVE | MREMAP_FIXED, map + PAGE);
	CHECK(map != MAP_FAILED && !count_not(map, HUGE, 0x31), "a moved huge page");
}

static void locked(void)
{
	uint8_t *at = mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	unsigned char in_core[8] = { 0 };

	if (mlock(at, 8 * PAGE)) {
		check_remark("no mlock");
		return;
	}
	CHECK(!mincore(at, 8 * PAGE, in_core) && in_core[0] & 1 && in_core[7] & 1, "locked pages are absent");
	CHECK(madvise(at, 8 * PAGE, MADV_DONTNEED) && errno == EINVAL, "locked pages were dropped");
	CHECK(!munlock(at, 8 * PAGE), "munlock");
	munmap(at, 8 * PAGE);
}

/* All of a process locked, what it maps later too; it goes on as before. */
static void all_locked(void)
{
	unsigned char in_core[4] = { 0 };
	uint8_t *at;

	if (mlockall(MCL_CURRENT | MCL_FUTURE)) {
		check_remark("no mlockall");
		return;
	}
	at = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(at != MAP_FAILED && !mincore(at, 4 * PAGE, in_core) && in_core[0] & in_core[3] & 1, "new memory was not brought in");
	CHECK(!munlockall() && !munmap(at, 4 * PAGE), "munlockall");
}

int main(void)
{
	probe_init();
	dont_need();
	free_later();
	forked();
	populate();
	huge();
	locked();
	all_locked();
	return check_done("advice");
}
