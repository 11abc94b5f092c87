/* SPDX-License-Identifier: GPL-2.0 */
/*
 * hostfs_host.h - what the files of hostfs' host half share
 *
 * World: host.
 */
#ifndef _UM_HOSTFS_HOST_H
#define _UM_HOSTFS_HOST_H

#include <linux/errno.h>
#include <linux/fcntl.h>

#include "hostfs.h"
#include "host/hostcall.h"
#include "host/hostlib.h"

/* Repeat an interrupted host call: signals are this machine's interrupts and no reason to fail. */
#define HOSTFS_CALL(...) ({				\
	long _ret;					\
	do {						\
		_ret = HOST_CALL(__VA_ARGS__);		\
	} while (_ret == -EINTR);			\
	_ret;						\
})

/**
 * struct host_hostfs - the grant; written by the option and by the first host_hostfs_grant(), then constant
 * @flags:    UMHOSTFS_GRANT_*
 * @root_hfd: the granted directory, or -1 before it is opened
 * @proc_hfd: /proc/self/fd, or -1 if the host has none: the way to the file behind an O_PATH descriptor
 * @umask:    of the process
 */
struct host_hostfs {
	__u32 flags;
	int root_hfd;
	int proc_hfd;
	__u32 umask;
};

extern struct host_hostfs host_hostfs;

/**
 * host_hostfs_name_check() - 0 if @name is one component that leads nowhere but down, else -EINVAL or
 * -ENAMETOOLONG.
 */
int host_hostfs_name_check(const char *name);

/** host_hostfs_openat2() - openat2(), or -ENOSYS where host or sandbox has none; may return -EINTR never. */
long host_hostfs_openat2(int dir_hfd, const char *path, __u64 flags, __u64 mode, __u64 resolve);

/* Is the grant for adding only? */
static inline int host_hostfs_append_only(void)
{
	return !!(host_hostfs.flags & UMHOSTFS_GRANT_APPEND);
}

/** host_hostfs_number() - @n in decimal digits into @buf of 12 bytes: a file's name in /proc/self/fd. */
void host_hostfs_number(char *buf, unsigned int n);

#endif /* _UM_HOSTFS_HOST_H */
