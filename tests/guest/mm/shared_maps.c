// SPDX-License-Identifier: GPL-2.0
/*
 * shared_maps.c - memory and files that several processes map
 *
 * Shared anonymous memory, memfd and ordinary files, mapped shared and private: writes seen at once by all who
 * should and by none who should not, read(2) and write(2) in agreement with mappings, holes, growth, and SIGBUS
 * beyond the end.
 *
 * usage: shared_maps [DIRECTORY] (default /tmp)
 */
#define _GNU_SOURCE
#include "check.h"
#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>

static const char *directory = "/tmp";

static int open_temporary(void)
{
	char path[300];
	int fd;

	snprintf(path, sizeof(path), "%s/shared_maps.%d", directory, getpid());
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	if (fd < 0) {
		perror(path);
		exit(1);
	}
	unlink(path);
	return fd;
}

/* Two processes pass a counter through shared memory, page after page. */
static void ping_pong(void *memory, size_t pages, const char *what)
{
	volatile uint32_t *words = memory;
	pid_t pid = fork();
	int bad = 0;

	if (pid == 0) {
		for (uint32_t n = 0; n < 2000; n++) {
			volatile uint32_t *word = words + (n % pages) * 1024;
			double give_up = check_seconds() + 10;

			while (__atomic_load_n(word, __ATOMIC_ACQUIRE) != 2 * n + 1) {
				sched_yield();
				if (check_seconds() > give_up)
					_exit(1);
			}
			__atomic_store_n(word, 2 * n + 2, __ATOMIC_RELEASE);
		}
		_exit(0);
	}
	for (uint32_t n = 0; n < 2000 && !bad; n++) {
		volatile uint32_t *word = words + (n % pages) * 1024;
		double give_up = check_seconds() + 10;

		__atomic_store_n(word, 2 * n + 1, __ATOMIC_RELEASE);
		while (__atomic_load_n(word, __ATOMIC_ACQUIRE) != 2 * n + 2 && !bad) {
			sched_yield();
			bad = check_seconds() > give_up;
		}
	}
	CHECK(!bad, "%s: the partner's write was not seen", what);
	CHECK(check_wait(pid) == 0, "%s: the partner failed", what);
}

static void shared_anonymous(void)
{
	void *memory = mmap(NULL, 16 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	ping_pong(memory, 16, "shared anonymous memory");
	munmap(memory, 16 * PAGE);
}

/* One page at two places of one process. */
static void aliases(int fd)
{
	volatile uint8_t *a, *b;
	int bad = 0;

	CHECK(!ftruncate(fd, 8 * PAGE), "ftruncate");
	a = mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	b = mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	for (int i = 0; i < 5000; i++) {
		size_t at = (size_t)i * 709 % (8 * PAGE);

		a[at] = i;
		bad += b[at] != (uint8_t)i;
		b[at] = i + 1;
		bad += a[at] != (uint8_t)(i + 1);
	}
	CHECK(!bad, "%d times two mappings of one page differed", bad);
	munmap((void *)a, 8 * PAGE);
	munmap((void *)b, 8 * PAGE);
}

static void files_and_mappings(int fd, const char *what)
{
	uint8_t *shared, *private, byte = 0, page[PAGE];

	memset(page, 'a', PAGE);
	for (int i = 0; i < 8; i++)
		CHECK(pwrite(fd, page, PAGE, i * PAGE) == (ssize_t)PAGE, "%s: pwrite: %s", what, strerror(errno));
	shared = mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	private = mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	if (!CHECK(shared != MAP_FAILED && private != MAP_FAILED, "%s: mmap: %s", what, strerror(errno)))
		return;
	CHECK(shared[0] == 'a' && private[0] == 'a', "%s: contents", what);
	shared[5] = 'b';
	CHECK(pread(fd, &byte, 1, 5) == 1 && byte == 'b', "%s: read(2) does not see the mapping's write", what);
	CHECK(private[5] == 'b', "%s: an untouched private page does not see the file", what);
	private[6] = 'p';
	CHECK(pread(fd, &byte, 1, 6) == 1 && byte == 'a', "%s: a private write reached the file", what);
	CHECK(shared[6] == 'a', "%s: a private write reached the shared mapping", what);
	CHECK(pwrite(fd, "w", 1, PAGE + 9) == 1 && shared[PAGE + 9] == 'w', "%s: the mapping does not see write(2)", what);
	CHECK(private[PAGE + 9] == 'w' && private[6] == 'p', "%s: private mapping after write(2)", what);
	CHECK(!msync(shared, 8 * PAGE, MS_SYNC), "%s: msync: %s", what, strerror(errno));
	/* beyond the end */
	CHECK(!ftruncate(fd, 2 * PAGE + 100), "%s: ftruncate", what);
	CHECK(shared[2 * PAGE + 99] == 'a' && shared[2 * PAGE + 100] == 0, "%s: the rest of the last page is not zero", what);
	CHECK(probe_read(shared + 3 * PAGE, NULL) == SIGBUS && probe_code == BUS_ADRERR && probe_addr == shared + 3 * PAGE,
	      "%s: beyond the end: code %d at %p", what, probe_code, probe_addr);
	CHECK(probe_write(private + 4 * PAGE, 1) == SIGBUS, "%s: a private write beyond the end", what);
	CHECK(!ftruncate(fd, 8 * PAGE) && shared[3 * PAGE] == 0 && shared[2 * PAGE + 200] == 0, "%s: grown again", what);
	munmap(shared, 8 * PAGE);
	munmap(private, 8 * PAGE);
}

/* A read-only shared mapping of a file opened for reading cannot become writable. */
static void permissions(void)
{
	char path[300];
	int fd;
	void *at;

	snprintf(path, sizeof(path), "%s/shared_ro.%d", directory, getpid());
	fd = open(path, O_RDWR | O_CREAT, 0600);
	CHECK(fd >= 0 && !ftruncate(fd, PAGE), "%s", path);
	close(fd);
	fd = open(path, O_RDONLY);
	at = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
	CHECK(at != MAP_FAILED && mprotect(at, PAGE, PROT_READ | PROT_WRITE) && errno == EACCES, "mprotect of a read-only file");
	CHECK(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED && errno == EACCES, "mmap of it");
	munmap(at, PAGE);
	close(fd);
	unlink(path);
}

/* Many processes add to counters in one shared file; none may be lost. */
static void shared_counters(int fd)
{
	volatile uint64_t *counters;
	pid_t pids[6];
	int bad = 0;

	CHECK(!ftruncate(fd, 0) && !ftruncate(fd, 64 * PAGE), "ftruncate");
	for (int k = 0; k < 6; k++) {
		pids[k] = fork();
		if (pids[k] == 0) {
			counters = mmap(NULL, 64 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
			for (int n = 0; n < 200; n++) {
				for (int i = 0; i < 64; i++)
					__atomic_fetch_add(counters + i * 512, 1, __ATOMIC_SEQ_CST);
			}
			_exit(0);
		}
	}
	for (int k = 0; k < 6; k++)
		CHECK(check_wait(pids[k]) == 0, "a child failed");
	counters = mmap(NULL, 64 * PAGE, PROT_READ, MAP_SHARED, fd, 0);
	for (int i = 0; i < 64; i++)
		bad += counters[i * 512] != 1200;
	CHECK(!bad, "%d counters are wrong", bad);
	munmap((void *)counters, 64 * PAGE);
}

int main(int argc, char **argv)
{
	int memory = memfd_create("shared_maps", 0), file;

	if (argc > 1)
		directory = argv[1];
	file = open_temporary();
	probe_init();
	shared_anonymous();
	aliases(memory);
	files_and_mappings(memory, "memfd");
	files_and_mappings(file, "file");
	{
		void *map;

		CHECK(!ftruncate(file, 0) && !ftruncate(file, 16 * PAGE), "ftruncate");
		map = mmap(NULL, 16 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
		ping_pong(map, 16, "a shared file");
		munmap(map, 16 * PAGE);
	}
	permissions();
	shared_counters(memory);
	shared_counters(file);
	return check_done("shared_maps");
}
