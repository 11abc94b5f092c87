// SPDX-License-Identifier: GPL-2.0
/*
 * ahead.c - pages that the kernel takes before a program touches them are the ones that the program would have got
 *
 * A program does the same thing many times, as a kernel that learns from it would like, and then something about its
 * memory or files changes: protection, contents, length, existence. The next time must show the change.
 */
#define _GNU_SOURCE
#include "check.h"
#include <fcntl.h>

#define PAGES	64
#define HOT	8		/* pages that parent and children touch */
#define LESSONS	20
#define MARKER	"ahead-marker-0"

static char path[64];

static uint8_t *map(int prot, int flags, int fd)
{
	uint8_t *at = mmap(NULL, PAGES * PAGE, prot, flags, fd, 0);

	if (at == MAP_FAILED) {
		perror("mmap");
		exit(1);
	}
	return at;
}

static uint8_t *hot(uint8_t *area, int i)
{
	return area + (i * 7 + 3) * PAGE;
}

/* A child writes to all hot pages but @not; what it finds is what the parent has left there. Its exit status says how often it did not. */
static int child_is_right(uint8_t *area, int not, uint8_t value)
{
	pid_t pid = fork();
	int bad = 0;

	if (pid == 0) {
		for (int i = 0; i < HOT; i++) {
			if (i == not)
				continue;
			bad += *hot(area, i) != value;
			*hot(area, i) = value + 100;
			bad += *hot(area, i) != (uint8_t)(value + 100);
		}
		_exit(bad);
	}
	return check_wait(pid) == 0;
}

static void teach(uint8_t *area)
{
	for (int n = 0; n < LESSONS; n++) {
		for (int i = 0; i < HOT; i++)
			*hot(area, i) = n;
		CHECK(child_is_right(area, -1, n), "a child saw other contents than its parent's");
		for (int i = 0; i < HOT; i++)
			CHECK(*hot(area, i) == n, "the parent sees %d, has written %d", *hot(area, i), n);
	}
}

/* In a child and then in the parent: page @i gives signal @sig and code @code when it is read or, with @is_write, written. */
static void both_fault(uint8_t *area, int i, int is_write, int sig, int code, const char *what)
{
	uint8_t *at = hot(area, i);
	pid_t pid = fork();
	int got;

	if (pid == 0) {
		got = is_write ? probe_write(at, 1) : probe_read(at, NULL);
		_exit(got == sig && probe_code == code ? 0 : got ? 2 : 1);
	}
	got = check_wait(pid);
	CHECK(!got, "%s, child: %s", what, got == 1 ? "no signal" : "another signal");
	got = is_write ? probe_write(at, 1) : probe_read(at, NULL);
	CHECK(got == sig && probe_code == code, "%s, parent: signal %d code %d", what, got, probe_code);
}

static void protections(void)
{
	uint8_t *area = map(PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);

	teach(area);
	mprotect(hot(area, 1), PAGE, PROT_NONE);
	both_fault(area, 1, 0, SIGSEGV, SEGV_ACCERR, "PROT_NONE");
	mprotect(hot(area, 2), PAGE, PROT_READ);
	both_fault(area, 2, 1, SIGSEGV, SEGV_ACCERR, "PROT_READ");
	munmap(hot(area, 3), PAGE);
	both_fault(area, 3, 0, SIGSEGV, SEGV_MAPERR, "munmap");
	mprotect(hot(area, 1), PAGE, PROT_READ | PROT_WRITE);
	CHECK(*hot(area, 1) == LESSONS - 1, "the page that was PROT_NONE has lost its contents");
	munmap(area, PAGES * PAGE);
}

static void advice(void)
{
	uint8_t *area = map(PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	pid_t pid;

	teach(area);
	madvise(hot(area, 0), PAGE, MADV_DONTNEED);
	madvise(hot(area, 1), PAGE, MADV_DONTFORK);
	madvise(hot(area, 2), PAGE, MADV_WIPEONFORK);
	pid = fork();
	if (pid == 0)
		_exit((*hot(area, 0) != 0) | (probe_read(hot(area, 1), NULL) != SIGSEGV) << 1 | (*hot(area, 2) != 0) << 2 |
		      (*hot(area, 3) != LESSONS - 1) << 3);
	CHECK(check_wait(pid) == 0, "a child has not seen what MADV_DONTNEED, DONTFORK, WIPEONFORK did");
	CHECK(!*hot(area, 0) && *hot(area, 1) == LESSONS - 1 && *hot(area, 2) == LESSONS - 1, "the parent's own pages after madvise");
	munmap(area, PAGES * PAGE);
}

static void file_length(int flags, const char *what)
{
	uint8_t page[PAGE];
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600), bad = 0;
	uint8_t *area;

	for (int i = 0; i < PAGES; i++) {
		memset(page, i + 1, PAGE);
		bad += write(fd, page, PAGE) != (ssize_t)PAGE;
	}
	CHECK(!bad, "write: %s", strerror(errno));
	area = map(PROT_READ | PROT_WRITE, flags, fd);
	for (int n = 0; n < LESSONS; n++) {
		pid_t pid = fork();

		if (pid == 0) {
			for (int i = 0; i < HOT; i++)
				bad += *hot(area, i) != i * 7 + 4;
			_exit(bad);
		}
		CHECK(check_wait(pid) == 0, "%s: a child saw other contents than the file's", what);
	}
	memset(page, 99, PAGE);
	CHECK(pwrite(fd, page, PAGE, hot(area, 1) - area) == (ssize_t)PAGE, "pwrite: %s", strerror(errno));
	if (flags == MAP_SHARED)
		CHECK(*hot(area, 1) == 99, "%s: a page does not show what was written to the file", what);
	CHECK(ftruncate(fd, hot(area, 4) - area) == 0, "ftruncate: %s", strerror(errno));
	both_fault(area, 4, 0, SIGBUS, BUS_ADRERR, what);
	both_fault(area, 7, 1, SIGBUS, BUS_ADRERR, what);
	CHECK(*hot(area, 3) == 3 * 7 + 4, "%s: a page before the new end has changed", what);
	CHECK(ftruncate(fd, PAGES * PAGE) == 0, "ftruncate: %s", strerror(errno));
	CHECK(*hot(area, 4) == 0 && *hot(area, 7) == 0, "%s: the file that grew again is not zero there", what);
	munmap(area, PAGES * PAGE);
	close(fd);
	unlink(path);
}

/* Memory that grows: what is taken ahead is zero, does not reach over what is there, nor where it is forbidden. */
static void growth(void)
{
	size_t pages = 512, bad = 0;
	uint8_t *area = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	area[200 * PAGE] = 7;
	mprotect(area + 301 * PAGE, PAGE, PROT_NONE);
	mprotect(area + 303 * PAGE, PAGE, PROT_READ);
	for (size_t i = 0; i < 301; i++) {
		bad += area[i * PAGE] != (i == 200 ? 7 : 0);
		area[i * PAGE] = 1;
	}
	CHECK(!bad, "%zu new pages were not what they should be", bad);
	CHECK(probe_write(area + 301 * PAGE, 1) == SIGSEGV && probe_write(area + 303 * PAGE, 1) == SIGSEGV, "a write where it is forbidden");
	for (size_t i = 304; i < pages; i++)
		bad += area[i * PAGE] != 0 || area[i * PAGE + PAGE - 1] != 0;
	CHECK(!bad, "%zu pages were not zero", bad);
	munmap(area, pages * PAGE);
}

/* ---- a program that is started again and again ---- */

static const char marker[] = MARKER;
static volatile uint32_t data[4 * PAGE / 4] = { 0x12345678, [2048] = 0x9abcdef0 };
static volatile uint32_t bss[8 * PAGE / 4];

static int started(const char *expected)
{
	int bad = strcmp((const char *)(volatile const void *)marker, expected) != 0;
	volatile uint32_t *heap = calloc(3 * PAGE, 1);

	bad |= (data[0] != 0x12345678 || data[2048] != 0x9abcdef0) << 1;
	for (size_t i = 0; i < 8 * PAGE / 4; i += 1024)
		bad |= (bss[i] != 0) << 2;
	for (size_t i = 0; i < 3 * PAGE / 4; i += 1024)
		bad |= (heap[i] != 0) << 3;
	for (size_t i = 0; i < 4 * PAGE / 4; i += 1024)
		data[i] = bss[i] = bss[4096 + i] = ~i;
	for (size_t i = 0; i < 3 * PAGE / 4; i += 1024)
		heap[i] = ~0U;
	return bad;
}

static int start(const char *expected)
{
	pid_t pid = fork();

	if (pid == 0) {
		execl(path, path, "--started", expected, NULL);
		_exit(99);
	}
	return check_wait(pid);
}

static void copy_self(void)
{
	static char buf[65536];
	int in = open("/proc/self/exe", O_RDONLY), out = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0700);
	ssize_t got;

	while ((got = read(in, buf, sizeof(buf))) > 0)
		CHECK(write(out, buf, got) == got, "write: %s", strerror(errno));
	close(in);
	close(out);
}

/* Change the last character of each marker in the program's file, of which there is more than one; returns how many. */
static int change_marker(const uint8_t *image, size_t len, char last)
{
	const uint8_t *at = image;
	int fd = open(path, O_WRONLY), nr = 0;

	while ((at = memmem(at, len - (at - image), MARKER, sizeof(MARKER)))) {
		nr += pwrite(fd, &last, 1, at - image + sizeof(MARKER) - 2) == 1;
		at++;
	}
	close(fd);
	return nr;
}

static uint64_t sum(const uint8_t *at, size_t len)
{
	uint64_t s = 0;

	for (size_t i = 0; i < len; i++)
		s = s * 31 + at[i];
	return s;
}

static void programs(void)
{
	char other[] = MARKER;
	uint8_t *image;
	uint64_t before;
	off_t len;
	int fd;

	copy_self();
	fd = open(path, O_RDONLY);
	len = lseek(fd, 0, SEEK_END);
	image = mmap(NULL, len, PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	before = sum(image, len);
	for (int n = 0; n < LESSONS; n++) {
		int bad = start(MARKER);

		CHECK(!bad, "a program that was started anew found %#x wrong", bad);
		CHECK(n % 5 || sum(image, len) == before, "the program's file has changed");
	}
	other[sizeof(other) - 2] = '1';
	CHECK(change_marker(image, len, '1') > 0, "the marker was not changed: %s", strerror(errno));
	CHECK(start(other) == 0, "a program does not show that its file has changed");
	CHECK(sum(image, len) != before, "a mapping does not show that the file has changed");
	munmap(image, len);
}

int main(int argc, char **argv)
{
	if (argc > 2 && !strcmp(argv[1], "--started"))
		return started(argv[2]);
	snprintf(path, sizeof(path), "/tmp/ahead.%d", getpid());
	probe_init();
	protections();
	advice();
	file_length(MAP_SHARED, "shared file");
	file_length(MAP_PRIVATE, "private file");
	growth();
	programs();
	unlink(path);
	return check_done("ahead");
}
