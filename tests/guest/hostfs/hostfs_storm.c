// SPDX-License-Identifier: GPL-2.0
/*
 * hostfs_storm [DIR [SECONDS [SEED]]]: random work on a file system by several processes at once
 *
 * Half of the processes each own a file and do to it what they do to a copy in memory: write, append, map, truncate, punch holes,
 * close and open again, sync, read and compare. The others make, rename, link and remove names in directories they all share, where
 * any answer is right that a file system may give, and at the end nothing may be left that was removed.
 */
#define _GNU_SOURCE
#include "../check.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <sys/stat.h>

#define NR_FILES	3
#define NR_NAMERS	3
#define MAX_SIZE	(600 * 1024)

static unsigned int seed = 1;
static char model[MAX_SIZE], scratch[MAX_SIZE];

static unsigned int rnd(unsigned int below)
{
	seed ^= seed << 13;
	seed ^= seed >> 17;
	seed ^= seed << 5;
	return below ? seed % below : 0;
}

static void noise(char *p, size_t len)
{
	unsigned int x = seed | 1;

	for (size_t i = 0; i < len; i++) {
		x = x * 1103515245 + 12345;
		p[i] = x >> 16;
	}
}

/* Where and how much: mostly small, sometimes at page borders, sometimes large. */
static void pick(size_t limit, size_t *pos, size_t *len)
{
	*pos = rnd(limit);
	if (!rnd(3))
		*pos &= ~(PAGE - 1);
	*len = 1 + rnd(rnd(4) ? 5000 : 100000);
	if (*pos + *len > limit)
		*len = limit - *pos;
}

static void do_write(int fd, size_t *size)
{
	size_t pos, len;

	pick(MAX_SIZE, &pos, &len);
	noise(scratch, len);
	if (pos > *size)
		memset(model + *size, 0, pos - *size);
	memcpy(model + pos, scratch, len);
	if (pos + len > *size)
		*size = pos + len;
	CHECK(pwrite(fd, scratch, len, pos) == (ssize_t)len, "pwrite %zu at %zu: %s", len, pos, strerror(errno));
}

static void do_truncate(int fd, size_t *size)
{
	size_t to = rnd(MAX_SIZE);

	if (to > *size)
		memset(model + *size, 0, to - *size);
	*size = to;
	CHECK(!ftruncate(fd, to), "ftruncate: %s", strerror(errno));
}

static void do_map(int fd, size_t size)
{
	size_t pos, len;
	char *map;

	if (!size)
		return;
	map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	CHECK(map != MAP_FAILED, "mmap: %s", strerror(errno));
	if (map == MAP_FAILED)
		return;
	pick(size, &pos, &len);
	noise(scratch, len);
	memcpy(model + pos, scratch, len);
	memcpy(map + pos, scratch, len);
	if (!rnd(3))
		msync(map, size, MS_SYNC);
	pick(size, &pos, &len);
	CHECK(!memcmp(map + pos, model + pos, len), "the mapping differs at %zu, %zu bytes", pos, len);
	munmap(map, size);
}

static void do_punch(int fd, size_t size)
{
	size_t pos, len;

	if (!size)
		return;
	pick(size, &pos, &len);
	if (!fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, pos, len))
		memset(model + pos, 0, len);
}

static void do_compare(int fd, size_t size, const char *what)
{
	ssize_t n = pread(fd, scratch, MAX_SIZE, 0);
	size_t at = 0;

	CHECK(n == (ssize_t)size, "%s: %zd bytes are read instead of %zu", what, n, size);
	if (n != (ssize_t)size || !memcmp(scratch, model, size))
		return;
	while (scratch[at] == model[at])
		at++;
	CHECK(0, "%s: differs first at %zu of %zu (%02x instead of %02x)", what, at, size, (uint8_t)scratch[at],
	      (uint8_t)model[at]);
	memcpy(model, scratch, size);
}

static int file_worker(int nr, double until)
{
	size_t size = 0;
	char name[40];
	struct stat st;
	int fd, rounds = 0;

	snprintf(name, sizeof(name), "data%d", nr);
	fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0644);
	CHECK(fd >= 0, "open: %s", strerror(errno));
	while (fd >= 0 && check_seconds() < until && check_failed < 5) {
		rounds++;
		switch (rnd(12)) {
		case 0: case 1: case 2: case 3: do_write(fd, &size); break;
		case 4: do_truncate(fd, &size); break;
		case 5: case 6: do_map(fd, size); break;
		case 7: do_punch(fd, size); break;
		case 8: CHECK(!fsync(fd), "fsync: %s", strerror(errno)); break;
		case 9:
			CHECK(!close(fd), "close: %s", strerror(errno));
			fd = open(name, O_RDWR);
			break;
		case 10: do_compare(fd, size, "compare"); break;
		case 11: CHECK(!fstat(fd, &st) && st.st_size == (off_t)size, "size %ld, not %zu", (long)st.st_size, size); break;
		}
	}
	close(fd);
	fd = open(name, O_RDONLY);
	do_compare(fd, size, "at the end");
	close(fd);
	unlink(name);
	return check_failed != 0;
}

static int is_one_of(int err, const int *list)
{
	for (; *list; list++) {
		if (err == *list)
			return 1;
	}
	return 0;
}

/* A call on a shared name may fail because another process was faster; nothing else is an excuse. */
static void name_result(const char *what, int ret)
{
	static const int excuses[] = { ENOENT, EEXIST, ENOTEMPTY, ENOTDIR, EISDIR, EINVAL, EPERM, 0 };

	CHECK(!ret || is_one_of(errno, excuses), "%s: %s", what, strerror(errno));
}

static int name_worker(double until)
{
	char a[64], b[64], text[64];
	int fd;

	while (check_seconds() < until && check_failed < 5) {
		snprintf(a, sizeof(a), "dir%u/n%u", rnd(3), rnd(12));
		snprintf(b, sizeof(b), "dir%u/n%u", rnd(3), rnd(12));
		switch (rnd(9)) {
		case 0: case 1:
			fd = open(a, O_CREAT | O_WRONLY | O_TRUNC, 0644);
			name_result("create", fd < 0);
			if (fd >= 0 && write(fd, "some text", 9) != 9)
				CHECK(0, "write: %s", strerror(errno));
			if (fd >= 0)
				close(fd);
			break;
		case 2: name_result("rename", rename(a, b)); break;
		case 3: name_result("link", link(a, b)); break;
		case 4: name_result("unlink", unlink(a)); break;
		case 5: name_result("mkdir", mkdir(a, 0755)); break;
		case 6: name_result("rmdir", rmdir(a)); break;
		case 7:
			fd = open(a, O_RDONLY | O_NOFOLLOW);
			name_result("open", fd < 0);
			if (fd >= 0 && read(fd, text, sizeof(text)) > 0)
				CHECK(!memcmp(text, "some text", 9), "a file holds something else");
			if (fd >= 0)
				close(fd);
			break;
		case 8: name_result("chmod", chmod(a, 0700)); break;
		}
	}
	return check_failed != 0;
}

static void remove_names(void)
{
	char path[600];

	for (int d = 0; d < 3; d++) {
		struct dirent *e;
		DIR *dir;

		snprintf(path, sizeof(path), "dir%d", d);
		for (dir = opendir(path); dir && (e = readdir(dir));) {
			if (e->d_name[0] == '.')
				continue;
			snprintf(path, sizeof(path), "dir%d/%s", d, e->d_name);
			CHECK(!remove(path), "%s: %s", path, strerror(errno));
		}
		if (dir)
			closedir(dir);
		snprintf(path, sizeof(path), "dir%d", d);
		CHECK(!rmdir(path), "%s: %s", path, strerror(errno));
	}
}

int main(int argc, char **argv)
{
	double until = check_seconds() + (argc > 2 ? atof(argv[2]) : 3);
	pid_t pids[NR_FILES + NR_NAMERS];
	char made[40];
	int i;

	snprintf(made, sizeof(made), "hostfs_storm.%d", (int)getpid());
	if ((argc > 1 && chdir(argv[1])) || mkdir(made, 0755) || chdir(made)) {
		perror("hostfs_storm: directory");
		return 1;
	}
	for (i = 0; i < 3; i++) {
		char name[16];

		snprintf(name, sizeof(name), "dir%d", i);
		mkdir(name, 0755);
	}
	for (i = 0; i < NR_FILES + NR_NAMERS; i++) {
		fflush(stdout);
		pids[i] = fork();
		if (!pids[i]) {
			seed = (argc > 3 ? atoi(argv[3]) : 1) * 7919 + i + 1;
			_exit(i < NR_FILES ? file_worker(i, until) : name_worker(until));
		}
	}
	for (i = 0; i < NR_FILES + NR_NAMERS; i++)
		CHECK(check_wait(pids[i]) == 0, "process %d of the storm failed", i);
	remove_names();
	CHECK(!chdir("..") && !rmdir(made), "something is left: %s", strerror(errno));
	return check_done("hostfs_storm");
}
