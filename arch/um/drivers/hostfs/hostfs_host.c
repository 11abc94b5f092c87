// SPDX-License-Identifier: GPL-2.0
/*
 * hostfs_host.c - host files of hostfs: open, size, directories; contents are in hostfs_io_host.c
 *
 * World: host. Each file is opened by one name in a directory that is already open (hostfs.h), with openat2()
 * told to stay beneath it and to resolve no link, and always with O_NONBLOCK, so that a FIFO or a device that a
 * host program has put in a file's place holds up nobody: what is then not a regular file or a directory is
 * closed again at once.
 */
#include <linux/openat2.h>
#include <linux/stat.h>
#include <asm/statfs.h>

#include "hostfs_host.h"

#define SEEK_SET_HOST	0
#define SEEK_DATA_HOST	3
#define SEEK_HOLE_HOST	4

/* @how as open flags. */
static __u64 open_flags(__u32 how)
{
	__u64 flags = O_CLOEXEC | O_NOFOLLOW;

	if (how & UMHOSTFS_DIR)
		flags |= O_DIRECTORY;
	if (how & UMHOSTFS_PATH)
		return flags | O_PATH;
	flags |= O_NONBLOCK | O_NOCTTY;
	if (!(how & UMHOSTFS_WRITE))
		return flags | O_RDONLY;
	if ((how & UMHOSTFS_APPEND) || host_hostfs_append_only())
		flags |= O_APPEND;
	return flags | (how & UMHOSTFS_READ ? O_RDWR : O_WRONLY);
}

/*
 * Take in a freshly opened descriptor: its attributes, and whether it is a kind of file that is opened on the
 * host at all.
 */
static long open_finish(long hfd, __u32 how, struct umhostfs_attr *attr_out)
{
	struct umhostfs_attr attr;
	long err;

	if (host_is_error(hfd))
		return hfd;
	if (!attr_out) {
		if (how & (UMHOSTFS_PATH | UMHOSTFS_DIR))
			return hfd;
		attr_out = &attr;
	}
	err = host_hostfs_stat(hfd, NULL, attr_out);
	if (!err && !(how & UMHOSTFS_PATH) && !S_ISREG(attr_out->mode) && !S_ISDIR(attr_out->mode))
		err = -ENXIO;
	if (err) {
		HOST_CALL(__NR_close, hfd);
		return err;
	}
	return hfd;
}

static long open_beneath(int place, const char *name, __u64 flags, __u32 mode)
{
	long hfd = host_hostfs_openat2(place, name, flags, mode,
				       RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS);

	return hfd == -ENOSYS ? HOSTFS_CALL(__NR_openat, place, name, flags, mode) : hfd;
}

int host_hostfs_open(int place, const char *name, __u32 how, struct umhostfs_attr *attr_out)
{
	int err = name ? host_hostfs_name_check(name) : 0;

	if (err)
		return err;
	return open_finish(open_beneath(place, name ? name : ".", open_flags(how), 0), how, attr_out);
}

int host_hostfs_reopen(int hfd, __u32 how, struct umhostfs_attr *attr_out)
{
	char number[12];

	if (host_hostfs.proc_hfd < 0)
		return -ENOENT;
	host_hostfs_number(number, hfd);
	return open_finish(HOSTFS_CALL(__NR_openat, host_hostfs.proc_hfd, number, open_flags(how) & ~O_NOFOLLOW, 0),
			   how, attr_out);
}

int host_hostfs_create(int place, const char *name, __u32 mode, __u32 how, struct umhostfs_attr *attr_out)
{
	long err = host_hostfs_name_check(name);
	long hfd;

	if (err)
		return err;
	mode &= 07777;
	hfd = open_beneath(place, name, open_flags(how) | O_CREAT | O_EXCL, mode);
	if (!host_is_error(hfd) && (mode & host_hostfs.umask)) {
		err = HOSTFS_CALL(__NR_fchmod, hfd, mode);
		if (err) {
			HOST_CALL(__NR_close, hfd);
			return err;
		}
	}
	return open_finish(hfd, how, attr_out);
}

int host_hostfs_close(int hfd)
{
	long ret = HOST_CALL(__NR_close, hfd);

	return ret == -EINTR ? 0 : ret;
}

int host_hostfs_truncate(int hfd, __u64 size)
{
	struct umhostfs_attr attr;
	int err;

	if (host_hostfs_append_only()) {
		err = host_hostfs_stat(hfd, NULL, &attr);
		if (err)
			return err;
		if (size < attr.size)
			return -EPERM;
	}
	return HOSTFS_CALL(__NR_ftruncate, hfd, size);
}

__s64 host_hostfs_seek(int hfd, __u64 pos, int want_hole)
{
	return HOSTFS_CALL(__NR_lseek, hfd, pos, want_hole ? SEEK_HOLE_HOST : SEEK_DATA_HOST);
}

long host_hostfs_getdents(int hfd, __s64 pos, void *buf, __u32 size)
{
	long ret;

	if (pos >= 0) {
		ret = HOSTFS_CALL(__NR_lseek, hfd, pos, SEEK_SET_HOST);
		if (host_is_error(ret))
			return ret;
	}
	return HOSTFS_CALL(__NR_getdents64, hfd, buf, size);
}

int host_hostfs_statfs(int hfd, struct umhostfs_statfs *out)
{
	struct statfs st;
	long err = HOSTFS_CALL(__NR_fstatfs, hfd, &st);

	if (err)
		return err;
	out->bsize = st.f_bsize;
	out->frsize = st.f_frsize ? st.f_frsize : st.f_bsize;
	out->blocks = st.f_blocks;
	out->bfree = st.f_bfree;
	out->bavail = st.f_bavail;
	out->files = st.f_files;
	out->ffree = st.f_ffree;
	memcpy(&out->fsid, &st.f_fsid, sizeof(out->fsid));
	out->namelen = st.f_namelen < UMHOSTFS_NAME_MAX ? st.f_namelen : UMHOSTFS_NAME_MAX;
	return 0;
}

int host_hostfs_is_synthetic(int hfd)
{
	/* proc, sysfs, debugfs, tracefs, cgroup, cgroup2, securityfs, configfs */
	static const __u32 magics[] = {
		0x9fa0, 0x62656572, 0x64626720, 0x74726163, 0x27e0eb, 0x63677270, 0x73636673, 0x62656570,
	};
	struct statfs st;
	unsigned int i;

	if (HOSTFS_CALL(__NR_fstatfs, hfd, &st))
		return 0;
	for (i = 0; i < HOST_ARRAY_SIZE(magics); i++) {
		if ((__u32)st.f_type == magics[i])
			return 1;
	}
	return 0;
}
