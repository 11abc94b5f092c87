// SPDX-License-Identifier: GPL-2.0
/*
 * hostfs_host_test.c - the host half of hostfs against real files: confinement, append, directories, contents, errors
 *
 * Takes an empty directory, and by whom contents are moved: the calling thread, or an engine. The grant is DIR/grant; what lies beside it (DIR/secret) must never be reached. The process must not be root:
 * the host's root may write where others may not.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <um/lines.h>

#include "drivers/fakes.h"
#include "drivers/hostfs/hostfs.h"

#define NR_MANY		10000
#define RACE_ROUNDS	20000

static int is_pushed;	/* contents by the engine, not by the calling thread */

/* The option as on the command line; 0 or a negative errno, with fake_error. */
static int option(const char *value)
{
	char *argument;

	if (asprintf(&argument, "hostfs=%s", value) < 0)
		abort();
	return fake_option(argument);
}

static int io_run(struct umhostfs_io *io)
{
	struct umhostfs_io *back;

	if (!is_pushed)
		return host_hostfs_io_run(io);
	host_hostfs_io_push(io);
	if (!fake_wait_line(UM_LINE_HOSTFS, 10000))
		return -ETIME;
	back = host_hostfs_io_reap();
	return back == io && !back->aio.next ? io->result : -EBADMSG;
}

static int io_move(__u32 op, int hfd, struct umhostfs_vec *vec, unsigned int nr, __u64 pos, __u64 *done_out)
{
	struct umhostfs_io io = { .op = op, .hfd = hfd, .vec = vec, .nr = nr, .pos = pos };
	int ret = io_run(&io);

	*done_out = io.done;
	return ret;
}

static int io_read(int hfd, struct umhostfs_vec *vec, unsigned int nr, __u64 pos, __u64 *done_out)
{
	return io_move(UMHOSTFS_IO_READ, hfd, vec, nr, pos, done_out);
}

static int io_write(int hfd, struct umhostfs_vec *vec, unsigned int nr, __u64 pos, __u64 *done_out)
{
	return io_move(UMHOSTFS_IO_WRITE, hfd, vec, nr, pos, done_out);
}

static int io_fallocate(int hfd, __u32 mode, __u64 pos, __u64 len)
{
	struct umhostfs_io io = { .op = UMHOSTFS_IO_ALLOCATE, .hfd = hfd, .mode = mode, .pos = pos, .len = len };

	return io_run(&io);
}

static int io_sync(int hfd, __u32 op)
{
	struct umhostfs_io io = { .op = op, .hfd = hfd };

	return io_run(&io);
}

static void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		abort();
	close(fd);
}

static int is_file(const char *path, const char *text)
{
	char buf[4096] = "";
	int fd = open(path, O_RDONLY);

	if (fd < 0 || read(fd, buf, sizeof(buf) - 1) < 0)
		return 0;
	close(fd);
	return !strcmp(buf, text);
}

static int root(void)
{
	int hfd = host_hostfs_root("/");

	if (hfd < 0)
		abort();
	return hfd;
}

static void test_option(void)
{
	struct umhostfs_grant grant;

	ok(option("no-such-directory") == -ENOENT && strstr(fake_error, "no such directory"),
	   "a missing directory: %s", fake_error);
	ok(option("secret") == -ENOTDIR && strstr(fake_error, "not a directory"), "a file: %s", fake_error);
	ok(option("grant,bogus") == -EINVAL && strstr(fake_error, "append"), "an unknown word: %s", fake_error);
	ok(!option("none") && !host_hostfs_grant(&grant) && (grant.flags & UMHOSTFS_GRANT_NONE),
	   "hostfs=none is understood");
	ok(host_hostfs_root("/") == -EPERM, "hostfs=none refuses mounts");
	ok(!option(",append") && !host_hostfs_grant(&grant) && grant.flags == UMHOSTFS_GRANT_APPEND &&
	   host_hostfs_root("/etc") >= 0, "hostfs=,append leaves the root unconfined");
	ok(!option("grant") && !host_hostfs_grant(&grant) && !grant.flags && grant.uid == geteuid() &&
	   grant.nr_hfds >= 16,
	   "hostfs=DIRECTORY");
}

/* What opens, reads or lists the secret's directory has escaped. */
static int sees_secret(int place)
{
	struct umhostfs_attr attr;

	return place >= 0 && host_hostfs_stat(place, "secret", &attr) == 0;
}

static void test_names(void)
{
	static const char * const bad[] = { "", ".", "..", "/", "a/b", "/etc", "../secret", "sub/", "sub/../../secret" };
	struct umhostfs_attr attr;
	int place = root();
	unsigned int i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const char *n = bad[i];

		ok(host_hostfs_open(place, n, UMHOSTFS_PATH, &attr) == -EINVAL &&
		   host_hostfs_open(place, n, UMHOSTFS_READ, &attr) == -EINVAL &&
		   host_hostfs_create(place, n, 0600, UMHOSTFS_WRITE, &attr) == -EINVAL &&
		   host_hostfs_stat(place, n, &attr) == -EINVAL && host_hostfs_mkdir(place, n, 0700) == -EINVAL &&
		   host_hostfs_mknod(place, n, S_IFIFO | 0600, 0) == -EINVAL &&
		   host_hostfs_symlink(place, n, "x") == -EINVAL && host_hostfs_unlink(place, n) == -EINVAL &&
		   host_hostfs_rmdir(place, n) == -EINVAL && host_hostfs_link(place, "file", place, n) == -EINVAL &&
		   host_hostfs_link(place, n, place, "new") == -EINVAL &&
		   host_hostfs_rename(place, "file", place, n, 0) == -EINVAL &&
		   host_hostfs_rename(place, n, place, "new", 0) == -EINVAL, "no call takes the name \"%s\"", n);
	}
	host_hostfs_close(place);
}

static void test_links(void)
{
	struct umhostfs_attr attr;
	char buf[256];
	int place = root(), hfd;

	if (symlink("../secret", "grant/up") || symlink("/etc/passwd", "grant/abs") || symlink("..", "grant/updir") ||
	    symlink("/proc/self/root", "grant/magic") || symlink("sub", "grant/tosub"))
		abort();
	ok(host_hostfs_open(place, "up", UMHOSTFS_READ, &attr) == -ELOOP, "a link is not opened");
	ok(host_hostfs_open(place, "abs", UMHOSTFS_WRITE, &attr) == -ELOOP, "an absolute link is not opened");
	ok(host_hostfs_open(place, "updir", UMHOSTFS_PATH | UMHOSTFS_DIR, &attr) < 0, "a link is no directory");
	hfd = host_hostfs_open(place, "up", UMHOSTFS_PATH, &attr);
	ok(hfd >= 0 && S_ISLNK(attr.mode) && host_hostfs_readlink(hfd, buf, sizeof(buf)) == 9 && !memcmp(buf,
	   "../secret", 9),
	   "a link's text can be read");
	ok(host_hostfs_open(hfd, NULL, UMHOSTFS_READ, &attr) < 0, "a link is no place");
	host_hostfs_close(hfd);
	ok(!host_hostfs_stat(place, "magic", &attr) && S_ISLNK(attr.mode), "stat shows a link as a link");
	ok(host_hostfs_create(place, "up", 0600, UMHOSTFS_WRITE, &attr) == -EEXIST, "a link is not created through");
	ok(!host_hostfs_link(place, "up", place, "up2") && !host_hostfs_stat(place, "up2", &attr) && S_ISLNK(attr.mode),
	   "a hard link to a link is the link");
	host_hostfs_close(place);
}

static void test_mount_paths(void)
{
	static const char * const outward[] = {
		"..", "/..", "../..", "sub/../..", "/sub/../../..", "updir", "magic", "abs-up", "/proc/self/root", "/proc/self/cwd/..",
	};
	struct umhostfs_attr a, b;
	unsigned int i;
	int hfd, place;

	if (symlink("/..", "grant/abs-up") || symlink("/sub", "grant/abs-sub"))
		abort();
	for (i = 0; i < sizeof(outward) / sizeof(outward[0]); i++) {
		hfd = host_hostfs_root(outward[i]);
		ok(!sees_secret(hfd), "mounting \"%s\" stays inside (%d)", outward[i], hfd < 0 ? hfd : 0);
		if (hfd >= 0)
			host_hostfs_close(hfd);
	}
	place = root();
	ok(!host_hostfs_stat(place, "sub", &a), "sub");
	hfd = host_hostfs_root("/sub");
	ok(hfd >= 0 && !host_hostfs_stat(hfd, NULL, &b) && a.ino == b.ino,
	   "a directory below the grant can be mounted");
	hfd = host_hostfs_root("abs-sub");
	ok(hfd >= 0 && !host_hostfs_stat(hfd, NULL, &b) && a.ino == b.ino, "an absolute link starts at the grant");
	ok(host_hostfs_root("/file") == -ENOTDIR, "a file is not mounted");
	ok(host_hostfs_root("/nothing") == -ENOENT, "a missing directory is not mounted");
	host_hostfs_close(place);
}

static volatile int race_stop;

/* Exchange a directory below the grant with a link that leads out, and move it up and down. */
static void *race_swap(void *arg)
{
	(void)arg;
	while (!race_stop) {
		renameat2(AT_FDCWD, "grant/sub/swap", AT_FDCWD, "grant/sub/out", RENAME_EXCHANGE);
		rename("grant/sub/deep", "grant/deep");
		rename("grant/deep", "grant/sub/deep");
	}
	return NULL;
}

static void test_race(void)
{
	int place, i, escaped = 0, opened = 0;
	struct umhostfs_attr attr;
	pthread_t t;

	if (mkdir("grant/sub/swap", 0755) || symlink("../..", "grant/sub/out") || mkdir("grant/sub/deep", 0755))
		abort();
	pthread_create(&t, NULL, race_swap, NULL);
	place = host_hostfs_root("/sub");
	for (i = 0; i < RACE_ROUNDS; i++) {
		int hfd = host_hostfs_open(place, "swap", UMHOSTFS_PATH | UMHOSTFS_DIR, &attr);

		escaped += sees_secret(hfd);
		opened += hfd >= 0;
		if (hfd >= 0)
			host_hostfs_close(hfd);
		hfd = host_hostfs_root(i & 1 ? "/sub/deep/../../.." : "/sub/swap/..");
		escaped += sees_secret(hfd);
		if (hfd >= 0)
			host_hostfs_close(hfd);
	}
	race_stop = 1;
	pthread_join(t, NULL);
	ok(!escaped && opened, "%d opens raced with renames, %d succeeded, none escaped", 2 * RACE_ROUNDS, opened);
	host_hostfs_close(place);
}

static void test_moved_place(void)
{
	struct umhostfs_attr attr;
	int place = root(), sub, hfd;

	if (mkdir("grant/old", 0755) || mkdir("grant/old/child", 0755))
		abort();
	put("grant/old/child/f", "f");
	sub = host_hostfs_open(place, "old", UMHOSTFS_PATH | UMHOSTFS_DIR, &attr);
	hfd = host_hostfs_open(sub, "child", UMHOSTFS_PATH | UMHOSTFS_DIR, &attr);
	if (rename("grant/old", "grant/new"))
		abort();
	ok(!host_hostfs_stat(hfd, "f", &attr), "a place survives the rename of its parent");
	ok(host_hostfs_open(hfd, NULL, UMHOSTFS_READ | UMHOSTFS_DIR, NULL) >= 0, "and can be listed");
	host_hostfs_close(sub);
	host_hostfs_close(hfd);
	host_hostfs_close(place);
}

static void test_special(void)
{
	struct umhostfs_attr attr;
	int place = root();

	ok(!host_hostfs_mknod(place, "fifo", S_IFIFO | 0666, 0) && !host_hostfs_stat(place, "fifo", &attr) &&
	   S_ISFIFO(attr.mode),
	   "a FIFO can be made");
	ok(!host_hostfs_mknod(place, "sock", S_IFSOCK | 0666, 0) && !host_hostfs_stat(place, "sock", &attr) &&
	   S_ISSOCK(attr.mode),
	   "a socket can be made");
	alarm(10);
	ok(host_hostfs_open(place, "fifo", UMHOSTFS_READ, &attr) == -ENXIO &&
	   host_hostfs_open(place, "fifo", UMHOSTFS_WRITE, &attr) == -ENXIO,
		"a FIFO in a file's place holds up nobody");
	alarm(0);
	ok(host_hostfs_mknod(place, "dev", S_IFBLK | 0600, 8ull << 32) == -EPERM, "a device needs the host's leave");
	host_hostfs_close(place);
}

static void test_modes(void)
{
	struct umhostfs_change change = { .valid = UMHOSTFS_SET_MODE, .mode = 0640 };
	struct umhostfs_attr attr;
	int place = root(), hfd;

	hfd = host_hostfs_create(place, "wide", 0666, UMHOSTFS_READ | UMHOSTFS_WRITE, &attr);
	ok(hfd >= 0 && (attr.mode & 07777) == 0666, "the host's umask does not apply to files");
	host_hostfs_close(hfd);
	ok(!host_hostfs_mkdir(place, "widedir", 01777) && !host_hostfs_stat(place, "widedir", &attr) &&
	   (attr.mode & 07777) == 01777,
	   "nor to directories");
	hfd = host_hostfs_create(place, "sealed", 0444, UMHOSTFS_READ | UMHOSTFS_WRITE, &attr);
	ok(hfd >= 0 && (attr.mode & 07777) == 0444, "a read-only file is open for writing to who made it");
	host_hostfs_close(hfd);
	ok(host_hostfs_open(place, "sealed", UMHOSTFS_WRITE, &attr) == -EACCES, "and to nobody later");

	hfd = host_hostfs_open(place, "wide", UMHOSTFS_PATH, &attr);
	change.valid |= UMHOSTFS_SET_MTIME | UMHOSTFS_NOW_ATIME;
	change.mtime.sec = 1234567890;
	change.mtime.nsec = 987654321;
	ok(!host_hostfs_change(hfd, &change) && !host_hostfs_stat(hfd, NULL, &attr) && (attr.mode & 07777) == 0640 &&
	   attr.mtime.sec == 1234567890 && attr.mtime.nsec == 987654321, "mode and times can be set on an O_PATH descriptor");
	change.valid = UMHOSTFS_SET_UID;
	change.uid = 0;
	ok(host_hostfs_change(hfd, &change) == -EPERM, "files cannot be given away");
	host_hostfs_close(hfd);
	host_hostfs_close(place);
}

/* 8000 bytes at 100, just written: the host has them, or says that it cannot tell */
static void try_cached(int hfd)
{
	char c[8000];
	struct umhostfs_vec vec = { c, sizeof(c) };
	struct umhostfs_io io = { .op = UMHOSTFS_IO_READ, .hfd = hfd, .vec = &vec, .nr = 1, .pos = 1100 };
	int ret = host_hostfs_io_try(&io);

	if (ret > 0)
		ok(!io.result && io.done == 7000 && c[0] == 'a' && c[6999] == 'b', "a cached read ends at once, at the end of the file");
	else
		ok((!ret || ret == -EOPNOTSUPP) && !io_run(&io) && io.done == 7000 && c[6999] == 'b', "a read that cannot end at once goes on");
	io = (struct umhostfs_io){ .op = UMHOSTFS_IO_FSYNC, .hfd = hfd };
	ok(!host_hostfs_io_try(&io), "what is no read does not end at once");
}

static void test_contents(void)
{
	char a[3000], b[5000], c[8000];
	struct umhostfs_vec vec[3] = { { a, sizeof(a) }, { b, 0 }, { b, sizeof(b) } };
	struct umhostfs_attr attr;
	int place = root(), hfd, hfd2;
	__u64 done;

	memset(a, 'a', sizeof(a));
	memset(b, 'b', sizeof(b));
	hfd = host_hostfs_create(place, "data", 0644, UMHOSTFS_READ | UMHOSTFS_WRITE, &attr);
	ok(!io_write(hfd, vec, 3, 100, &done) && done == 8000, "pieces are written");
	vec[0] = (struct umhostfs_vec){ c, 4000 };
	vec[1] = (struct umhostfs_vec){ c + 4000, 4000 };
	ok(!io_read(hfd, vec, 2, 1100, &done) && done == 7000 && c[0] == 'a' && c[1999] == 'a' && c[2000] == 'b' &&
	   c[6999] == 'b',
	   "and read up to the end");
	vec[0] = (struct umhostfs_vec){ c, 4000 };
	ok(!io_read(hfd, vec, 1, 9000, &done) && !done, "nothing lies behind the end");
	vec[0] = (struct umhostfs_vec){ NULL, 4000 };
	ok(io_read(hfd, vec, 1, 0, &done) == -EFAULT && !done, "bad memory is an error");
	ok(!io_sync(hfd, UMHOSTFS_IO_FSYNC) && !io_sync(hfd, UMHOSTFS_IO_DATASYNC) && !io_sync(hfd, UMHOSTFS_IO_SYNCFS), "sync");
	try_cached(hfd);
	ok(!host_hostfs_truncate(hfd, 50) && !host_hostfs_stat(hfd, NULL, &attr) && attr.size == 50, "truncate");
	ok(!host_hostfs_unlink(place, "data") && !host_hostfs_stat(hfd, NULL, &attr) && attr.nlink == 0,
	   "unlinked while open");
	hfd2 = host_hostfs_reopen(hfd, UMHOSTFS_READ, &attr);
	vec[0] = (struct umhostfs_vec){ c, 4000 };
	ok(hfd2 >= 0 && !io_read(hfd2, vec, 1, 0, &done) && done == 50, "and opened again without a name");
	host_hostfs_close(hfd2);
	host_hostfs_close(hfd);
	host_hostfs_close(place);
}

static void test_space(void)
{
	static char block[1 << 16];
	struct umhostfs_vec vec[2] = { { block, sizeof(block) }, { block, sizeof(block) } };
	struct rlimit old, limit;
	struct umhostfs_attr attr;
	int place = root(), hfd, full;
	__u64 done;

	/* A limit stops a write half way, as a full disk does. */
	signal(SIGXFSZ, SIG_IGN);	/* as in host/main.c */
	getrlimit(RLIMIT_FSIZE, &old);
	limit = old;
	limit.rlim_cur = 100000;
	setrlimit(RLIMIT_FSIZE, &limit);
	hfd = host_hostfs_create(place, "limited", 0644, UMHOSTFS_WRITE, &attr);
	ok(io_write(hfd, vec, 2, 0, &done) == -EFBIG && done == 100000,
	   "a write that stops half way says how far and why");
	setrlimit(RLIMIT_FSIZE, &old);
	host_hostfs_close(hfd);

	full = open("/dev/full", O_WRONLY);
	vec[0] = (struct umhostfs_vec){ block, sizeof(block) };
	ok(full >= 0 && io_write(full, vec, 1, 0, &done) == -ENOSPC && done == 0, "a full disk is ENOSPC");
	close(full);
	ok(io_fallocate(full, 0, 0, 1) == -EBADF, "a closed descriptor is EBADF");
	host_hostfs_close(place);
}

static void make_many(void)
{
	char name[64];
	int i;

	mkdir("grant/many", 0755);
	for (i = 0; i < NR_MANY; i++) {
		snprintf(name, sizeof(name), "grant/many/entry-%d", i);
		close(open(name, O_WRONLY | O_CREAT, 0644));
	}
}

/* One pass over grant/many with a small buffer, repositioned at every record: who was seen how often. */
static int list_many(int dir, unsigned char *seen, int reposition)
{
	char buf[1024];
	__s64 pos = 0;
	long len;
	int others = 0, i;

	while ((len = host_hostfs_getdents(dir, pos, buf, sizeof(buf))) > 0) {
		long off = 0;

		pos = -1;
		while (off < len) {
			struct umhostfs_dirent *rec = (void *)(buf + off);

			if (sscanf(rec->name, "entry-%d", &i) == 1 && i >= 0 && i < NR_MANY)
				seen[i]++;
			else
				others++;
			off += rec->reclen;
			if (reposition) {
				pos = rec->next;
				break;
			}
		}
	}
	return len ? (int)len : others;
}

static void test_readdir(void)
{
	static unsigned char seen[NR_MANY];
	int place = root(), dir, place_many, i, wrong, pass, others;

	make_many();
	place_many = host_hostfs_open(place, "many", UMHOSTFS_PATH | UMHOSTFS_DIR, NULL);
	for (pass = 0; pass < 2; pass++) {
		dir = host_hostfs_open(place_many, NULL, UMHOSTFS_READ | UMHOSTFS_DIR, NULL);
		memset(seen, 0, sizeof(seen));
		others = list_many(dir, seen, pass);
		for (i = wrong = 0; i < NR_MANY; i++)
			wrong += seen[i] != 1;
		ok(!wrong && others == 2, "%d entries, each exactly once%s (%d wrong, %d others)", NR_MANY,
		   pass ? ", repositioned after each" : "", wrong, others);
		host_hostfs_close(dir);
	}
	host_hostfs_close(place_many);
	host_hostfs_close(place);
}

static void test_xattr(void)
{
	struct umhostfs_attr attr;
	char buf[256];
	int place = root();
	int hfd = host_hostfs_open(place, "file", UMHOSTFS_READ, &attr);
	int err = host_hostfs_xattr_set(hfd, "user.x", "value", 5, 0);

	if (err == -EOPNOTSUPP)
		ok(1, "attributes # SKIP this file system has none");
	else
		ok(!err && host_hostfs_xattr_get(hfd, "user.x", buf, sizeof(buf)) == 5 && !memcmp(buf, "value", 5) &&
		   host_hostfs_xattr_list(hfd, buf, sizeof(buf)) >= 7 && !host_hostfs_xattr_remove(hfd, "user.x") &&
		   host_hostfs_xattr_get(hfd, "user.x", buf, sizeof(buf)) == -ENODATA,
			"attributes are set, shown, listed, removed");
	host_hostfs_close(hfd);
	host_hostfs_close(place);
}

static void test_append(void)
{
	struct umhostfs_grant grant;
	struct umhostfs_attr attr;
	struct umhostfs_vec vec = { "more", 4 };
	int place, hfd;
	__u64 done;

	put("grant/log", "begin ");
	put("grant/other", "other");
	ok(!option("grant,append") && !host_hostfs_grant(&grant) && (grant.flags & UMHOSTFS_GRANT_APPEND),
	   "hostfs=DIRECTORY,append");
	place = root();
	hfd = host_hostfs_open(place, "log", UMHOSTFS_READ | UMHOSTFS_WRITE, &attr);
	ok(hfd >= 0 && !io_write(hfd, &vec, 1, 0, &done) && is_file("grant/log", "begin more"),
	   "a write at 0 goes to the end");
	ok(host_hostfs_truncate(hfd, 0) == -EPERM && host_hostfs_truncate(hfd, 3) == -EPERM, "no truncation");
	ok(io_fallocate(hfd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4) == -EPERM, "no holes");
	ok(host_hostfs_unlink(place, "log") == -EPERM && host_hostfs_rmdir(place, "widedir") == -EPERM, "no removal");
	ok(host_hostfs_rename(place, "log", place, "other", 0) == -EPERM && is_file("grant/other", "other"),
	   "no replacing");
	ok(host_hostfs_rename(place, "log", place, "other", UMHOSTFS_EXCHANGE) == -EPERM, "no exchanging");
	ok(!host_hostfs_rename(place, "log", place, "log2", 0), "renaming to a free name");
	host_hostfs_close(hfd);
	hfd = host_hostfs_create(place, "fresh", 0644, UMHOSTFS_WRITE, &attr);
	vec = (struct umhostfs_vec){ "new", 3 };
	ok(hfd >= 0 && !io_write(hfd, &vec, 1, 77, &done) && is_file("grant/fresh", "new"),
	   "new files can be made");
	host_hostfs_close(hfd);
	host_hostfs_close(place);
}

/* 0: the host has no such engine */
static int choose_engine(const char *name)
{
	char *argument;

	is_pushed = !!strcmp(name, "here");
	if (!is_pushed)
		return 1;
	if (asprintf(&argument, "aio=%s", name) < 0)
		abort();
	if (!fake_option(argument)) {
		ok(!host_hostfs_io_start() && !host_hostfs_io_start(), "the engine %s starts", name);
		return 1;
	}
	printf("# %s; contents not by it\n", fake_error);
	ok(!strcmp(name, "uring"), "only uring can be refused");
	return 0;
}

int main(int argc, char **argv)
{
	if (argc != 3 || chdir(argv[1])) {
		fprintf(stderr, "usage: hostfs_host_test DIRECTORY here|threads|uring\n");
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!choose_engine(argv[2]))
		return done_testing();
	umask(027);
	if (mkdir("grant", 0755) || mkdir("grant/sub", 0755))
		return 2;
	put("secret", "SECRET");
	put("grant/file", "file");
	test_option();
	test_names();
	test_links();
	test_mount_paths();
	test_race();
	test_moved_place();
	test_special();
	test_modes();
	test_contents();
	test_space();
	test_readdir();
	test_xattr();
	test_append();
	return done_testing();
}
