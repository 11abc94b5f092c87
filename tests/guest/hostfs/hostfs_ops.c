// SPDX-License-Identifier: GPL-2.0
/*
 * hostfs_ops [DIR]: file system calls that shell commands do not reach, on DIR (default: a new directory in the present one)
 *
 * Asks nothing of hostfs that an ordinary disk file system does not do too, so it must pass on the bare host first.
 */
#define _GNU_SOURCE
#include "../check.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/xattr.h>

#define NR_ENTRIES	3000
#define BIG		(5ULL << 30)

static char buf[1 << 20], buf2[1 << 20];

static void fill(char *p, size_t len, unsigned int seed)
{
	for (size_t i = 0; i < len; i++)
		p[i] = (seed = seed * 1103515245 + 12345) >> 16;
}

static int make(const char *name, const void *data, size_t len)
{
	int fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0644);

	CHECK(fd >= 0, "open %s: %s", name, strerror(errno));
	if (len)
		CHECK(write(fd, data, len) == (ssize_t)len, "write %s: %s", name, strerror(errno));
	return fd;
}

static off_t size_of(const char *name)
{
	struct stat st;

	return stat(name, &st) ? -1 : st.st_size;
}

static void test_shared_mapping(void)
{
	int fd, fd2;
	char *map;

	fill(buf, 40000, 1);
	fd = make("map", buf, 40000);
	map = mmap(NULL, 40000, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	CHECK(map != MAP_FAILED, "mmap: %s", strerror(errno));
	if (map == MAP_FAILED)
		return;
	CHECK(!memcmp(map, buf, 40000), "a mapping shows what was written");
	memcpy(map + 8000, "mapped", 6);
	CHECK(pread(fd, buf2, 6, 8000) == 6 && !memcmp(buf2, "mapped", 6), "read() does not see the mapping's write");
	CHECK(pwrite(fd, "written", 7, 9000) == 7 && !memcmp(map + 9000, "written", 7),
	      "the mapping does not see write()");
	CHECK(!msync(map, 40000, MS_SYNC), "msync: %s", strerror(errno));
	close(fd);
	memcpy(map + 20000, "afterclose", 10);
	munmap(map, 40000);
	fd2 = open("map", O_RDONLY);
	CHECK(pread(fd2, buf2, 10, 20000) == 10 && !memcmp(buf2, "afterclose", 10),
	      "a write through a mapping was lost");
	map = mmap(NULL, 40000, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd2, 0);
	map[0] ^= 0x55;
	CHECK(pread(fd2, buf2, 1, 0) == 1 && buf2[0] == buf[0], "a private mapping wrote into the file");
	munmap(map, 40000);
	close(fd2);
}

static void test_mapping_and_size(void)
{
	int fd = make("mapsize", "x", 1);
	char *map;
	uint8_t byte = 1;

	CHECK(!ftruncate(fd, 3 * PAGE), "ftruncate: %s", strerror(errno));
	map = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	map[2 * PAGE] = 'z';
	CHECK(!ftruncate(fd, PAGE + 10), "ftruncate: %s", strerror(errno));
	CHECK(probe_read(map + 2 * PAGE, NULL) == SIGBUS, "behind the end of the file there is no SIGBUS");
	map[PAGE + 20] = 'q';
	CHECK(!ftruncate(fd, 3 * PAGE), "ftruncate: %s", strerror(errno));
	CHECK(!probe_read(map + 2 * PAGE, &byte) && !byte, "what was cut off came back as %d", byte);
	CHECK(pread(fd, &byte, 1, PAGE + 20) == 1 && !byte,
	      "what was written behind the end came into the file: %d", byte);
	munmap(map, 3 * PAGE);
	close(fd);
}

static void test_partial_writes(void)
{
	static const int steps[] = { 1, 7, 100, 4095, 4096, 4097, 70000 };
	int fd = make("partial", NULL, 0);
	size_t at = 0;

	fill(buf, sizeof(buf), 7);
	for (int round = 0; at + 70000 < sizeof(buf); round++) {
		size_t len = steps[round % 7];

		CHECK(pwrite(fd, buf + at, len, at) == (ssize_t)len, "pwrite: %s", strerror(errno));
		at += len;
		if (round % 5 == 4) {
			close(fd);
			fd = open("partial", O_RDWR);
		}
	}
	CHECK(pread(fd, buf2, sizeof(buf2), 0) == (ssize_t)at && !memcmp(buf, buf2, at),
	      "what was written in pieces is not what is read");
	close(fd);
	fd = open("partial", O_WRONLY);
	memcpy(buf + 5000, "HOLE IN THE MIDDLE", 18);
	CHECK(pwrite(fd, buf + 5000, 18, 5000) == 18, "pwrite: %s", strerror(errno));
	close(fd);
	fd = open("partial", O_RDONLY);
	CHECK(pread(fd, buf2, sizeof(buf2), 0) == (ssize_t)at && !memcmp(buf, buf2, at),
	      "a write in the middle spoilt what is around it");
	close(fd);
}

static void test_direct(void)
{
	int fd = make("direct", NULL, 0), dfd = open("direct", O_RDWR | O_DIRECT);
	char *page = aligned_alloc(PAGE, 64 * PAGE);

	if (dfd < 0) {
		check_remark("no O_DIRECT (%s)", strerror(errno));
		goto out;
	}
	fill(page, 64 * PAGE, 9);
	CHECK(write(dfd, page, 64 * PAGE) == 64 * PAGE, "O_DIRECT write: %s", strerror(errno));
	CHECK(pread(fd, buf2, 64 * PAGE, 0) == 64 * PAGE && !memcmp(buf2, page, 64 * PAGE),
	      "read() does not see an O_DIRECT write");
	CHECK(pwrite(fd, "cached", 6, PAGE) == 6, "pwrite: %s", strerror(errno));
	CHECK(pread(dfd, page, PAGE, PAGE) == PAGE && !memcmp(page, "cached", 6), "O_DIRECT read does not see write()");
	CHECK(pread(dfd, page, PAGE, 64 * PAGE) == 0, "O_DIRECT read behind the end");
	close(dfd);
out:
	free(page);
	close(fd);
}

static void test_append(void)
{
	int a = make("append", "start\n", 6), b, c;

	close(a);
	a = open("append", O_WRONLY | O_APPEND);
	b = open("append", O_WRONLY | O_APPEND);
	for (int i = 0; i < 200; i++) {
		CHECK(write(a, "aaaaaaa\n", 8) == 8, "append: %s", strerror(errno));
		CHECK(write(b, "bbbbbbb\n", 8) == 8, "append: %s", strerror(errno));
	}
	close(a);
	close(b);
	CHECK(size_of("append") == 6 + 400 * 8, "two appending writers made %ld bytes", (long)size_of("append"));
	c = open("append", O_RDONLY);
	CHECK(pread(c, buf, 22, 0) == 22 && !memcmp(buf, "start\naaaaaaa\nbbbbbbb\n", 22),
	      "appended lines are mixed up");
	close(c);
}

static void test_deleted(void)
{
	int fd = make("deleted", "still here", 10);
	struct stat st;
	char path[64];
	int again;

	CHECK(!unlink("deleted"), "unlink: %s", strerror(errno));
	CHECK(pwrite(fd, "and more", 8, 10) == 8 && pread(fd, buf, 100, 0) == 18, "a deleted open file cannot be used");
	CHECK(!fstat(fd, &st) && st.st_nlink == 0 && st.st_size == 18, "fstat of a deleted file: nlink %ld size %ld",
	      (long)st.st_nlink, (long)st.st_size);
	CHECK(!ftruncate(fd, 5) && !fchmod(fd, 0600) && !fsync(fd),
	      "a deleted open file cannot be changed: %s", strerror(errno));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	again = open(path, O_RDONLY);
	CHECK(again >= 0 && read(again, buf, 100) == 5,
	      "a deleted open file cannot be opened again: %s", strerror(errno));
	close(again);
	close(fd);
	fd = make("replaced", "old", 3);
	close(make("replacement", "new!", 4));
	CHECK(!rename("replacement", "replaced"), "rename: %s", strerror(errno));
	CHECK(pread(fd, buf, 100, 0) == 3 && !memcmp(buf, "old", 3), "an open file that was replaced changed");
	CHECK(size_of("replaced") == 4, "the replacement is not there");
	close(fd);
}

static void test_renamed_parent(void)
{
	int fd, dir;
	struct stat st;

	mkdir("p", 0755);
	mkdir("p/q", 0755);
	fd = make("p/q/f", "contents", 8);
	dir = open("p/q", O_RDONLY | O_DIRECTORY);
	CHECK(!rename("p", "moved"), "rename: %s", strerror(errno));
	CHECK(pread(fd, buf, 100, 0) == 8 && pwrite(fd, "CON", 3, 0) == 3,
	      "the file is lost after its parent was renamed");
	CHECK(!fstatat(dir, "f", &st, 0) && st.st_size == 8, "the directory is lost after its parent was renamed");
	close(openat(dir, "g", O_CREAT | O_WRONLY, 0644));
	CHECK(!access("moved/q/g", F_OK), "a file made there is not found: %s", strerror(errno));
	CHECK(!rename("moved/q", "q") && !access("q/g", F_OK) && access("moved/q/g", F_OK),
	      "rename between directories");
	CHECK(!rename("q", "moved/q") && !renameat(dir, "g", AT_FDCWD, "g2"),
	      "rename from a moved directory: %s", strerror(errno));
	CHECK(rename("moved", "moved/q/in-itself") && errno == EINVAL, "a directory went into itself");
	close(dir);
	close(fd);
}

static void test_rename_flags(void)
{
	close(make("one", "1", 1));
	close(make("two", "22", 2));
	CHECK(renameat2(AT_FDCWD, "one", AT_FDCWD, "two", RENAME_NOREPLACE) && errno == EEXIST, "NOREPLACE replaced");
	if (renameat2(AT_FDCWD, "one", AT_FDCWD, "two", RENAME_EXCHANGE))
		check_remark("no RENAME_EXCHANGE (%s)", strerror(errno));
	else
		CHECK(size_of("one") == 2 && size_of("two") == 1, "EXCHANGE did not");
	unlink("one");
	unlink("two");
}

static void test_links(void)
{
	struct stat a, b;
	char text[300];

	close(make("name", "x", 1));
	CHECK(!link("name", "name2") && !stat("name", &a) && !stat("name2", &b), "link: %s", strerror(errno));
	CHECK(a.st_ino == b.st_ino && a.st_nlink == 2 && b.st_nlink == 2,
	      "link counts %ld %ld", (long)a.st_nlink, (long)b.st_nlink);
	CHECK(!unlink("name") && !stat("name2", &b) && b.st_nlink == 1,
	      "link count after unlink %ld", (long)b.st_nlink);
	memset(text, 'd', 255);
	text[255] = 0;
	CHECK(!symlink(text, "sym") && readlink("sym", buf, sizeof(buf)) == 255 && !memcmp(buf, text, 255),
	      "symlink: %s", strerror(errno));
	CHECK(!lstat("sym", &a) && S_ISLNK(a.st_mode) && a.st_size == 255, "lstat of a symlink");
	unlink("sym");
	CHECK(!symlink("name2", "sym") && size_of("sym") == 1, "a symlink made anew under an old name leads elsewhere");
	CHECK(open("sym", O_RDONLY | O_NOFOLLOW) < 0 && errno == ELOOP, "O_NOFOLLOW followed");
	CHECK(!lstat("sym", &a) && !lchown("sym", a.st_uid, a.st_gid) && size_of("sym") == 1, "lchown: %s", strerror(errno));
	unlink("sym");
	symlink("sym2", "sym");
	symlink("sym", "sym2");
	CHECK(open("sym", O_RDONLY) < 0 && errno == ELOOP, "a loop of links ended: %s", strerror(errno));
}

static void test_holes(void)
{
	int fd = make("holes", NULL, 0);
	struct stat st;
	off_t data, hole;

	fill(buf, 65536, 3);
	CHECK(pwrite(fd, buf, 65536, 1 << 20) == 65536, "pwrite: %s", strerror(errno));
	data = lseek(fd, 0, SEEK_DATA);
	hole = lseek(fd, 1 << 20, SEEK_HOLE);
	CHECK((data == 1 << 20 || data == 0) && hole == (1 << 20) + 65536,
	      "data at %ld, hole at %ld", (long)data, (long)hole);
	CHECK(lseek(fd, 2 << 20, SEEK_DATA) < 0 && errno == ENXIO, "SEEK_DATA behind the end");
	if (fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (1 << 20) + 4096, 8192)) {
		check_remark("no holes (%s)", strerror(errno));
	} else {
		memset(buf + 4096, 0, 8192);
		CHECK(pread(fd, buf2, 65536, 1 << 20) == 65536 && !memcmp(buf, buf2, 65536),
		      "a hole is not zero, or its neighbours are not what they were");
	}
	if (!fallocate(fd, 0, 0, 2 << 20))
		CHECK(!fstat(fd, &st) && st.st_size == 2 << 20, "fallocate did not extend: %ld", (long)st.st_size);
	if (!fallocate(fd, FALLOC_FL_ZERO_RANGE, (1 << 20) + 20000, 100))
		CHECK(pread(fd, buf2, 1, (1 << 20) + 20050) == 1 && !buf2[0], "a zeroed range is not zero");
	close(fd);
}

static void test_big(void)
{
	int fd = make("big", NULL, 0);
	struct stat st;

	CHECK(pwrite(fd, "beyond", 6, BIG) == 6, "a write behind 4 GiB: %s", strerror(errno));
	CHECK(!fsync(fd) && !fdatasync(fd), "fsync: %s", strerror(errno));
	CHECK(!fstat(fd, &st) && st.st_size == (off_t)BIG + 6, "size %lld", (long long)st.st_size);
	CHECK(pread(fd, buf, 10, BIG) == 6 && !memcmp(buf, "beyond", 6), "not read back");
	CHECK(pread(fd, buf, 10, BIG / 2) == 10 && !buf[0], "the hole is not zero");
	close(fd);
	unlink("big");
}

static int count_entries(DIR *d, unsigned char *seen, long *middle)
{
	struct dirent *e;
	int n = 0, i;

	while ((e = readdir(d))) {
		struct stat st;

		if (sscanf(e->d_name, "e%d", &i) == 1 && i >= 0 && i < NR_ENTRIES)
			seen[i]++;
		if (n % 500 == 0 && !fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW))
			CHECK(st.st_ino == e->d_ino || !strcmp(e->d_name, ".."),
			      "d_ino of %s is %ld, st_ino %ld", e->d_name,
			      (long)e->d_ino, (long)st.st_ino);
		if (++n == NR_ENTRIES / 2 && middle)
			*middle = telldir(d);
	}
	return n;
}

static void test_readdir(void)
{
	static unsigned char seen[NR_ENTRIES];
	long middle = 0;
	char name[40];
	int wrong = 0, n, i;
	DIR *d;

	mkdir("many", 0755);
	for (i = 0; i < NR_ENTRIES; i++) {
		snprintf(name, sizeof(name), "many/e%d-with-a-longer-name", i);
		close(open(name, O_CREAT | O_WRONLY, 0644));
	}
	d = opendir("many");
	n = count_entries(d, seen, &middle);
	for (i = 0; i < NR_ENTRIES; i++)
		wrong += seen[i] != 1;
	CHECK(!wrong && n == NR_ENTRIES + 2, "%d entries of a directory of %d are missing or double", wrong, n);
	seekdir(d, middle);
	n = count_entries(d, seen, NULL);
	CHECK(n == NR_ENTRIES + 2 - NR_ENTRIES / 2, "seekdir: %d entries left", n);
	close(open("many/e0-new", O_CREAT | O_WRONLY, 0644));
	rewinddir(d);
	n = count_entries(d, seen, NULL);
	CHECK(n == NR_ENTRIES + 3, "rewinddir: %d entries", n);
	for (rewinddir(d), i = 0; i < NR_ENTRIES; i++) {
		snprintf(name, sizeof(name), "many/e%d-with-a-longer-name", i);
		wrong += unlink(name) != 0;
	}
	CHECK(!wrong && rmdir("many") && errno == ENOTEMPTY && !unlink("many/e0-new") && !rmdir("many"),
	      "removing: %s", strerror(errno));
	closedir(d);
}

static void test_socket_and_fifo(void)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX, .sun_path = "sock" };
	int s = socket(AF_UNIX, SOCK_STREAM, 0), c = socket(AF_UNIX, SOCK_STREAM, 0), a;
	struct stat st;
	pid_t pid;

	CHECK(!bind(s, (void *)&sun, sizeof(sun)), "bind: %s", strerror(errno));
	CHECK(!listen(s, 1) && !connect(c, (void *)&sun, sizeof(sun)), "connect: %s", strerror(errno));
	a = accept(s, NULL, NULL);
	CHECK(write(c, "hi", 2) == 2 && read(a, buf, 2) == 2, "nothing came through the socket");
	CHECK(!stat("sock", &st) && S_ISSOCK(st.st_mode), "the socket is no socket");
	close(a);
	close(c);
	close(s);
	unlink("sock");
	CHECK(!mkfifo("fifo", 0644), "mkfifo: %s", strerror(errno));
	pid = fork();
	if (!pid) {
		int fd = open("fifo", O_WRONLY);

		_exit(write(fd, "through", 7) != 7);
	}
	a = open("fifo", O_RDONLY);
	CHECK(read(a, buf, 10) == 7, "nothing came through the FIFO");
	close(a);
	CHECK(check_wait(pid) == 0, "the FIFO's writer failed");
	unlink("fifo");
}

static void test_times_and_modes(void)
{
	struct timespec ts[2] = { { .tv_sec = 1000000000, .tv_nsec = 5 }, { .tv_sec = 1100000000, .tv_nsec = 123456789 } };
	int fd = make("times", "data to flush", 13);
	struct stat st, later;

	CHECK(!futimens(fd, ts), "futimens: %s", strerror(errno));
	close(fd);
	CHECK(!stat("times", &st) && st.st_mtim.tv_sec == 1100000000 && st.st_mtim.tv_nsec == 123456789 &&
	      st.st_atim.tv_sec == 1000000000, "times set before close() are %ld.%09ld after", (long)st.st_mtim.tv_sec,
	      (long)st.st_mtim.tv_nsec);
	fd = open("times", O_WRONLY | O_APPEND);
	CHECK(write(fd, "x", 1) == 1 && !fstat(fd, &later) && later.st_mtim.tv_sec > st.st_mtim.tv_sec,
	      "write() leaves mtime as it was");
	close(fd);
	CHECK(!chmod("times", 04755) && !stat("times", &st) && (st.st_mode & 07777) == 04755, "chmod: %o", st.st_mode);
	fd = open("fresh444", O_CREAT | O_EXCL | O_RDWR, 0444);
	CHECK(fd >= 0 && write(fd, "x", 1) == 1,
	      "a read-only file cannot be written by who made it: %s", strerror(errno));
	close(fd);
	umask(0);
	close(open("mode666", O_CREAT | O_WRONLY, 0666));
	mkdir("mode777", 01777);
	umask(022);
	CHECK(!stat("mode666", &st) && (st.st_mode & 07777) == 0666, "mode 666 became %o", st.st_mode);
	CHECK(!stat("mode777", &st) && (st.st_mode & 07777) == 01777, "mode 1777 became %o", st.st_mode);
}

static void test_xattr(void)
{
	int fd = make("xattr", "x", 1);

	close(fd);
	if (setxattr("xattr", "user.colour", "green", 5, 0)) {
		check_remark("no extended attributes (%s)", strerror(errno));
		return;
	}
	CHECK(getxattr("xattr", "user.colour", buf, 100) == 5 && !memcmp(buf, "green", 5),
	      "getxattr: %s", strerror(errno));
	CHECK(getxattr("xattr", "user.colour", NULL, 0) == 5, "getxattr does not tell the size");
	CHECK(listxattr("xattr", buf, 1000) >= 12 && memmem(buf, 1000, "user.colour", 12),
	      "listxattr: %s", strerror(errno));
	CHECK(setxattr("xattr", "user.colour", "red", 3, XATTR_CREATE) && errno == EEXIST, "XATTR_CREATE replaced");
	CHECK(!removexattr("xattr", "user.colour") && getxattr("xattr", "user.colour", buf, 100) < 0 &&
	      errno == ENODATA, "removexattr");
}

static void test_sendfile_and_vectors(void)
{
	struct iovec iov[3] = { { buf, 1000 }, { buf + 5000, 1 }, { buf + 9000, 9000 } };
	int from, to;

	fill(buf, 100000, 11);
	from = make("from", buf, 100000);
	to = make("to", NULL, 0);
	lseek(from, 0, SEEK_SET);
	CHECK(sendfile(to, from, NULL, 100000) == 100000, "sendfile: %s", strerror(errno));
	CHECK(pread(to, buf2, 100000, 0) == 100000 && !memcmp(buf, buf2, 100000), "sendfile copied something else");
	CHECK(copy_file_range(from, &(loff_t){ 0 }, to, &(loff_t){ 100000 }, 50000, 0) == 50000 &&
	      size_of("to") == 150000,
	      "copy_file_range: %s", strerror(errno));
	CHECK(pwritev(to, iov, 3, 3) == 10001 && pread(to, buf2, 10001, 3) == 10001 && !memcmp(buf2, buf, 1000) &&
	      buf2[1000] == buf[5000] && !memcmp(buf2 + 1001, buf + 9000, 9000), "pwritev: %s", strerror(errno));
	close(from);
	close(to);
}

static void test_exec(const char *self)
{
	int fd = open(self, O_RDONLY), out = open("program", O_CREAT | O_WRONLY, 0755);
	ssize_t n;
	pid_t pid;

	while ((n = read(fd, buf, sizeof(buf))) > 0)
		CHECK(write(out, buf, n) == n, "write: %s", strerror(errno));
	close(out);
	close(fd);
	pid = fork();
	if (!pid) {
		execl("./program", "program", "--exit-42", NULL);
		_exit(1);
	}
	n = check_wait(pid);
	CHECK(n == 42, "a program of the file system ended with %ld", (long)n);
}

static void test_statfs_and_errors(void)
{
	struct statvfs st;
	char name[300];

	CHECK(!statvfs(".", &st) && st.f_blocks && st.f_bsize && st.f_namemax >= 100, "statvfs");
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = 0;
	CHECK(open(name, O_CREAT | O_WRONLY, 0644) < 0 && errno == ENAMETOOLONG,
	      "a name of 299 bytes: %s", strerror(errno));
	name[255] = 0;
	CHECK(close(open(name, O_CREAT | O_WRONLY, 0644)) == 0 && !unlink(name),
	      "a name of 255 bytes: %s", strerror(errno));
	CHECK(open("none/such", O_RDONLY) < 0 && errno == ENOENT, "no such directory: %s", strerror(errno));
	close(make("plain", "x", 1));
	CHECK(open("plain/x", O_RDONLY) < 0 && errno == ENOTDIR, "a file as directory: %s", strerror(errno));
	CHECK(open("plain", O_CREAT | O_EXCL | O_WRONLY, 0644) < 0 && errno == EEXIST,
	      "O_EXCL opened: %s", strerror(errno));
	mkdir("full", 0755);
	close(make("full/x", "x", 1));
	CHECK(rmdir("full") && errno == ENOTEMPTY, "rmdir of a full directory: %s", strerror(errno));
	CHECK(unlink("full") && (errno == EISDIR || errno == EPERM), "unlink of a directory: %s", strerror(errno));
	CHECK(truncate("full", 0) && errno == EISDIR, "truncate of a directory: %s", strerror(errno));
}

int main(int argc, char **argv)
{
	char self[4096], made[40];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	const char *dir = argc > 1 ? argv[1] : made;

	if (argc > 1 && !strcmp(argv[1], "--exit-42"))
		return 42;
	self[n > 0 ? n : 0] = 0;
	snprintf(made, sizeof(made), "hostfs_ops.%d", (int)getpid());
	if ((argc < 2 && mkdir(made, 0755)) || chdir(dir)) {
		perror("hostfs_ops: directory");
		return 1;
	}
	alarm(300);
	umask(022);
	probe_init();
	test_shared_mapping();
	test_mapping_and_size();
	test_partial_writes();
	test_direct();
	test_append();
	test_deleted();
	test_renamed_parent();
	test_rename_flags();
	test_links();
	test_holes();
	test_big();
	test_readdir();
	test_socket_and_fifo();
	test_times_and_modes();
	test_xattr();
	test_sendfile_and_vectors();
	test_exec(self);
	test_statfs_and_errors();
	if (argc < 2 && !chdir("..")) {
		char command[64];

		snprintf(command, sizeof(command), "rm -rf %s", made);
		n = system(command);
	}
	return check_done("hostfs_ops");
}
