// SPDX-License-Identifier: GPL-2.0
/*
 * fork_cow.c - copy-on-write: after fork each side sees its own writes and the old contents, never the other's
 *
 * usage: fork_cow [MIB [SECONDS]]: regions of MIB (default 16) written by parent and children in interleaved
 * patterns, chains of forks, and a storm of processes that all check what they hold.
 */
#define _GNU_SOURCE
#include "check.h"
#include <sched.h>

static size_t pages = 4096;

static void stamp(uint8_t *region, size_t i, uint64_t tag)
{
	uint64_t words[2] = { tag ^ i * 0x9e3779b97f4a7c15UL, ~tag };

	memcpy(region + i * PAGE + (i * 64) % 4032, words, 16);
}

static int is_stamped(const uint8_t *region, size_t i, uint64_t tag)
{
	uint64_t words[2];

	memcpy(words, region + i * PAGE + (i * 64) % 4032, 16);
	return words[0] == (tag ^ i * 0x9e3779b97f4a7c15UL) && words[1] == ~tag;
}

static uint8_t *new_region(uint64_t tag)
{
	uint8_t *region = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (region == MAP_FAILED) {
		perror("mmap");
		exit(1);
	}
	for (size_t i = 0; i < pages; i++)
		stamp(region, i, tag);
	return region;
}

static size_t count_bad(const uint8_t *region, uint64_t tag, size_t from, size_t step)
{
	size_t bad = 0;

	for (size_t i = from; i < pages; i += step)
		bad += !is_stamped(region, i, tag);
	return bad;
}

/* Child writes every other page, parent every third, at the same time; each then checks all. */
static void both_write(void)
{
	uint8_t *region = new_region(1);
	size_t bad = 0;
	pid_t pid = fork();

	if (pid == 0) {
		for (size_t i = 0; i < pages; i += 2)
			stamp(region, i, 2);
		bad = count_bad(region, 2, 0, 2) + count_bad(region, 1, 1, 2);
		_exit(bad != 0);
	}
	for (size_t i = 0; i < pages; i += 3)
		stamp(region, i, 3);
	for (size_t i = 0; i < pages; i++)
		bad += !is_stamped(region, i, i % 3 ? 1 : 3);
	CHECK(!bad, "the parent found %zu wrong pages", bad);
	CHECK(check_wait(pid) == 0, "the child found wrong pages");
	bad = 0;
	for (size_t i = 0; i < pages; i++)
		bad += !is_stamped(region, i, i % 3 ? 1 : 3);
	CHECK(!bad, "after the child: %zu wrong pages", bad);
	munmap(region, pages * PAGE);
}

/* Each generation writes a part and forks the next; the deepest one checks everything, then all check again on the way back. */
static int generation(uint8_t *region, int depth)
{
	pid_t pid;

	for (size_t i = depth; i < pages; i += 8)
		stamp(region, i, 100 + depth);
	if (depth < 7) {
		pid = fork();
		if (pid == 0)
			_exit(generation(region, depth + 1));
		if (check_wait(pid))
			return 1;
	}
	for (size_t i = 0; i < pages; i++) {
		uint64_t tag = (int)(i % 8) <= depth ? 100 + i % 8 : 4;

		if (!is_stamped(region, i, tag))
			return 1;
	}
	return 0;
}

static void generations(void)
{
	uint8_t *region = new_region(4);

	CHECK(generation(region, 0) == 0, "a generation found wrong pages");
	munmap(region, pages * PAGE);
}

/* The kernel writes into pages that are shared since fork: read(2) must break the sharing as a store does. */
static void kernel_writes(void)
{
	uint8_t *region = new_region(5);
	int fds[2];
	pid_t pid;

	if (pipe(fds))
		exit(1);
	pid = fork();
	if (pid == 0) {
		for (size_t i = 0; i < 64; i++) {
			if (read(fds[0], region + i * PAGE, PAGE) != (ssize_t)PAGE)
				_exit(2);
			for (size_t n = 0; n < PAGE; n++) {
				if (region[i * PAGE + n] != (uint8_t)(i + 7))
					_exit(1);
			}
		}
		_exit(0);
	}
	for (size_t i = 0; i < 64; i++) {
		uint8_t page[PAGE];

		memset(page, i + 7, PAGE);
		CHECK(write(fds[1], page, PAGE) == (ssize_t)PAGE, "write");
	}
	CHECK(check_wait(pid) == 0, "the child read wrong data");
	CHECK(!count_bad(region, 5, 0, 1), "the parent's pages changed");
	munmap(region, pages * PAGE);
}

/* Memory read-only at fork and made writable later, and the other way round. */
static void protected_then_written(void)
{
	uint8_t *region = new_region(6);
	pid_t pid;

	mprotect(region, pages * PAGE, PROT_READ);
	pid = fork();
	if (pid == 0) {
		if (mprotect(region, pages * PAGE, PROT_READ | PROT_WRITE))
			_exit(2);
		for (size_t i = 0; i < pages; i++)
			stamp(region, i, 7);
		_exit(count_bad(region, 7, 0, 1) != 0);
	}
	CHECK(check_wait(pid) == 0, "the child's pages are wrong");
	CHECK(!count_bad(region, 6, 0, 1), "the parent's pages changed");
	mprotect(region, pages * PAGE, PROT_READ | PROT_WRITE);
	for (size_t i = 0; i < pages; i++)
		stamp(region, i, 8);
	CHECK(!count_bad(region, 8, 0, 1), "the parent's own writes");
	munmap(region, pages * PAGE);
}

static void storm(double seconds)
{
	uint8_t *region = new_region(9);
	double end = check_seconds() + seconds;
	long nr = 0;

	while (check_seconds() < end) {
		pid_t pids[8];

		for (int k = 0; k < 8; k++) {
			pids[k] = fork();
			if (pids[k] == 0) {
				size_t bad = 0;

				for (size_t i = k; i < pages; i += 16)
					stamp(region, i, 1000 + k);
				sched_yield();
				bad = count_bad(region, 1000 + k, k, 16) + count_bad(region, 9, k + 8, 16);
				_exit(bad != 0);
			}
		}
		for (size_t i = 15; i < pages; i += 16)
			stamp(region, i, 9);
		for (int k = 0; k < 8; k++) {
			if (pids[k] > 0)
				CHECK(check_wait(pids[k]) == 0, "a child of the storm found wrong pages");
			nr++;
		}
		CHECK(!count_bad(region, 9, 0, 1), "the parent's pages changed in the storm");
	}
	check_remark("%ld processes in the storm", nr);
	munmap(region, pages * PAGE);
}

int main(int argc, char **argv)
{
	if (argc > 1)
		pages = atol(argv[1]) * 256;
	if (pages < 256)
		pages = 256;
	both_write();
	generations();
	kernel_writes();
	protected_then_written();
	storm(argc > 2 ? atof(argv[2]) : 4);
	return check_done("fork_cow");
}
