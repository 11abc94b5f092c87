/* SPDX-License-Identifier: GPL-2.0 */
/*
 * hostfs.h - contract between the two halves of hostfs, the file system whose files are the host's
 *
 * The guest half (hostfs_super.c, hostfs_inode.c, hostfs_namei.c ...) is an ordinary Linux file system; the host half
 * (hostfs_host.c, hostfs_meta_host.c, hostfs_grant_host.c, hostfs_io_host.c) is the only code that names host files.
 *
 * Grant:       what of the host the guest may see is decided once, by the option hostfs=DIRECTORY[,append]
 *              before any guest code runs: one directory, held by an O_PATH descriptor. Without the option it
 *              is the host's root, as the invoking user sees it. host_hostfs_root() gives out descriptors below
 *              it; every other call starts from such a descriptor.
 * Names:       a name is one component. The host half refuses "", ".", ".." and anything with a '/' (-EINVAL),
 *              and never follows a symbolic link: links are the guest's to resolve. The only path with several
 *              components is the one of host_hostfs_root(), which the host resolves as if the grant were its
 *              root directory.
 * Descriptors: hfd is a host descriptor. Who gets one from a call owns it and gives it back to
 *              host_hostfs_close(). A "place" is a directory's hfd opened with UMHOSTFS_PATH. Calls that take
 *              an hfd accept any kind unless they say otherwise.
 * Memory:      the caller's, for the time of the call. Strings end with a zero byte.
 * Append:      with the grant's UMHOSTFS_GRANT_APPEND the host half opens for writing with O_APPEND only and
 *              answers -EPERM to all that would remove, replace or cut contents.
 * Blocking:    every call may sleep in the host, but for those whose comment denies it; the vCPU sleeps with it. None
 *              returns -EINTR. What may wait for a disk is a struct umhostfs_io, which a host thread can carry out.
 * Errors:      0 or a count, or a negative errno of the host's, unchanged.
 */
#ifndef _UM_HOSTFS_H
#define _UM_HOSTFS_H

#include <um/aio.h>
#include <um/types.h>

#define UMHOSTFS_NAME_MAX	255

/* struct umhostfs_grant, flags */
#define UMHOSTFS_GRANT_APPEND	0x1u	/* see above */
#define UMHOSTFS_GRANT_NONE	0x2u	/* hostfs=none: nothing is granted */

/**
 * struct umhostfs_grant - what the command line granted and who we are on the host
 * @flags:   UMHOSTFS_GRANT_*
 * @uid:     effective user id of the kernel process
 * @gid:     effective group id
 * @umask:   mode bits that the host takes away from new files
 * @nr_hfds: descriptors that the process may have open
 */
struct umhostfs_grant {
	__u32 flags;
	__u32 uid;
	__u32 gid;
	__u32 umask;
	__u32 nr_hfds;
};

struct umhostfs_time {
	__s64 sec;
	__u32 nsec;
	__u32 _pad;
};

/**
 * struct umhostfs_attr - attributes of a host file
 * @dev:   host device, major << 32 | minor; (@dev, @ino, @btime) identify the file
 * @rdev:  of a device node, like @dev
 * @btime: time of birth; all zero if the host file system keeps none
 */
struct umhostfs_attr {
	__u64 dev;
	__u64 ino;
	__u64 size;
	__u64 blocks;		/* of 512 bytes */
	__u64 rdev;
	__u32 mode;		/* with type */
	__u32 nlink;
	__u32 uid;
	__u32 gid;
	__u32 blksize;
	__u32 _pad;
	struct umhostfs_time atime, mtime, ctime, btime;
};

/* struct umhostfs_change, valid */
#define UMHOSTFS_SET_MODE	0x01u
#define UMHOSTFS_SET_UID	0x02u
#define UMHOSTFS_SET_GID	0x04u
#define UMHOSTFS_SET_ATIME	0x08u
#define UMHOSTFS_SET_MTIME	0x10u
#define UMHOSTFS_NOW_ATIME	0x20u	/* the host's present time */
#define UMHOSTFS_NOW_MTIME	0x40u

struct umhostfs_change {
	__u32 valid;
	__u32 mode;		/* permission bits */
	__u32 uid;
	__u32 gid;
	struct umhostfs_time atime, mtime;
};

struct umhostfs_statfs {
	__u64 bsize, frsize;
	__u64 blocks, bfree, bavail;
	__u64 files, ffree;
	__u64 fsid;
	__u64 namelen;
};

/* A piece of kernel memory; the same layout as the host's struct iovec. */
struct umhostfs_vec {
	void *base;
	__u64 len;
};

/* How to open. UMHOSTFS_WRITE without UMHOSTFS_READ is O_WRONLY. */
#define UMHOSTFS_PATH		0x01u	/* O_PATH: a name for the file, no access to its contents */
#define UMHOSTFS_READ		0x02u
#define UMHOSTFS_WRITE		0x04u
#define UMHOSTFS_APPEND		0x08u	/* every write goes to the end, whatever its offset says */
#define UMHOSTFS_DIR		0x10u	/* must be a directory */

/** host_hostfs_grant() - what may be mounted; opens the granted directory if the command line did not. */
int host_hostfs_grant(struct umhostfs_grant *grant_out);

/**
 * host_hostfs_root() - the root of a mount
 * @path: path of a directory within the grant; "", "/" and a leading "/" mean the granted directory itself
 *
 * Symbolic links in @path are resolved, by the host and within the grant: "/" and ".." never lead out of it.
 * Return: a place, or a negative errno.
 */
int host_hostfs_root(const char *path);

/**
 * host_hostfs_open() - open an existing file
 * @place: its directory
 * @name:  its name, or NULL for the directory itself
 * @how:   UMHOSTFS_*; a symbolic link is opened by UMHOSTFS_PATH alone, else -ELOOP
 * @attr_out: attributes of what was opened, or NULL
 *
 * Return: hfd, or a negative errno. Never waits for the other end of a FIFO.
 */
int host_hostfs_open(int place, const char *name, __u32 how, struct umhostfs_attr *attr_out);

/**
 * host_hostfs_reopen() - open the file that @hfd is, even if its name is gone; needs /proc on the host, else
 * -ENOENT.
 */
int host_hostfs_reopen(int hfd, __u32 how, struct umhostfs_attr *attr_out);

/**
 * host_hostfs_create() - make a regular file and open it
 * @mode: permission bits; the host's umask does not apply
 *
 * Return: hfd, or a negative errno; -EEXIST if the name is taken, by whatever.
 */
int host_hostfs_create(int place, const char *name, __u32 mode, __u32 how, struct umhostfs_attr *attr_out);

/** host_hostfs_close() - give back a descriptor; its number is free even if this reports an error of the host file. */
int host_hostfs_close(int hfd);

/** host_hostfs_stat() - attributes of @name in @hfd (a place), or of @hfd itself if @name is NULL. */
int host_hostfs_stat(int hfd, const char *name, struct umhostfs_attr *attr_out);

/** host_hostfs_change() - set mode, owner and times of @hfd, in the order owner, mode, times. */
int host_hostfs_change(int hfd, const struct umhostfs_change *change);

/** host_hostfs_statfs() - the file system that @hfd is on. */
int host_hostfs_statfs(int hfd, struct umhostfs_statfs *out);

/** host_hostfs_is_synthetic() - does the file's content come into being by reading (proc, sysfs and their like)? */
int host_hostfs_is_synthetic(int hfd);

/* Names: each takes places and one-component names; see the head of the file. */
int host_hostfs_mkdir(int place, const char *name, __u32 mode);

/** host_hostfs_mknod() - @mode with type (FIFO, socket, device); @rdev as in struct umhostfs_attr. */
int host_hostfs_mknod(int place, const char *name, __u32 mode, __u64 rdev);
int host_hostfs_symlink(int place, const char *name, const char *target);
int host_hostfs_link(int old_place, const char *old_name, int new_place, const char *new_name);
int host_hostfs_unlink(int place, const char *name);
int host_hostfs_rmdir(int place, const char *name);

#define UMHOSTFS_NOREPLACE	0x1u	/* the host's RENAME_* values */
#define UMHOSTFS_EXCHANGE	0x2u
int host_hostfs_rename(int old_place, const char *old_name, int new_place, const char *new_name, __u32 flags);

/**
 * host_hostfs_readlink() - target of the link that @hfd (UMHOSTFS_PATH) is, without a final zero; its length, at
 * most @size.
 */
int host_hostfs_readlink(int hfd, char *buf, __u32 size);

/**
 * host_hostfs_getdents() - the next records of a directory opened with UMHOSTFS_READ
 * @pos: where to go first: 0, a record's next offset, or -1 to go on
 *
 * Return: bytes filled with struct umhostfs_dirent records, 0 at the end, or a negative errno.
 */
long host_hostfs_getdents(int hfd, __s64 pos, void *buf, __u32 size);

/* Layout of the host's struct linux_dirent64. */
struct umhostfs_dirent {
	__u64 ino;
	__s64 next;		/* position of the record that follows */
	__u16 reclen;
	__u8 type;		/* DT_* */
	char name[];
};

int host_hostfs_truncate(int hfd, __u64 size);

/** host_hostfs_seek() - the next data or hole at or after @pos; -ENXIO beyond the end. */
__s64 host_hostfs_seek(int hfd, __u64 pos, int want_hole);

enum umhostfs_io_op {
	UMHOSTFS_IO_READ,	/* until all pieces are full or the file ends */
	UMHOSTFS_IO_WRITE,	/* all pieces */
	UMHOSTFS_IO_FSYNC,	/* to stable storage */
	UMHOSTFS_IO_DATASYNC,	/* as fdatasync */
	UMHOSTFS_IO_SYNCFS,	/* the whole host file system of @hfd */
	UMHOSTFS_IO_ALLOCATE,	/* fallocate */
};

/**
 * struct umhostfs_io - what may wait for a disk of the host
 * @aio:    the host half's; first. Of what host_hostfs_io_reap() gave, @aio.next is the next one's
 * @op:     enum umhostfs_io_op
 * @hfd:    the file, not a UMHOSTFS_PATH one; open until the request has ended
 * @mode:   UMHOSTFS_IO_ALLOCATE: FALLOC_FL_*, the same values on the host
 * @vec:    reads and writes; changed
 * @nr:     pieces
 * @pos:    in the file
 * @len:    UMHOSTFS_IO_ALLOCATE
 * @done:   bytes read or written, also when an error ended it; 0 at first. Without an error less than asked for only at the end of the file
 * @result: 0 or a negative errno, once it has ended
 */
struct umhostfs_io {
	struct um_aio aio;
	__u32 op;
	int hfd;
	__u32 mode;
	__u32 nr;
	struct umhostfs_vec *vec;
	__u64 pos;
	__u64 len;
	__u64 done;
	__s32 result;
};

UM_STATIC_ASSERT(__builtin_offsetof(struct umhostfs_io, aio) == 0, "a request does not begin with its um_aio");

/** host_hostfs_io_start() - start the threads that carry out requests; 0 or a negative errno; more than once does no harm. */
int host_hostfs_io_start(void);

/** host_hostfs_io_run() - carry it out now, in the calling vCPU; its result. */
int host_hostfs_io_run(struct umhostfs_io *io);

/**
 * host_hostfs_io_try() - carry out a read as far as the host has the data in its cache; does not sleep
 *
 * Return: 1 if it has ended; 0 if it has not, and @done says how much is there; -EOPNOTSUPP likewise if the host cannot do so for this
 * file at all.
 */
int host_hostfs_io_try(struct umhostfs_io *io);

/** host_hostfs_io_push() - hand it to host threads; does not sleep. It is theirs until host_hostfs_io_reap() gives it back. */
void host_hostfs_io_push(struct umhostfs_io *io);

/**
 * host_hostfs_io_reap() - take all that has ended; does not sleep
 *
 * UM_LINE_HOSTFS is raised when there is something, and not again before this was called.
 */
struct umhostfs_io *host_hostfs_io_reap(void);

/*
 * Extended attributes; @hfd must not be a UMHOSTFS_PATH one. @name is the full name ("user.x"). A size of 0 asks
 * for the length.
 */
long host_hostfs_xattr_get(int hfd, const char *name, void *buf, __u64 size);
long host_hostfs_xattr_list(int hfd, char *buf, __u64 size);
int host_hostfs_xattr_set(int hfd, const char *name, const void *buf, __u64 size, int flags);
int host_hostfs_xattr_remove(int hfd, const char *name);

#endif /* _UM_HOSTFS_H */
