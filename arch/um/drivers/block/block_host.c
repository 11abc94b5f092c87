// SPDX-License-Identifier: GPL-2.0
/*
 * block_host.c - the option "ubd" and the host's table of block devices
 *
 * Files are opened, checked and locked while options are parsed: what is wrong is told in one line before
 * anything has happened, and a process that confines itself later needs no access to paths.
 *
 * Locks:   a whole-file lock of the open file (F_OFD_SETLK), exclusive for writing and shared for reading, so
 *          that no two machines write one image and nobody writes an image that another one reads. It conflicts
 *          with the record locks that other versions of User-Mode Linux take. A block device of the host is
 *          opened with O_EXCL: the host refuses it while mounted.
 * Devices: the table is written during option parsing only, by one thread; afterwards it is constant but for
 *          the queues.
 */
#include <asm/stat.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/stat.h>
#include <um/lines.h>
#include <um/log.h>
#include <um/option.h>

#include "block_host.h"
#include "host/hostcall.h"
#include "host/hostlib.h"

typedef host_size_t size_t;	/* <linux/fs.h> builds BLKGETSIZE64 from it */

#define UBD_MAJOR_DEFAULT	98
#define UBD_MAJOR_MAX		511
#define GRANULARITY_DEFAULT	4096u
#define ALIAS_SIZE		48u

#define LETTER_READ_ONLY	0x1u
#define LETTER_SYNC		0x2u
#define LETTER_DATA		0x4u
#define LETTER_SHARED		0x8u
#define LETTER_NO_TRIM		0x10u
#define LETTER_UNCACHED		0x20u
#define LETTERS_HELP		"r (read-only), s (synchronous), d (data, not COW), c (shared, not locked), t (no trim), u (uncached)"

#define LOCKED_HELP		"halt that machine first, use a copy, or share it read-only with the letter r in both"

static struct host_block devices[UM_BLK_DEVICES];
static struct um_aio *done_list;		/* newest first */
static unsigned int major = UBD_MAJOR_DEFAULT;
static unsigned int sync_all;			/* "ubd=sync" */

/* What the user wrote, for messages: "ubd0r=disk.img". */
struct ubd_words {
	const char *name, *suffix, *value;
};

static int complain(const struct ubd_words *w, int err, const char *what)
{
	host_error("%s%s=%s: %s", w->name, w->suffix, w->value, what);
	return err;
}

static const struct {
	int err;
	const char *text;
} open_failures[] = {
	{ -ENOENT, "no such file; an empty disk is made by: truncate -s 1G FILE" },
	{ -EACCES, "permission denied; get read and write access, or add the letter r to use it read-only" },
	{ -EPERM, "the host does not permit to write it; add the letter r to use it read-only" },
	{ -EROFS, "is on a read-only file system of the host; add the letter r to use it read-only" },
	{ -EBUSY, "the host itself uses this device; unmount it there, or add the letter r to use it read-only" },
	{ -ETXTBSY, "is being executed on the host; use a copy" },
	{ -ENOTDIR, "a part of the path is not a directory; correct the path" },
	{ -ELOOP, "too many symbolic links; correct the path" },
	{ -ENAMETOOLONG, "the file name is too long; shorten it" },
	{ -EMFILE, "too many open files; raise the limit with: ulimit -n 4096" },
	{ -ENXIO, "there is no such device on the host; correct the path" },
	{ -ENODEV, "there is no such device on the host; correct the path" },
	{ -ENOMEDIUM, "there is no medium in the drive; insert one" },
};

static int complain_open(const struct ubd_words *w, int err)
{
	unsigned int i;

	for (i = 0; i < HOST_ARRAY_SIZE(open_failures); i++) {
		if (open_failures[i].err == err)
			return complain(w, err, open_failures[i].text);
	}
	host_error("%s%s=%s: cannot be opened (errno %d); check the file on the host", w->name, w->suffix, w->value,
		   -err);
	return err;
}

/* "ubda" .. "ubdz", "ubdaa" ..: as long as there are fewer than 26 * 27 devices. */
static void disk_name(char name[UM_BLK_NAME], unsigned int index)
{
	unsigned int n = 0;

	name[n++] = 'u';
	name[n++] = 'b';
	name[n++] = 'd';
	if (index >= 26)
		name[n++] = 'a' + index / 26 - 1;
	name[n++] = 'a' + index % 26;
	name[n] = '\0';
}

/* A number at *@s, which is moved behind it; -1 if there is none or it is not below @limit. */
static int take_number(const char **s, unsigned int limit)
{
	const char *p = *s;
	unsigned int n = 0;

	if (!host_is_digit(*p))
		return -1;
	for (; host_is_digit(*p); p++) {
		n = n * 10 + (*p - '0');
		if (n >= limit)
			return -1;
	}
	*s = p;
	return n;
}

static int take_index(const char **s)
{
	if (**s >= 'a' && **s <= 'z')
		return *(*s)++ - 'a';
	return take_number(s, UM_BLK_DEVICES);
}

static int parse_letters(const struct ubd_words *w, const char *s, unsigned int *letters_out)
{
	for (*letters_out = 0; *s; s++) {
		switch (*s) {
		case 'r':
			*letters_out |= LETTER_READ_ONLY;
			break;
		case 's':
			*letters_out |= LETTER_SYNC;
			break;
		case 'd':
			*letters_out |= LETTER_DATA;
			break;
		case 'c':
			*letters_out |= LETTER_SHARED;
			break;
		case 't':
			*letters_out |= LETTER_NO_TRIM;
			break;
		case 'u':
			*letters_out |= LETTER_UNCACHED;
			break;
		default:
			host_error("%s%s=: unknown letter '%c'; the letters are " LETTERS_HELP, w->name, w->suffix, *s);
			return -EINVAL;
		}
	}
	return 0;
}

/* "ubd=sync", "ubd=99": settings of the driver. */
static int parse_driver(const struct ubd_words *w)
{
	const char *s = w->value;
	int n;

	if (!strcmp(s, "sync")) {
		sync_all = 1;
		return 0;
	}
	n = take_number(&s, UBD_MAJOR_MAX + 1);
	if (n > 0 && !*s) {
		major = n;
		return 0;
	}
	return complain(w, -EINVAL,
			"say which disk, as in ubd0=FILE; without a number only ubd=sync and ubd=MAJOR are known");
}

static int open_file(const struct ubd_words *w, unsigned int letters, struct stat *st_out)
{
	int flags = O_CLOEXEC | O_NOCTTY | O_NONBLOCK | (letters & LETTER_READ_ONLY ? O_RDONLY : O_RDWR);
	long hfd;

	hfd = HOST_CALL(__NR_stat, w->value, st_out);
	if (hfd < 0)
		return complain_open(w, hfd);
	if (S_ISDIR(st_out->st_mode))
		return complain(w, -EISDIR,
				"is a directory; give an image file, or boot from a directory with rootfstype=hostfs");
	if (!S_ISREG(st_out->st_mode) && !S_ISBLK(st_out->st_mode))
		return complain(w, -EINVAL, "is neither a file nor a block device; give an image file");
	if (S_ISBLK(st_out->st_mode) && !(letters & (LETTER_READ_ONLY | LETTER_SHARED)))
		flags |= O_EXCL;
	do {
		hfd = HOST_CALL(__NR_open, w->value, flags, 0);
	} while (hfd == -EINTR);
	return hfd < 0 ? complain_open(w, hfd) : hfd;
}

/* The same file once more, for transfers past the host's page cache. The name may mean another one by now. */
static int open_uncached(const struct ubd_words *w, struct host_block *dev)
{
	int flags = O_CLOEXEC | O_NONBLOCK | O_DIRECT | (dev->info.flags & UM_BLK_READ_ONLY ? O_RDONLY : O_RDWR);
	char path[32];
	long hfd;

	host_snprintf(path, sizeof(path), "/proc/self/fd/%d", dev->hfd);
	do {
		hfd = HOST_CALL(__NR_open, path, flags, 0);
	} while (hfd == -EINTR);
	if (hfd == -EINVAL)
		return complain(w, hfd, "the host's file system there cannot do without its cache; leave the letter u away");
	if (hfd < 0)
		return complain_open(w, hfd);
	dev->direct_hfd = hfd;
	return 0;
}

static void note_size(struct host_block *dev, const struct stat *st)
{
	__u64 bytes = st->st_size;

	dev->info.granularity = GRANULARITY_DEFAULT;
	if (S_ISBLK(st->st_mode)) {
		if (HOST_CALL(__NR_ioctl, dev->hfd, BLKGETSIZE64, &bytes) < 0)
			bytes = 0;
	} else if (st->st_blksize >= UM_BLK_SECTOR && !(st->st_blksize & (st->st_blksize - 1)) &&
		   st->st_blksize <= (1 << 20)) {
		dev->info.granularity = st->st_blksize;
	}
	dev->info.sectors = bytes / UM_BLK_SECTOR;
	dev->info.tail_bytes = bytes % UM_BLK_SECTOR;
}

/* The first bytes of a copy-on-write file: a number in big-endian order, or (version 1) in the host's. */
static int is_cow_file(int hfd)
{
	unsigned char m[4];

	if (HOST_CALL(__NR_pread64, hfd, m, sizeof(m), 0) != sizeof(m))
		return 0;
	return m[1] == 'O' && m[2] == 'O' && ((m[0] == 'O' && m[3] == 'M') || (m[0] == 'M' && m[3] == 'O'));
}

static int complain_locked(const struct ubd_words *w, int hfd, struct flock *fl)
{
	unsigned int i;

	for (i = 0; i < UM_BLK_DEVICES; i++) {
		const struct host_block *other = &devices[i];
		struct stat st;

		if (other->info.path && !HOST_CALL(__NR_fstat, hfd, &st) &&
		    st.st_dev == other->dev && st.st_ino == other->ino) {
			host_error("%s%s=%s: ubd%u has the same image; give each its own, or all of them the letter r",
				   w->name, w->suffix, w->value, i);
			return -EBUSY;
		}
	}
	fl->l_pid = 0;
	if (!HOST_CALL(__NR_fcntl, hfd, F_OFD_GETLK, fl) && fl->l_type != F_UNLCK && fl->l_pid > 0) {
		host_error("%s%s=%s: process %d uses this image; " LOCKED_HELP, w->name, w->suffix, w->value, fl->l_pid);
		return -EBUSY;
	}
	return complain(w, -EBUSY, "another process uses this image (fuser FILE tells which); " LOCKED_HELP);
}

static int lock_file(const struct ubd_words *w, struct host_block *dev)
{
	struct flock fl = { .l_type = dev->info.flags & UM_BLK_READ_ONLY ? F_RDLCK : F_WRLCK, .l_whence = 0 };
	long ret;

	if (dev->info.flags & UM_BLK_SHARED)
		return 0;
	do {
		ret = HOST_CALL(__NR_fcntl, dev->hfd, F_OFD_SETLK, &fl);
	} while (ret == -EINTR);
	if (ret == -EAGAIN || ret == -EACCES)
		return complain_locked(w, dev->hfd, &fl);
	if (ret < 0)
		dev->info.flags |= UM_BLK_UNLOCKED;
	return 0;
}

static int check_file(const struct ubd_words *w, struct host_block *dev, unsigned int letters)
{
	if (!dev->info.sectors)
		return complain(w, -EINVAL, "holds less than one sector; give it a size with: truncate -s 1G FILE");
	if (!(letters & LETTER_DATA) && is_cow_file(dev->hfd))
		return complain(w, -EINVAL,
				"is a copy-on-write file, which this version cannot use; merge it with its backing file by "
				"uml_moo, or add the letter d if it is plain data");
	return lock_file(w, dev);
}

static __u32 device_flags(unsigned int letters)
{
	__u32 flags = 0;

	if (letters & LETTER_READ_ONLY)
		flags |= UM_BLK_READ_ONLY;
	if (letters & LETTER_SYNC)
		flags |= UM_BLK_SYNC;
	if (letters & LETTER_SHARED)
		flags |= UM_BLK_SHARED;
	if (letters & LETTER_NO_TRIM)
		flags |= UM_BLK_NO_DISCARD;
	return flags;
}

static void block_end(struct host_aio *q, struct um_aio *io)
{
	um_blk_request_of(io)->state = UM_BLK_DONE;
	host_aio_give_back(&done_list, io, UM_LINE_BLOCK);
}

static const struct host_aio_ops block_aio_ops = {
	.begin = block_io_begin,
	.took = block_io_took,
	.end = block_end,
};

static int add_device(const struct ubd_words *w, unsigned int index, unsigned int letters)
{
	struct host_block *dev = &devices[index];
	struct stat st;
	int ret;

	ret = open_file(w, letters, &st);
	if (ret < 0)
		return ret;
	dev->hfd = ret;
	dev->direct_hfd = -1;
	dev->dev = st.st_dev;
	dev->ino = st.st_ino;
	dev->info.flags = device_flags(letters);
	note_size(dev, &st);
	ret = check_file(w, dev, letters);
	if (!ret && letters & LETTER_UNCACHED)
		ret = open_uncached(w, dev);
	if (ret < 0) {
		HOST_CALL(__NR_close, dev->hfd);
		return ret;
	}
	disk_name(dev->info.name, index);
	dev->may_nowait = 1;
	dev->may_dsync = 1;
	dev->queue.ops = &block_aio_ops;
	dev->queue.name = dev->info.name;
	dev->queue.is_direct = dev->direct_hfd >= 0;
	dev->info.path = w->value;
	return 0;
}

static int parse_ubd(const struct um_option *opt, const char *suffix, const char *value)
{
	const struct ubd_words w = { opt->name, suffix, value ? value : "" };
	const char *s = suffix;
	unsigned int letters;
	int index;

	if (!*w.value)
		return complain(&w, -EINVAL, "no file; give the disk's image, as in ubd0=FILE");
	if (!*s)
		return parse_driver(&w);
	index = take_index(&s);
	if (index < 0) {
		host_error("%s%s=: no such disk; disks are ubd0 to ubd%u", w.name, w.suffix, UM_BLK_DEVICES - 1);
		return -EINVAL;
	}
	if (parse_letters(&w, s, &letters) < 0)
		return -EINVAL;
	if (strchr(w.value, ','))
		return complain(&w, -EINVAL,
				"copy-on-write (cow,backing) is not supported by this version; copy the backing file instead. "
				"The name of an image cannot contain a comma: rename such a file");
	if (devices[index].info.path)
		return complain(&w, -EEXIST, "this disk was given before; use another number");
	return add_device(&w, index, letters);
}

UM_OPTION(ubd) = {
	.name = "ubd",
	.flags = UM_OPT_INDEXED,
	.arg = "FILE",
	.help = "Disk <n> (/dev/ubd<n>, 0 to 63) is the host file or block device FILE. Letters\n"
		"after the number: r read-only, s every write reaches the host's disk at once,\n"
		"t do not return discarded space to the host, c do not lock FILE against other\n"
		"machines, d take FILE as data even if it looks like a COW file, u do not keep\n"
		"its data in the host's page cache as well.\n"
		"ubd=sync makes all disks synchronous; ubd=<n> takes another major number.",
	.parse = parse_ubd,
};

unsigned int host_block_major(void)
{
	return major;
}

int host_block_info(unsigned int index, struct um_blk_info *info_out)
{
	if (index >= UM_BLK_DEVICES || !devices[index].info.path)
		return -ENODEV;
	if (sync_all)
		devices[index].info.flags |= UM_BLK_SYNC;
	*info_out = devices[index].info;
	return 0;
}

int host_block_start(unsigned int index)
{
	return host_aio_start(&devices[index].queue);
}

const char *host_block_engine(unsigned int index)
{
	return host_aio_engine_name(&devices[index].queue);
}

int host_block_try(unsigned int index, struct um_blk_request *rq)
{
	int ended;

	rq->state = UM_BLK_RUNNING;
	ended = block_io_try(&devices[index], rq);
	rq->state = UM_BLK_IDLE;
	return ended;
}

void host_block_push(unsigned int index, struct um_blk_request *rq)
{
	rq->state = UM_BLK_QUEUED;
	host_aio_push(&devices[index].queue, &rq->aio);
}

void host_block_kick(unsigned int index)
{
	host_aio_kick(&devices[index].queue);
}

struct um_blk_request *host_block_reap(void)
{
	return um_blk_request_of(host_aio_take_back(&done_list));
}

const char *host_ubd_root_alias(const char *arg)
{
	static char alias[ALIAS_SIZE] = "root=/dev/";
	const unsigned int dir = sizeof("root=/dev/") - 1;
	const char *s = arg + dir + sizeof("ubd") - 1;
	unsigned int n;
	int index;

	if (!host_str_starts(arg, "root=/dev/ubd"))
		return arg;
	if (*s == '/')
		s++;
	index = take_number(&s, UM_BLK_DEVICES);
	if (index < 0)
		return arg;
	disk_name(alias + dir, index);
	n = strlen(alias);
	if (*s == 'p')
		s++;
	for (; host_is_digit(*s) && n < ALIAS_SIZE - 1; s++)
		alias[n++] = *s;
	alias[n] = '\0';
	return *s ? arg : alias;
}
