// SPDX-License-Identifier: GPL-2.0
/*
 * hostfs_meta_host.c - host files of hostfs: attributes, names, links, extended attributes
 *
 * World: host. Attributes are set on descriptors, never by name, so a name that comes to mean another file
 * meanwhile does no harm; where an older host cannot change the file behind an O_PATH descriptor, /proc/self/fd
 * leads to it.
 */
#include <linux/fs.h>
#include <linux/stat.h>
#include <linux/time_types.h>

#include "hostfs_host.h"

/* Linux 6.6; the build host's headers may be older. */
#ifndef __NR_fchmodat2
#define __NR_fchmodat2	452
#endif

#define UTIME_NOW_HOST	((1l << 30) - 1l)
#define UTIME_OMIT_HOST	((1l << 30) - 2l)

UM_STATIC_ASSERT(UMHOSTFS_NOREPLACE == RENAME_NOREPLACE && UMHOSTFS_EXCHANGE == RENAME_EXCHANGE,
		 "rename flags are the host's");

static struct umhostfs_time time_from(const struct statx_timestamp *ts)
{
	return (struct umhostfs_time){ .sec = ts->tv_sec, .nsec = ts->tv_nsec };
}

static void attr_from(const struct statx *stx, struct umhostfs_attr *attr)
{
	attr->dev = (__u64)stx->stx_dev_major << 32 | stx->stx_dev_minor;
	attr->ino = stx->stx_ino;
	attr->size = stx->stx_size;
	attr->blocks = stx->stx_blocks;
	attr->rdev = (__u64)stx->stx_rdev_major << 32 | stx->stx_rdev_minor;
	attr->mode = stx->stx_mode;
	attr->nlink = stx->stx_nlink;
	attr->uid = stx->stx_uid;
	attr->gid = stx->stx_gid;
	attr->blksize = stx->stx_blksize;
	attr->_pad = 0;
	attr->atime = time_from(&stx->stx_atime);
	attr->mtime = time_from(&stx->stx_mtime);
	attr->ctime = time_from(&stx->stx_ctime);
	attr->btime = (struct umhostfs_time){ 0 };
	if (stx->stx_mask & STATX_BTIME)
		attr->btime = time_from(&stx->stx_btime);
}

int host_hostfs_stat(int hfd, const char *name, struct umhostfs_attr *attr_out)
{
	int flags = AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT;
	struct statx stx;
	long err = 0;

	if (name)
		err = host_hostfs_name_check(name);
	else
		flags |= AT_EMPTY_PATH;
	if (!err)
		err = HOSTFS_CALL(__NR_statx, hfd, name ? name : "", flags, STATX_BASIC_STATS | STATX_BTIME, &stx);
	if (!err)
		attr_from(&stx, attr_out);
	return err;
}

static long change_mode(int hfd, __u32 mode)
{
	static int has_fchmodat2 = 1;
	char number[12];
	long err = -ENOSYS;

	if (has_fchmodat2)
		err = HOSTFS_CALL(__NR_fchmodat2, hfd, "", mode, AT_EMPTY_PATH);
	if (err != -ENOSYS)
		return err;
	has_fchmodat2 = 0;
	if (host_hostfs.proc_hfd < 0)
		return HOSTFS_CALL(__NR_fchmod, hfd, mode);
	host_hostfs_number(number, hfd);
	return HOSTFS_CALL(__NR_fchmodat, host_hostfs.proc_hfd, number, mode);
}

static struct __kernel_timespec change_time(const struct umhostfs_change *change, const struct umhostfs_time *t,
					    __u32 set, __u32 now)
{
	struct __kernel_timespec ts = { .tv_nsec = UTIME_OMIT_HOST };

	if (change->valid & now) {
		ts.tv_nsec = UTIME_NOW_HOST;
	} else if (change->valid & set) {
		ts.tv_sec = t->sec;
		ts.tv_nsec = t->nsec;
	}
	return ts;
}

static long change_times(int hfd, const struct umhostfs_change *change)
{
	struct __kernel_timespec ts[2];
	char number[12];
	long err;

	ts[0] = change_time(change, &change->atime, UMHOSTFS_SET_ATIME, UMHOSTFS_NOW_ATIME);
	ts[1] = change_time(change, &change->mtime, UMHOSTFS_SET_MTIME, UMHOSTFS_NOW_MTIME);
	err = HOSTFS_CALL(__NR_utimensat, hfd, "", ts, AT_EMPTY_PATH);
	/* Before Linux 5.8 the flag is unknown. */
	if (err != -EINVAL || host_hostfs.proc_hfd < 0)
		return err;
	host_hostfs_number(number, hfd);
	return HOSTFS_CALL(__NR_utimensat, host_hostfs.proc_hfd, number, ts, 0);
}

int host_hostfs_change(int hfd, const struct umhostfs_change *change)
{
	__u32 valid = change->valid;
	long err = 0;

	if (valid & (UMHOSTFS_SET_UID | UMHOSTFS_SET_GID))
		err = HOSTFS_CALL(__NR_fchownat, hfd, "", valid & UMHOSTFS_SET_UID ? change->uid : (__u32)-1,
				  valid & UMHOSTFS_SET_GID ? change->gid : (__u32)-1, AT_EMPTY_PATH);
	if (!err && (valid & UMHOSTFS_SET_MODE))
		err = change_mode(hfd, change->mode & 07777);
	if (!err && (valid & (UMHOSTFS_SET_ATIME | UMHOSTFS_SET_MTIME | UMHOSTFS_NOW_ATIME | UMHOSTFS_NOW_MTIME)))
		err = change_times(hfd, change);
	return err;
}

/* The bits that the umask took from something just made; @name was made by us a moment ago and is not followed. */
static long mode_restore(int place, const char *name, __u32 mode)
{
	long hfd, err;

	mode &= 07777;
	if (!(mode & host_hostfs.umask))
		return 0;
	hfd = host_hostfs_open(place, name, UMHOSTFS_PATH, NULL);
	if (host_is_error(hfd))
		return hfd;
	err = change_mode(hfd, mode);
	HOST_CALL(__NR_close, hfd);
	return err;
}

int host_hostfs_mkdir(int place, const char *name, __u32 mode)
{
	long err = host_hostfs_name_check(name);

	if (!err)
		err = HOSTFS_CALL(__NR_mkdirat, place, name, mode & 07777);
	return err ? err : mode_restore(place, name, mode);
}

/* The host's encoding of a device number in system calls. */
static __u64 rdev_encode(__u64 rdev)
{
	__u64 major = rdev >> 32, minor = (__u32)rdev;

	return (minor & 0xff) | (major << 8) | ((minor & ~0xffull) << 12);
}

int host_hostfs_mknod(int place, const char *name, __u32 mode, __u64 rdev)
{
	long err = host_hostfs_name_check(name);

	if (!err)
		err = HOSTFS_CALL(__NR_mknodat, place, name, mode, rdev_encode(rdev));
	return err ? err : mode_restore(place, name, mode);
}

int host_hostfs_symlink(int place, const char *name, const char *target)
{
	long err = host_hostfs_name_check(name);

	return err ? err : HOSTFS_CALL(__NR_symlinkat, target, place, name);
}

int host_hostfs_link(int old_place, const char *old_name, int new_place, const char *new_name)
{
	long err = host_hostfs_name_check(old_name);

	if (!err)
		err = host_hostfs_name_check(new_name);
	return err ? err : HOSTFS_CALL(__NR_linkat, old_place, old_name, new_place, new_name, 0);
}

static long name_remove(int place, const char *name, int flags)
{
	long err = host_hostfs_name_check(name);

	if (!err && host_hostfs_append_only())
		err = -EPERM;
	return err ? err : HOSTFS_CALL(__NR_unlinkat, place, name, flags);
}

int host_hostfs_unlink(int place, const char *name)
{
	return name_remove(place, name, 0);
}

int host_hostfs_rmdir(int place, const char *name)
{
	return name_remove(place, name, AT_REMOVEDIR);
}

int host_hostfs_rename(int old_place, const char *old_name, int new_place, const char *new_name, __u32 flags)
{
	__u32 asked = flags;
	long err;

	err = host_hostfs_name_check(old_name);
	if (!err)
		err = host_hostfs_name_check(new_name);
	if (err)
		return err;
	if (host_hostfs_append_only()) {
		if (flags & UMHOSTFS_EXCHANGE)
			return -EPERM;
		flags |= UMHOSTFS_NOREPLACE;
	}
	err = HOSTFS_CALL(__NR_renameat2, old_place, old_name, new_place, new_name, flags);
	return err == -EEXIST && flags != asked ? -EPERM : err;
}

int host_hostfs_readlink(int hfd, char *buf, __u32 size)
{
	return HOSTFS_CALL(__NR_readlinkat, hfd, "", buf, size);
}

long host_hostfs_xattr_get(int hfd, const char *name, void *buf, __u64 size)
{
	return HOSTFS_CALL(__NR_fgetxattr, hfd, name, buf, size);
}

long host_hostfs_xattr_list(int hfd, char *buf, __u64 size)
{
	return HOSTFS_CALL(__NR_flistxattr, hfd, buf, size);
}

int host_hostfs_xattr_set(int hfd, const char *name, const void *buf, __u64 size, int flags)
{
	return HOSTFS_CALL(__NR_fsetxattr, hfd, name, buf, size, flags);
}

int host_hostfs_xattr_remove(int hfd, const char *name)
{
	return HOSTFS_CALL(__NR_fremovexattr, hfd, name);
}
