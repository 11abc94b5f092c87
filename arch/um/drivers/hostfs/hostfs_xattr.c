// SPDX-License-Identifier: GPL-2.0
/*
 * hostfs_xattr.c - extended attributes "user.*" of host files
 *
 * They are the host's, for regular files and directories. Other namespaces stay the host's own business:
 * "security." and "system." would act on the host's security, not the guest's. The host wants a real
 * descriptor, so the file is opened for reading.
 */
#include <linux/dcache.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/xattr.h>

#include "hostfs_guest.h"

/* A descriptor that is not O_PATH. */
static struct umhostfs_fd *xattr_open(struct dentry *dentry)
{
	struct inode *inode = d_inode(dentry);
	struct umhostfs_fd *place;
	int hfd;

	if (S_ISREG(inode->i_mode))
		return umhostfs_open_shared(dentry, UMHOSTFS_READ);
	if (!S_ISDIR(inode->i_mode))
		return ERR_PTR(-EOPNOTSUPP);
	place = umhostfs_place_get(dentry);
	if (IS_ERR(place))
		return place;
	do {
		hfd = host_hostfs_open(place->hfd, NULL, UMHOSTFS_READ | UMHOSTFS_DIR, NULL);
	} while (umhostfs_places_retry(hfd));
	umhostfs_fd_put(place);
	return hfd < 0 ? ERR_PTR(hfd) : umhostfs_fd_add(inode, UMHOSTFS_FD_TEMP, hfd, UMHOSTFS_READ);
}

static int xattr_get(const struct xattr_handler *handler, struct dentry *dentry, struct inode *inode, const char *name,
		     void *buf, size_t size)
{
	struct umhostfs_fd *fd = xattr_open(dentry);
	int ret;

	if (IS_ERR(fd))
		return PTR_ERR(fd);
	ret = host_hostfs_xattr_get(fd->hfd, xattr_full_name(handler, name), buf, size);
	umhostfs_fd_put(fd);
	return ret;
}

static int xattr_set(const struct xattr_handler *handler, struct mnt_idmap *idmap, struct dentry *dentry,
		     struct inode *inode, const char *name, const void *buf, size_t size, int flags)
{
	struct umhostfs_fd *fd = xattr_open(dentry);
	int ret;

	if (IS_ERR(fd))
		return PTR_ERR(fd);
	if (buf)
		ret = host_hostfs_xattr_set(fd->hfd, xattr_full_name(handler, name), buf, size, flags);
	else
		ret = host_hostfs_xattr_remove(fd->hfd, xattr_full_name(handler, name));
	umhostfs_attr_expire(inode);
	umhostfs_mark_unsynced(inode->i_sb);
	umhostfs_fd_put(fd);
	return ret;
}

static const struct xattr_handler umhostfs_xattr_user = {
	.prefix = XATTR_USER_PREFIX,
	.get = xattr_get,
	.set = xattr_set,
};

const struct xattr_handler * const umhostfs_xattr_handlers[] = {
	&umhostfs_xattr_user,
	NULL,
};

/* Move the names that are shown to the front of @all; their length. */
static size_t names_filter(char *all, size_t len)
{
	size_t from = 0, to = 0;

	while (from < len) {
		size_t n = strnlen(all + from, len - from) + 1;

		if (from + n > len)
			break;
		if (str_has_prefix(all + from, XATTR_USER_PREFIX)) {
			memmove(all + to, all + from, n);
			to += n;
		}
		from += n;
	}
	return to;
}

/**
 * umhostfs_listxattr() - inode_operations.listxattr
 * @dentry: the file
 * @list:   receives the names, or NULL
 * @size:   of @list, 0 to ask for the length
 */
ssize_t umhostfs_listxattr(struct dentry *dentry, char *list, size_t size)
{
	struct umhostfs_fd *fd = xattr_open(dentry);
	char *all;
	ssize_t len;

	if (IS_ERR(fd))
		return PTR_ERR(fd);
	all = kvmalloc(XATTR_LIST_MAX, GFP_KERNEL);
	len = all ? host_hostfs_xattr_list(fd->hfd, all, XATTR_LIST_MAX) : -ENOMEM;
	umhostfs_fd_put(fd);
	if (len > 0)
		len = names_filter(all, len);
	if (len > 0 && size && len > size)
		len = -ERANGE;
	if (len > 0 && size)
		memcpy(list, all, len);
	kvfree(all);
	return len;
}
