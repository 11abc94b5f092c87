// SPDX-License-Identifier: GPL-2.0
/*
 * block_test.c - the host half of the disks: options, locks, and every kind of request against real files
 *
 * Takes a directory to make files in and an engine's name. Requests go the way the guest sends them: push, kick, wait for the line,
 * reap. The engine "refused" is what becomes of the default where the host forbids io_uring, as containers do; here a filter does.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/magic.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>
#include <um/lines.h>
#include "drivers/block/block.h"
#include "fakes.h"

#define MIB	(1 << 20)

static char path[4096];
static int nr_done;

static const char *in_dir(const char *dir, const char *name)
{
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static void make(const char *dir, const char *name, long size)
{
	int fd;

	unlink(in_dir(dir, name));
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0644);
	if (fd < 0 || ftruncate(fd, size))
		abort();
	close(fd);
}

/* An option that must fail with one message that holds @word. */
static void refused(const char *dir, const char *option, const char *file, const char *word)
{
	char arg[4096];
	int ret;

	snprintf(arg, sizeof(arg), "%s%s%s%s", option, file && *file != '/' ? dir : "", file && *file != '/' ? "/" : "",
		 file ? file : "");
	ret = fake_option(arg);
	ok(ret < 0 && fake_nr_errors == 1 && strstr(fake_error, word), "%s%s is refused (%s)", option, file ? file : "", word);
}

static int accepted(const char *dir, const char *option, const char *file)
{
	char arg[4096];

	snprintf(arg, sizeof(arg), "%s%s/%s", option, dir, file);
	return fake_option(arg) == 0 && fake_nr_errors == 0;
}

static struct um_blk_request *request(int op, __u64 offset, __u64 len, void *buf)
{
	struct um_blk_request *rq = calloc(1, sizeof(*rq));

	rq->op = op;
	rq->offset = offset;
	rq->len = len;
	if (buf) {
		/* two unequal segments, so that advancing is tried */
		rq->nr_segs = len > 512 ? 2 : 1;
		rq->segs[0] = (struct um_blk_seg){ buf, len > 512 ? 512 : len };
		rq->segs[1] = (struct um_blk_seg){ (char *)buf + 512, len - 512 };
	}
	return rq;
}

/* Wait until @nr requests have come back. */
static void reap(int nr)
{
	for (nr_done = 0; nr_done < nr; ) {
		struct um_blk_request *rq;

		if (!fake_wait_line(UM_LINE_BLOCK, 5000))
			return;
		for (rq = host_block_reap(); rq; rq = um_blk_request_of(rq->aio.next))
			nr_done++;
	}
}

static int run_request(int index, struct um_blk_request *rq)
{
	int result;

	host_block_push(index, rq);
	host_block_kick(index);
	reap(1);
	result = nr_done == 1 && rq->state == UM_BLK_DONE ? rq->result : -ETIME;
	free(rq);
	return result;
}

static int run(int index, int op, __u64 offset, __u64 len, void *buf, __u32 flags)
{
	struct um_blk_request *rq = request(op, offset, len, buf);

	rq->flags = flags;
	return run_request(index, rq);
}

/* The same in one segment, which is aligned as @buf is. */
static int run_whole(int index, int op, __u64 offset, __u64 len, void *buf)
{
	struct um_blk_request *rq = request(op, offset, len, buf);

	rq->nr_segs = 1;
	rq->segs[0].len = len;
	return run_request(index, rq);
}

static void test_options(const char *dir)
{
	make(dir, "small", 100);
	make(dir, "cow", MIB);
	make(dir, "empty", 0);
	if (pwrite(open(in_dir(dir, "cow"), O_WRONLY), "OOOM\0\0\0\2", 8, 0) != 8)
		abort();
	refused(dir, "ubd0=", NULL, "FILE");
	refused(dir, "ubd0=", "missing", "no such file");
	refused(dir, "ubd0=", "/etc", "directory");
	refused(dir, "ubd0=", "/dev/null", "neither");
	refused(dir, "ubd0=", "empty", "sector");
	refused(dir, "ubd0=", "small", "sector");
	refused(dir, "ubd0=", "cow", "copy-on-write");
	refused(dir, "ubd0=", "a,b", "comma");
	refused(dir, "ubd0x=", "small", "letter");
	refused(dir, "ubd64=", "small", "no such disk");
	refused(dir, "ubd99999999999=", "small", "no such disk");
	refused(dir, "ubd=", "/dev/sda", "ubd0=FILE");
	if (geteuid()) {
		make(dir, "secret", MIB);
		chmod(in_dir(dir, "secret"), 0);
		refused(dir, "ubd0=", "secret", "permission denied");
		chmod(in_dir(dir, "secret"), 0444);
		refused(dir, "ubd0=", "secret", "letter r");
		ok(accepted(dir, "ubd20r=", "secret"), "a read-only file with the letter r");
	}
	ok(accepted(dir, "ubd21rd=", "cow"), "the letter d takes a COW file as data");
	make(dir, "both", MIB);
	ok(accepted(dir, "ubd22rs=", "both"), "the letters r and s");
	ok(fake_option("ubd=99") == 0 && host_block_major() == 99, "ubd=99 sets the major number");
	refused(dir, "ubd=", "/600", "ubd0=FILE");
}

static void test_table(const char *dir)
{
	struct um_blk_info info;

	make(dir, "disk", 8 * MIB + 7);
	make(dir, "other", MIB);
	ok(accepted(dir, "ubd0=", "disk"), "ubd0=disk");
	refused(dir, "ubd0=", "other", "before");
	refused(dir, "ubd1=", "disk", "ubd0 has the same image");
	refused(dir, "ubd1r=", "disk", "ubd0 has the same image");
	ok(accepted(dir, "ubd1c=", "disk"), "the letter c shares");
	ok(accepted(dir, "ubdc=", "other"), "ubdc is ubd2");
	ok(!host_block_info(0, &info) && !strcmp(info.name, "ubda") && info.sectors == 16384 && info.tail_bytes == 7,
	   "capacity in whole sectors, the rest is told");
	ok(!host_block_info(2, &info) && !strcmp(info.name, "ubdc") && host_block_info(3, &info) == -ENODEV &&
	   host_block_info(64, &info) == -ENODEV, "only what was given is there");
	ok(!strcmp(host_ubd_root_alias("root=/dev/ubd0"), "root=/dev/ubda") &&
	   !strcmp(host_ubd_root_alias("root=/dev/ubd25"), "root=/dev/ubdz") &&
	   !strcmp(host_ubd_root_alias("root=/dev/ubd26"), "root=/dev/ubdaa") &&
	   !strcmp(host_ubd_root_alias("root=/dev/ubd/1p12"), "root=/dev/ubdb12"), "classic root devices");
	ok(!strcmp(host_ubd_root_alias("root=/dev/ubda"), "root=/dev/ubda") &&
	   !strcmp(host_ubd_root_alias("root=/dev/ubd0x"), "root=/dev/ubd0x") &&
	   !strcmp(host_ubd_root_alias("root=98:0"), "root=98:0"), "other root devices stay as they are");
}

/* Another process must not get the image that we write; the child forgets our locks, which belong to open files. */
static void test_locks(const char *dir)
{
	struct flock fl = { .l_type = F_WRLCK };
	int fd = open(in_dir(dir, "disk"), O_RDWR), status;
	pid_t child;

	ok(fcntl(fd, F_SETLK, &fl) < 0 && (errno == EAGAIN || errno == EACCES), "an image in use is locked for others");
	close(fd);
	make(dir, "taken", MIB);
	child = fork();
	if (!child) {
		fd = open(in_dir(dir, "taken"), O_RDWR);
		fcntl(fd, F_SETLK, &fl);
		pause();
	}
	usleep(200000);
	ok(!accepted(dir, "ubd5=", "taken") && strstr(fake_error, "uses this image"), "an image that another process has");
	kill(child, SIGKILL);
	waitpid(child, &status, 0);
	ok(accepted(dir, "ubd5=", "taken"), "and after it has gone");
}

static void test_transfer(const char *dir)
{
	static char out[3 * MIB], in[3 * MIB];
	struct um_blk_request *rq;
	unsigned int i;
	int fd;

	for (i = 0; i < sizeof(out); i++)
		out[i] = i * 7 + (i >> 9);
	ok(host_block_start(0) == 0, "the engine starts");
	ok(run(0, UM_BLK_WRITE, 4096, sizeof(out), out, 0) == 0, "write");
	ok(run(0, UM_BLK_READ, 4096, sizeof(in), in, 0) == 0 && !memcmp(in, out, sizeof(in)), "read gives what was written");
	fd = open(in_dir(dir, "disk"), O_RDONLY);
	ok(pread(fd, in, sizeof(in), 4096) == sizeof(in) && !memcmp(in, out, sizeof(in)), "the file holds it at its offset");
	ok(run(0, UM_BLK_WRITE, 0, 512, out, UM_BLK_DURABLE) == 0, "durable write");
	ok(run(0, UM_BLK_FLUSH, 0, 0, NULL, 0) == 0, "flush");
	ok(run(0, UM_BLK_READ, 8 * MIB - 512, 512, in, 0) == 0, "last sector");
	ok(run(0, UM_BLK_READ, 8 * MIB, 512, in, 0) == -EIO, "read behind the end");
	ok(run(0, UM_BLK_WRITE, 8 * MIB - 512, 1024, out, 0) == -EIO, "write across the end");
	ok(run(0, UM_BLK_READ, ~0ull - 511, 512, in, 0) == -EIO, "offset that overflows");

	memset(in, 0, sizeof(in));
	rq = request(UM_BLK_READ, 4096, MIB, in);
	if (host_block_try(0, rq))
		ok(!rq->result && rq->done == MIB && !memcmp(in, out, MIB), "a cached read ends at once");
	else
		ok(rq->done < MIB && rq->state == UM_BLK_IDLE, "a read that cannot end at once is declined");
	free(rq);
	close(fd);
}

/* Pages of a part of a file that the host has in its cache; 0 where the cache is all there is */
static int cached_pages(const char *dir, const char *name, long from, long size)
{
	unsigned char resident[8 * MIB / 4096];
	int fd = open(in_dir(dir, name), O_RDONLY), nr = 0;
	void *at = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, from);
	struct statfs fs;
	long i;

	if (!fstatfs(fd, &fs) && fs.f_type == TMPFS_MAGIC)
		size = 0;
	if (at == MAP_FAILED || (size && mincore(at, size, resident)))
		abort();
	for (i = 0; i < size / 4096; i++)
		nr += resident[i] & 1;
	close(fd);
	return nr;
}

static void test_uncached(const char *dir)
{
	static char out[4 * MIB] __attribute__((aligned(4096))), in[4 * MIB + 4096] __attribute__((aligned(4096)));
	struct um_blk_request *rq;
	unsigned int i;

	make(dir, "uncached", 8 * MIB);
	if (!accepted(dir, "ubd7u=", "uncached")) {
		ok(fake_nr_errors == 1 && strstr(fake_error, "leave the letter u away"), "where it cannot be had, u is refused");
		return;
	}
	for (i = 0; i < sizeof(out); i++)
		out[i] = i * 11 + (i >> 9);
	ok(!host_block_start(7) && !run_whole(7, UM_BLK_WRITE, MIB, sizeof(out), out), "write past the cache");
	ok(!cached_pages(dir, "uncached", MIB, sizeof(out)), "the host's cache has nothing of it");
	ok(!run_whole(7, UM_BLK_READ, MIB, 4 * MIB, in) && !memcmp(in, out, 4 * MIB), "read past the cache");
	ok(!cached_pages(dir, "uncached", MIB, sizeof(out)), "the host's cache has nothing of that either");
	rq = request(UM_BLK_READ, MIB, MIB, in);
	ok(!host_block_try(7, rq) && !rq->done, "no short way: that is for what is cached");
	free(rq);
	ok(!run(7, UM_BLK_WRITE, 6 * MIB, 512, out + 512, 0) && !run(7, UM_BLK_WRITE, 512, 1536, out + 3, 0),
	   "small and unaligned transfers work");
	ok(!run(7, UM_BLK_READ, 512, 1536, in + 1, 0) && !memcmp(in + 1, out + 3, 1536) && !run(7, UM_BLK_READ, 6 * MIB, 512, in, 0) &&
	   !memcmp(in, out + 512, 512) && !run(7, UM_BLK_FLUSH, 0, 0, NULL, 0), "and are coherent with the others");
	ok(run(7, UM_BLK_READ, 8 * MIB - 512, 1024, in, 0) == -EIO, "read across the end");
}

static void test_space(const char *dir)
{
	static char in[MIB], zero[MIB];
	struct stat before, after;

	stat(in_dir(dir, "disk"), &before);
	ok(run(0, UM_BLK_DISCARD, MIB, MIB, NULL, 0) == 0, "discard");
	stat(in_dir(dir, "disk"), &after);
	ok(after.st_blocks < before.st_blocks && after.st_size == before.st_size, "the host has the space back");
	ok(run(0, UM_BLK_WRITE, 2 * MIB, 512, memset(in, 1, 512), 0) == 0 &&
	   run(0, UM_BLK_ZERO, 2 * MIB, MIB, NULL, 0) == 0 &&
	   run(0, UM_BLK_READ, 2 * MIB, MIB, in, 0) == 0 && !memcmp(in, zero, MIB), "zeroes, space given back");
	ok(run(0, UM_BLK_WRITE, 2 * MIB, 512, memset(in, 1, 512), 0) == 0 &&
	   run(0, UM_BLK_ZERO, 2 * MIB, MIB, NULL, UM_BLK_KEEP_SPACE) == 0 &&
	   run(0, UM_BLK_READ, 2 * MIB, MIB, in, 0) == 0 && !memcmp(in, zero, MIB), "zeroes, space kept");
}

static void test_many(void)
{
	enum { NR = 2000 };
	static char bufs[NR][512];
	static struct um_blk_request *rqs[NR];
	int i, round, good = 1, total = 0;

	for (round = 0; round < 2; round++) {
		for (i = 0; i < NR; i++) {
			if (!round)
				memset(bufs[i], i, 512);
			rqs[i] = request(round ? UM_BLK_READ : UM_BLK_WRITE, (__u64)i * 512, 512, bufs[i]);
		}
		if (round)
			memset(bufs, 0, sizeof(bufs));
		for (i = 0; i < NR; i++) {
			host_block_push(0, rqs[i]);
			if (i % 7 == 6 || i == NR - 1)
				host_block_kick(0);
		}
		reap(NR);
		total += nr_done;
		for (i = 0; i < NR; i++) {
			good &= rqs[i]->state == UM_BLK_DONE && !rqs[i]->result && bufs[i][511] == (char)i;
			free(rqs[i]);
		}
	}
	ok(total == 2 * NR && good, "%d requests in flight: each comes back once, with its own data", NR);
}

static void test_trouble(const char *dir)
{
	static char buf[MIB];
	struct rlimit lim = { 4 * MIB, RLIM_INFINITY };

	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &lim);
	ok(run(0, UM_BLK_WRITE, 6 * MIB, 512, buf, 0) == -EFBIG, "an error of the host comes back as it is");
	lim.rlim_cur = RLIM_INFINITY;
	setrlimit(RLIMIT_FSIZE, &lim);
	truncate(in_dir(dir, "disk"), MIB);
	ok(run(0, UM_BLK_READ, 2 * MIB, 512, buf, 0) == -EIO, "a file that became shorter gives EIO, not a hang");
	ok(run(0, UM_BLK_READ, MIB - 512, 1024, buf, 0) == -EIO, "also in the middle of a request");
	ok(run(0, UM_BLK_READ, 0, 512, buf, 0) == 0, "and goes on working");
	ok(!host_block_start(21) && run(21, UM_BLK_WRITE, 0, 512, buf, 0) == -EROFS, "a read-only device refuses writes");
	if (!access("/dev/full", W_OK) && getenv("SMALL_FS")) {
		make(getenv("SMALL_FS"), "full", 64 * MIB);
		ok(accepted(getenv("SMALL_FS"), "ubd6s=", "full") && !host_block_start(6), "a disk on a small file system");
		int i, ret = 0;

		for (i = 0; i < 64 && !ret; i++)
			ret = run(6, UM_BLK_WRITE, (__u64)i * MIB, MIB, memset(buf, 1, MIB), 0);
		ok(ret == -ENOSPC, "a full host file system gives ENOSPC");
		ok(run(6, UM_BLK_DISCARD, 0, MIB, NULL, 0) == 0 && run(6, UM_BLK_WRITE, 0, MIB, buf, 0) == 0,
		   "and after a discard there is room again");
	}
}

/* Last, because it is for all disks from then on. */
static void test_sync(void)
{
	struct um_blk_info info;

	ok(!host_block_info(22, &info) && info.flags & UM_BLK_READ_ONLY && info.flags & UM_BLK_SYNC, "what the letters r and s say");
	ok(!host_block_info(0, &info) && !(info.flags & (UM_BLK_READ_ONLY | UM_BLK_SYNC)), "what no letters say");
	ok(fake_option("ubd=sync") == 0 && !host_block_info(0, &info) && info.flags & UM_BLK_SYNC, "ubd=sync is for all");
	ok(run(0, UM_BLK_WRITE, 0, 512, memset(path, 1, 512), 0) == 0, "a synchronous write");
}

static void forbid_uring(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_io_uring_setup, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = { sizeof(code) / sizeof(code[0]), code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog))
		abort();
}

/* Make the engine called @name the one for all disks; what "auto" may choose is then known, too. 0: the host has no such engine */
static int choose_engine(const char *name)
{
	ok(fake_option("aio=") < 0 && fake_nr_errors == 1 && strstr(fake_error, "auto, uring or threads") &&
	   fake_option("aio=posix") < 0 && fake_nr_errors == 1, "other engines are refused");
	ok(!fake_option("aio=auto") && !fake_option("aio=2.4") && !fake_option("aio=threads"), "auto, threads and 2.4 are known");
	if (!strcmp(name, "threads"))
		return 1;
	if (!strcmp(name, "refused"))
		forbid_uring();
	if (!fake_option("aio=uring"))
		return ok(strcmp(name, "refused"), "aio=uring is accepted where the host has it"), 1;
	ok(fake_nr_errors == 1 && strstr(fake_error, "aio=uring: the host refuses"), "where the host has none, aio=uring is refused");
	if (!strcmp(name, "refused"))
		return !fake_option("aio=auto");
	printf("# %s; no transfers by it\n", fake_error);
	return 0;
}

static void test_engine(const char *name)
{
	ok(!strcmp(host_block_engine(0), strcmp(name, "refused") ? name : "threads"), "disks are carried out by %s", host_block_engine(0));
}

int main(int argc, char **argv)
{
	if (argc != 3)
		return 2;
	if (!choose_engine(argv[2]))
		return done_testing();
	test_options(argv[1]);
	test_table(argv[1]);
	test_locks(argv[1]);
	test_transfer(argv[1]);
	test_uncached(argv[1]);
	test_engine(argv[2]);
	test_space(argv[1]);
	test_many();
	test_trouble(argv[1]);
	test_sync();
	return done_testing();
}
