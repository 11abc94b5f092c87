// SPDX-License-Identifier: GPL-2.0
/*
 * hostfs_attr.c - stat, chmod, chown, utimes, truncate on host files
 *
 * Attributes are shown as the host has them, asked for again when they have expired; a file that the guest is
 * writing shows the guest's size and times until it is flushed. Who sets attributes gets the host's verdict:
 * the guest's root may do to host files what the invoking user may.
 */
#include <linux/dcache.h>
#include <linux/mm.h>
#include <linux/stat.h>

#include "hostfs_guest.h"

/**
 * umhostfs_attr_refresh_fd() - ask the host about an open file
 * @inode:     the file
 * @hfd:       a descriptor of it
 * @is_locked: the caller holds inode->i_rwsem for writing
 */
void umhostfs_attr_refresh_fd(struct inode *inode, int hfd, bool is_locked)
{
	u64 changes = umhostfs_changes(inode);
	struct umhostfs_attr attr;

	if (!host_hostfs_stat(hfd, NULL, &attr))
		umhostfs_attr_take(inode, &attr, changes, is_locked);
}

/* Ask by name: one host call, no descriptor. */
static int refresh_by_name(struct dentry *dentry)
{
	struct inode *inode = d_inode(dentry);
	u64 changes = umhostfs_changes(inode);
	struct umhostfs_attr attr;
	struct umhostfs_fd *place;
	struct name_snapshot name;
	struct dentry *parent = dget_parent(dentry);
	int err;

	place = umhostfs_place_get(parent);
	dput(parent);
	if (IS_ERR(place))
		return PTR_ERR(place);
	take_dentry_name_snapshot(&name, dentry);
	err = host_hostfs_stat(place->hfd, name.name.name, &attr);
	release_dentry_name_snapshot(&name);
	umhostfs_fd_put(place);
	if (err == -ENOENT || (!err && !umhostfs_is_same(inode, &attr)))
		return -ESTALE;
	if (!err)
		umhostfs_attr_take(inode, &attr, changes, false);
	return err;
}

/**
 * umhostfs_attr_refresh() - ask the host about a file
 * @dentry: positive
 *
 * Return: 0; -ESTALE if the name means another file now. A file whose last name the guest has removed keeps
 * what is known.
 */
int umhostfs_attr_refresh(struct dentry *dentry)
{
	struct inode *inode = d_inode(dentry);
	struct umhostfs_fd *fd = umhostfs_fd_find(inode, UMHOSTFS_FD_PLACE);

	if (!fd)
		fd = umhostfs_fd_find(inode, UMHOSTFS_FD_WRITE);
	if (!fd)
		fd = umhostfs_fd_find(inode, UMHOSTFS_FD_READ);
	if (fd) {
		umhostfs_attr_refresh_fd(inode, fd->hfd, false);
		umhostfs_fd_put(fd);
		return 0;
	}
	return d_unlinked(dentry) ? 0 : refresh_by_name(dentry);
}

/**
 * umhostfs_getattr() - inode_operations.getattr
 * @idmap: of the mount
 * @path:  the file
 * @stat:  result
 * @mask:  what is wanted
 * @flags: AT_STATX_*
 */
int umhostfs_getattr(struct mnt_idmap *idmap, const struct path *path, struct kstat *stat, u32 mask, unsigned int flags)
{
	struct inode *inode = d_inode(path->dentry);
	const struct umhostfs_inode *hi = umhostfs_i(inode);
	int err = 0;

	if (!(flags & AT_STATX_DONT_SYNC) && ((flags & AT_STATX_FORCE_SYNC) || !umhostfs_is_fresh(inode)))
		err = umhostfs_attr_refresh(path->dentry);
	if (err)
		return err;
	generic_fillattr(idmap, mask, inode, stat);
	stat->blksize = hi->blksize;
	if (hi->btime.sec || hi->btime.nsec) {
		stat->btime.tv_sec = hi->btime.sec;
		stat->btime.tv_nsec = hi->btime.nsec;
		stat->result_mask |= STATX_BTIME;
	}
	return 0;
}

/**
 * umhostfs_update_time() - inode_operations.update_time: a write or read in the guest
 * @inode: the file
 * @flags: S_MTIME and so on
 *
 * The host sets its own times when the data arrives; until then the guest shows these.
 */
int umhostfs_update_time(struct inode *inode, int flags)
{
	inode_update_timestamps(inode, flags);
	return 0;
}

/*
 * Cut or extend, with the inode and its mapping locked. The guest's size goes first when it shrinks, so that no
 * flush under way writes behind the new end; what was written is flushed before, so that nothing is lost if the
 * host refuses.
 */
static int set_size_locked(struct inode *inode, struct umhostfs_fd *fd, loff_t size)
{
	loff_t old_size = i_size_read(inode);
	int err;

	if (size < old_size) {
		err = filemap_write_and_wait_range(inode->i_mapping, size, LLONG_MAX);
		if (err)
			return err;
		i_size_write(inode, size);
		truncate_pagecache(inode, size);
	}
	err = host_hostfs_truncate(fd->hfd, size);
	if (err && size < old_size)
		i_size_write(inode, old_size);
	if (!err && size > old_size) {
		truncate_pagecache(inode, old_size);
		i_size_write(inode, size);
	}
	umhostfs_contents_changed(inode, fd->hfd);
	return err;
}

static int set_size(struct dentry *dentry, struct iattr *attr)
{
	struct inode *inode = d_inode(dentry);
	struct umhostfs_fd *fd;
	int err;

	if (attr->ia_size < i_size_read(inode) && umhostfs_s(inode->i_sb)->opt.append)
		return -EPERM;
	fd = umhostfs_open_shared(dentry, UMHOSTFS_WRITE);
	if (IS_ERR(fd))
		return PTR_ERR(fd);
	filemap_invalidate_lock(inode->i_mapping);
	err = set_size_locked(inode, fd, attr->ia_size);
	filemap_invalidate_unlock(inode->i_mapping);
	umhostfs_fd_put(fd);
	return err;
}

static struct umhostfs_time host_time(const struct timespec64 *ts)
{
	return (struct umhostfs_time){ .sec = ts->tv_sec, .nsec = ts->tv_nsec };
}

static void change_times(const struct iattr *attr, struct umhostfs_change *change)
{
	if (attr->ia_valid & ATTR_ATIME_SET) {
		change->valid |= UMHOSTFS_SET_ATIME;
		change->atime = host_time(&attr->ia_atime);
	} else if (attr->ia_valid & ATTR_ATIME) {
		change->valid |= UMHOSTFS_NOW_ATIME;
	}
	if (attr->ia_valid & ATTR_MTIME_SET) {
		change->valid |= UMHOSTFS_SET_MTIME;
		change->mtime = host_time(&attr->ia_mtime);
	} else if ((attr->ia_valid & (ATTR_MTIME | ATTR_SIZE)) == ATTR_MTIME) {
		change->valid |= UMHOSTFS_NOW_MTIME;
	}
}

/* A mount that shows one owner for all files can show no other. */
static int change_owner(const struct inode *inode, const struct iattr *attr, struct umhostfs_change *change)
{
	const struct umhostfs_options *opt = &umhostfs_s(inode->i_sb)->opt;

	if ((attr->ia_valid & ATTR_UID) && !uid_eq(attr->ia_uid, inode->i_uid)) {
		if (opt->has_uid)
			return -EPERM;
		change->valid |= UMHOSTFS_SET_UID;
		change->uid = umhostfs_uid_to_host(inode->i_sb, attr->ia_uid);
	}
	if ((attr->ia_valid & ATTR_GID) && !gid_eq(attr->ia_gid, inode->i_gid)) {
		if (opt->has_gid)
			return -EPERM;
		change->valid |= UMHOSTFS_SET_GID;
		change->gid = umhostfs_gid_to_host(inode->i_sb, attr->ia_gid);
	}
	return 0;
}

static int apply_change(struct dentry *dentry, const struct umhostfs_change *change)
{
	u32 no_time = UMHOSTFS_SET_MODE | UMHOSTFS_SET_UID | UMHOSTFS_SET_GID;
	struct inode *inode = d_inode(dentry);
	bool has_data_time = S_ISREG(inode->i_mode) && (change->valid & ~no_time);
	struct umhostfs_fd *fd;
	int err = 0;

	fd = umhostfs_reach(dentry);
	if (IS_ERR(fd))
		return PTR_ERR(fd);
	/* What is still to be flushed would change the times again; and a new mtime is our doing, no new contents. */
	if (has_data_time)
		err = filemap_write_and_wait(inode->i_mapping);
	if (!err)
		err = host_hostfs_change(fd->hfd, change);
	if (has_data_time && !err)
		umhostfs_contents_changed(inode, fd->hfd);
	umhostfs_attr_expire(inode);
	umhostfs_attr_refresh_fd(inode, fd->hfd, true);
	umhostfs_mark_unsynced(inode->i_sb);
	umhostfs_fd_put(fd);
	return err;
}

/**
 * umhostfs_setattr() - inode_operations.setattr
 * @idmap:  of the mount
 * @dentry: the file; its inode is locked
 * @attr:   what to set
 */
int umhostfs_setattr(struct mnt_idmap *idmap, struct dentry *dentry, struct iattr *attr)
{
	struct inode *inode = d_inode(dentry);
	struct umhostfs_change change = { 0 };
	int err;

	err = setattr_prepare(idmap, dentry, attr);
	if (!err)
		err = change_owner(inode, attr, &change);
	if (!err && (attr->ia_valid & ATTR_SIZE))
		err = set_size(dentry, attr);
	if (err)
		return err;
	change_times(attr, &change);
	if (attr->ia_valid & ATTR_MODE) {
		change.valid |= UMHOSTFS_SET_MODE;
		change.mode = attr->ia_mode & 07777;
	}
	if (change.valid)
		return apply_change(dentry, &change);
	return 0;
}
