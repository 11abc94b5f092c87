// SPDX-License-Identifier: GPL-2.0
/*
 * swap.c - memory that goes to swap comes back as it was, in the process and in what it forked
 *
 * usage: swap [DEVICE [MIB]]
 *
 * With a DEVICE (or file) it is made a swap area, used, and switched off again: all that was on it is overwritten.
 * Without one the swap that is there is used; if there is none, that is said. Memory is pushed out by MADV_PAGEOUT;
 * a memory cgroup or a small mem= does more. Then: read back in odd orders, forked with entries in swap,
 * protections changed and memory moved while out, and at the end swapoff, which brings everything back at once.
 */
#define _GNU_SOURCE
#include "check.h"
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/sysinfo.h>
#include <linux/fs.h>

#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT	21
#endif

static size_t pages = 32 * 256;

static unsigned long free_swap(void)
{
	struct sysinfo info;

	sysinfo(&info);
	return info.freeswap * info.mem_unit / PAGE;
}

/* The header that mkswap writes: version 1, the last page's number, a magic word at the end of the first page. */
static int make_swap(const char *path)
{
	static uint8_t page[PAGE];
	uint64_t bytes = 0;
	uint32_t words[3];
	struct stat st;
	int fd = open(path, O_RDWR), good;

	if (fd < 0 || fstat(fd, &st))
		return -1;
	if (S_ISREG(st.st_mode))
		bytes = st.st_size;
	else if (ioctl(fd, BLKGETSIZE64, &bytes))
		bytes = 0;
	words[0] = 1;
	words[1] = bytes / PAGE - 1;
	words[2] = 0;
	memcpy(page + 1024, words, sizeof(words));
	memcpy(page + PAGE - 10, "SWAPSPACE2", 10);
	good = bytes > 16 * PAGE && pwrite(fd, page, PAGE, 0) == (ssize_t)PAGE && !fsync(fd);
	close(fd);
	return good ? swapon(path, 0) : -1;
}

static uint64_t tag_of(size_t i)
{
	return 0x9e3779b97f4a7c15UL * (i + 11);
}

static void fill(uint8_t *region)
{
	for (size_t i = 0; i < pages; i++) {
		for (size_t n = 0; n < PAGE; n += 256)
			*(uint64_t *)(region + i * PAGE + n) = tag_of(i) + n;
	}
}

static size_t count_bad(const uint8_t *region, size_t step)
{
	size_t bad = 0;

	for (size_t k = 0; k < pages; k++) {
		size_t i = k * step % pages;

		for (size_t n = 0; n < PAGE; n += 256)
			bad += *(const uint64_t *)(region + i * PAGE + n) != tag_of(i) + n;
	}
	return bad;
}

static void push_out(uint8_t *region)
{
	CHECK(!madvise(region, pages * PAGE, MADV_PAGEOUT), "MADV_PAGEOUT: %s", strerror(errno));
}

static void there_and_back(uint8_t *region)
{
	unsigned long before = free_swap(), used;

	fill(region);
	push_out(region);
	used = before - free_swap();
	CHECK(used > pages / 4, "only %lu of %zu pages went out", used, pages);
	check_remark("%lu of %zu pages went out", used, pages);
	CHECK(!count_bad(region, 7919), "contents after coming back");
	for (int i = 0; i < 3; i++) {
		push_out(region);
		for (size_t n = i; n < pages; n += 3)
			*(uint64_t *)(region + n * PAGE) = tag_of(n);
		CHECK(!count_bad(region, 104729), "contents in round %d", i);
	}
}

static void forked(uint8_t *region)
{
	pid_t pid;

	push_out(region);
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		if (count_bad(region, 31))
			_exit(1);
		memset(region, 0x99, pages * PAGE);
		madvise(region, pages * PAGE, MADV_PAGEOUT);
		for (size_t i = 0; i < pages * PAGE; i += 512) {
			if (region[i] != 0x99)
				_exit(2);
		}
		_exit(0);
	}
	CHECK(!count_bad(region, 37), "the parent's contents");
	CHECK(check_wait(pid) == 0, "the child's contents");
	CHECK(!count_bad(region, 41), "the parent's contents, afterwards");
}

static uint8_t *changed_while_out(uint8_t *region)
{
	uint8_t *moved;

	push_out(region);
	CHECK(!mprotect(region, pages * PAGE, PROT_READ), "mprotect");
	CHECK(probe_write(region + 5 * PAGE, 1) == SIGSEGV && probe_code == SEGV_ACCERR, "a write to read-only memory");
	CHECK(!mprotect(region, pages * PAGE, PROT_READ | PROT_WRITE), "mprotect");
	push_out(region);
	moved = mmap(NULL, pages * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	moved = mremap(region, pages * PAGE, pages * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, moved);
	CHECK(moved != MAP_FAILED && !count_bad(moved, 43), "contents after moving");
	push_out(moved);
	madvise(moved + PAGE, PAGE, MADV_DONTNEED);
	CHECK(moved[PAGE] == 0, "dropped while out");
	return moved;
}

int main(int argc, char **argv)
{
	struct sysinfo info;
	uint8_t *region;

	if (argc > 2)
		pages = atol(argv[2]) * 256;
	if (argc > 1 && !CHECK(!make_swap(argv[1]), "swap on %s: %s", argv[1], strerror(errno)))
		return check_done("swap");
	sysinfo(&info);
	if (free_swap() < pages) {
		CHECK(argc < 2, "the area is too small");
		check_remark("skipped: no swap");
		check_passed++;
		return check_done("swap");
	}
	probe_init();
	region = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	madvise(region, pages * PAGE, MADV_NOHUGEPAGE);
	there_and_back(region);
	forked(region);
	region = changed_while_out(region);
	fill(region);
	push_out(region);
	if (argc > 1) {
		CHECK(!swapoff(argv[1]), "swapoff: %s", strerror(errno));
		CHECK(!count_bad(region, 47), "contents after swapoff");
	}
	return check_done("swap");
}
