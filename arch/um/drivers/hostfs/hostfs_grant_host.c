// SPDX-License-Identifier: GPL-2.0
/*
 * hostfs_grant_host.c - the part of the host's tree that the guest may see
 *
 * The option hostfs=DIRECTORY[,append] opens DIRECTORY once, before any guest code runs; from then on the guest
 * reaches host files only from that descriptor downwards, whatever is renamed above it. Without the option the
 * host's root directory is opened when hostfs is first used.
 *
 * Paths of several components occur at one place only, in host_hostfs_root(), for the directory that a mount
 * names. The host resolves them with the grant as root directory (RESOLVE_IN_ROOT), so that a link such as /lib
 * -> usr/lib works in the classic "mount -t hostfs none /lib/modules -o /lib/modules", while neither ".." nor
 * an absolute link nor a directory that moves at the same time leads out. Hosts before Linux 5.6 walk component
 * by component and refuse links.
 */
#include <linux/openat2.h>
#include <linux/resource.h>

#include <um/log.h>
#include <um/option.h>

#include "hostfs_host.h"

#define GRANT_PATH_MAX	4096u
#define GRANT_TRIES	64
#define GRANT_HFDS_MAX	(1u << 20)

struct host_hostfs host_hostfs = {
	.root_hfd = -1,
	.proc_hfd = -1,
};

static int has_openat2 = 1;

long host_hostfs_openat2(int dir_hfd, const char *path, __u64 flags, __u64 mode, __u64 resolve)
{
	struct open_how how = { .flags = flags, .mode = mode, .resolve = resolve };
	long ret;

	if (!has_openat2)
		return -ENOSYS;
	ret = HOSTFS_CALL(__NR_openat2, dir_hfd, path, &how, sizeof(how));
	if (ret == -ENOSYS)
		has_openat2 = 0;
	return ret;
}

void host_hostfs_number(char *buf, unsigned int n)
{
	char digits[12];
	int len = 0;

	do {
		digits[len++] = '0' + n % 10;
		n /= 10;
	} while (n);
	while (len)
		*buf++ = digits[--len];
	*buf = 0;
}

int host_hostfs_name_check(const char *name)
{
	host_size_t len = strlen(name);

	if (!len || strchr(name, '/'))
		return -EINVAL;
	if (name[0] == '.' && (len == 1 || (len == 2 && name[1] == '.')))
		return -EINVAL;
	return len > UMHOSTFS_NAME_MAX ? -ENAMETOOLONG : 0;
}

static const char *grant_problem(long err)
{
	switch (err) {
	case -ENOENT:
		return "no such directory";
	case -ENOTDIR:
		return "not a directory";
	case -EACCES:
		return "this user may not enter it";
	default:
		return "cannot be opened";
	}
}

/* Cut ",append" off the end of @dir; false if something else follows the last comma there. */
static int grant_split(char *dir, __u32 *flags)
{
	char *comma = strrchr(dir, ',');

	if (!comma)
		return 1;
	if (strcmp(comma + 1, "append"))
		return 0;
	*comma = 0;
	*flags |= UMHOSTFS_GRANT_APPEND;
	return 1;
}

static int grant_parse(const struct um_option *opt, const char *suffix, const char *value)
{
	static char dir[GRANT_PATH_MAX];
	__u32 flags = 0;
	long hfd;

	if (!strcmp(value, "none")) {
		host_hostfs.flags = UMHOSTFS_GRANT_NONE;
		return 0;
	}
	if (strlen(value) >= sizeof(dir)) {
		host_error("hostfs=: the name is too long; start in a directory nearby and give a relative one");
		return -ENAMETOOLONG;
	}
	memcpy(dir, value, strlen(value) + 1);
	if (!grant_split(dir, &flags)) {
		host_error("hostfs=%s: unknown word behind the comma; the form is hostfs=DIRECTORY[,append]", value);
		return -EINVAL;
	}
	hfd = HOSTFS_CALL(__NR_openat, AT_FDCWD, dir[0] ? dir : "/", O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
	if (host_is_error(hfd)) {
		host_error("hostfs=%s: %s (error %d); name an existing directory, or leave the option out",
			   value, grant_problem(hfd), (int)-hfd);
		return hfd;
	}
	if (host_hostfs.root_hfd >= 0)
		HOST_CALL(__NR_close, host_hostfs.root_hfd);
	host_hostfs.root_hfd = hfd;
	host_hostfs.flags = flags;
	return 0;
}

UM_OPTION(hostfs) = {
	.name = "hostfs",
	.arg = "DIRECTORY[,append]",
	.help = "Confine all hostfs mounts to DIRECTORY of the host and what is below it.\n"
		"append: files can be made and added to, but not cut, replaced or removed;\n"
		"hostfs=,append says so of the whole host. hostfs=none refuses every mount.\n"
		"Default: all that the user who starts the kernel can see.",
	.parse = grant_parse,
};

/* As many descriptors as the host lets us have; how many that is. */
static __u32 grant_raise_hfds(void)
{
	struct rlimit64 limit, wish;

	if (HOST_CALL(__NR_prlimit64, 0, RLIMIT_NOFILE, NULL, &limit))
		return 1024;
	wish.rlim_cur = limit.rlim_max < GRANT_HFDS_MAX ? limit.rlim_max : GRANT_HFDS_MAX;
	wish.rlim_max = limit.rlim_max;
	if (wish.rlim_cur > limit.rlim_cur && !HOST_CALL(__NR_prlimit64, 0, RLIMIT_NOFILE, &wish, NULL))
		return wish.rlim_cur;
	return limit.rlim_cur < GRANT_HFDS_MAX ? limit.rlim_cur : GRANT_HFDS_MAX;
}

int host_hostfs_grant(struct umhostfs_grant *grant_out)
{
	long hfd;

	if (host_hostfs.root_hfd < 0 && !(host_hostfs.flags & UMHOSTFS_GRANT_NONE)) {
		hfd = HOSTFS_CALL(__NR_openat, AT_FDCWD, "/", O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
		if (host_is_error(hfd))
			return hfd;
		host_hostfs.root_hfd = hfd;
	}
	if (host_hostfs.proc_hfd < 0) {
		hfd = HOSTFS_CALL(__NR_openat, AT_FDCWD, "/proc/self/fd", O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
		host_hostfs.proc_hfd = host_is_error(hfd) ? -1 : hfd;
	}
	host_hostfs.umask = HOST_CALL(__NR_umask, 0);
	HOST_CALL(__NR_umask, host_hostfs.umask);

	grant_out->flags = host_hostfs.flags;
	grant_out->uid = HOST_CALL(__NR_geteuid);
	grant_out->gid = HOST_CALL(__NR_getegid);
	grant_out->umask = host_hostfs.umask;
	grant_out->nr_hfds = grant_raise_hfds();
	return 0;
}

/* Without openat2: one component after the other, no links, no way up. */
static long root_walk(const char *path)
{
	long at = HOSTFS_CALL(__NR_openat, host_hostfs.root_hfd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
	char name[UMHOSTFS_NAME_MAX + 1];

	while (!host_is_error(at)) {
		host_size_t len = 0;
		long next;

		while (*path == '/')
			path++;
		if (!*path)
			break;
		while (path[len] && path[len] != '/')
			len++;
		if (len > UMHOSTFS_NAME_MAX) {
			next = -ENAMETOOLONG;
		} else {
			memcpy(name, path, len);
			name[len] = 0;
			next = host_hostfs_name_check(name);
			if (!next)
				next = HOSTFS_CALL(__NR_openat, at, name,
						   O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
		}
		HOST_CALL(__NR_close, at);
		at = next;
		path += len;
	}
	return at;
}

int host_hostfs_root(const char *path)
{
	int tries = GRANT_TRIES;
	long hfd;

	if (host_hostfs.flags & UMHOSTFS_GRANT_NONE)
		return -EPERM;
	if (host_hostfs.root_hfd < 0)
		return -ENXIO;
	while (*path == '/')
		path++;
	/* EAGAIN: something was renamed while the host looked; it may be bothered again. */
	do {
		hfd = host_hostfs_openat2(host_hostfs.root_hfd, *path ? path : ".", O_PATH | O_DIRECTORY | O_CLOEXEC, 0,
					  RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
	} while (hfd == -EAGAIN && --tries);
	return hfd == -ENOSYS ? root_walk(path) : hfd;
}
