// SPDX-License-Identifier: GPL-2.0
/*
 * hostfs_inode.c - guest inodes for host files: identity, and attributes taken over from the host
 *
 * Identity is (device, inode number, time of birth, type), so that an inode number which the host gives to a
 * new file while the guest still remembers the old one never shows the old contents. The birth of a directory
 * does not count: overlayfs on the host gives a directory a new one when something in it is first changed, and
 * what is mounted in it or works there must not lose it. The guest's inode number is the host's; files of other
 * host devices below the root of the mount get the upper bits folded, because a mount has one device number
 * only.
 *
 * Taking over attributes (umhostfs_attr_take) races with the guest's own writing: an answer of the host that
 * was under way while the guest flushed says an old size. Each flush or truncation therefore counts @changes up
 * before its pages lose their mark, and an answer that was asked for under another count, or that finds marked
 * pages, does not touch size and times.
 */
#include <linux/hash.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "hostfs_guest.h"

struct kmem_cache *umhostfs_inode_cache;

static bool time_eq(const struct umhostfs_time *a, const struct umhostfs_time *b)
{
	return a->sec == b->sec && a->nsec == b->nsec;
}

/**
 * umhostfs_inode_alloc() - super_operations.alloc_inode
 * @sb: the mount
 */
struct inode *umhostfs_inode_alloc(struct super_block *sb)
{
	struct umhostfs_inode *hi = alloc_inode_sb(sb, umhostfs_inode_cache, GFP_KERNEL);

	if (!hi)
		return NULL;
	memset(hi, 0, offsetof(struct umhostfs_inode, vfs));
	spin_lock_init(&hi->lock);
	return &hi->vfs;
}

/**
 * umhostfs_inode_free() - super_operations.free_inode, after a grace period
 * @inode: gone; its link text may have been in use until now
 */
void umhostfs_inode_free(struct inode *inode)
{
	if (S_ISLNK(inode->i_mode))
		kfree(inode->i_link);
	kmem_cache_free(umhostfs_inode_cache, umhostfs_i(inode));
}

/**
 * umhostfs_inode_evict() - super_operations.evict_inode
 * @inode: has no users; what was written is on the host since the last writer closed
 */
void umhostfs_inode_evict(struct inode *inode)
{
	truncate_inode_pages_final(&inode->i_data);
	clear_inode(inode);
	umhostfs_place_forget(inode);
}

/**
 * umhostfs_ino() - the guest's inode number
 * @sb:  the mount
 * @dev: host device
 * @ino: the host's number
 */
unsigned long umhostfs_ino(const struct super_block *sb, u64 dev, u64 ino)
{
	if (dev == umhostfs_s(sb)->dev)
		return ino;
	return ino ^ ((u64)hash_64(dev ^ umhostfs_s(sb)->dev, 15) + 1) << 48;
}

/**
 * umhostfs_is_same() - is the inode the host file that has these attributes?
 * @inode: of the guest
 * @attr:  from the host
 */
bool umhostfs_is_same(const struct inode *inode, const struct umhostfs_attr *attr)
{
	const struct umhostfs_inode *hi = umhostfs_i(inode);

	if (hi->ino != attr->ino || hi->dev != attr->dev || inode_wrong_type(inode, attr->mode))
		return false;
	if (S_ISDIR(inode->i_mode))
		return true;
	if (S_ISLNK(inode->i_mode) && !time_eq(&hi->link_ctime, &attr->ctime))
		return false;
	return time_eq(&hi->btime, &attr->btime);
}

static int inode_test(struct inode *inode, void *attr)
{
	return umhostfs_is_same(inode, attr);
}

static int inode_set(struct inode *inode, void *data)
{
	struct umhostfs_inode *hi = umhostfs_i(inode);
	const struct umhostfs_attr *attr = data;

	hi->dev = attr->dev;
	hi->ino = attr->ino;
	hi->btime = attr->btime;
	hi->link_ctime = attr->ctime;
	hi->host_mtime = attr->mtime;
	hi->host_size = attr->size;
	inode->i_mode = attr->mode;
	inode->i_ino = umhostfs_ino(inode->i_sb, attr->dev, attr->ino);
	return 0;
}

static kuid_t uid_from_host(const struct super_block *sb, u32 uid)
{
	const struct umhostfs_options *opt = &umhostfs_s(sb)->opt;

	if (opt->has_uid)
		return opt->uid;
	return make_kuid(sb->s_user_ns, opt->map_root && uid == umhostfs_grant.uid ? 0 : uid);
}

static kgid_t gid_from_host(const struct super_block *sb, u32 gid)
{
	const struct umhostfs_options *opt = &umhostfs_s(sb)->opt;

	if (opt->has_gid)
		return opt->gid;
	return make_kgid(sb->s_user_ns, opt->map_root && gid == umhostfs_grant.gid ? 0 : gid);
}

/**
 * umhostfs_uid_to_host() - the host's number for an owner
 * @sb:  the mount
 * @uid: of the guest
 */
u32 umhostfs_uid_to_host(const struct super_block *sb, kuid_t uid)
{
	uid_t id = from_kuid(sb->s_user_ns, uid);

	return umhostfs_s(sb)->opt.map_root && !id ? umhostfs_grant.uid : id;
}

/**
 * umhostfs_gid_to_host() - the host's number for a group
 * @sb:  the mount
 * @gid: of the guest
 */
u32 umhostfs_gid_to_host(const struct super_block *sb, kgid_t gid)
{
	gid_t id = from_kgid(sb->s_user_ns, gid);

	return umhostfs_s(sb)->opt.map_root && !id ? umhostfs_grant.gid : id;
}

static void take_owner_and_mode(struct inode *inode, const struct umhostfs_attr *attr)
{
	inode->i_mode = (inode->i_mode & S_IFMT) | (attr->mode & ~S_IFMT);
	inode->i_uid = uid_from_host(inode->i_sb, attr->uid);
	inode->i_gid = gid_from_host(inode->i_sb, attr->gid);
	if (inode->i_nlink != attr->nlink)
		set_nlink(inode, attr->nlink);
	umhostfs_i(inode)->blksize = attr->blksize;
}

static void take_times(struct inode *inode, const struct umhostfs_attr *attr)
{
	inode_set_atime(inode, attr->atime.sec, attr->atime.nsec);
	inode_set_mtime(inode, attr->mtime.sec, attr->mtime.nsec);
	inode_set_ctime(inode, attr->ctime.sec, attr->ctime.nsec);
	inode->i_blocks = attr->blocks;
}

/*
 * The host file is not what we last saw: forget its pages. A file that grew loses its pages before it shows its
 * new size, so nobody reads the zeroes behind the old end; one that shrank shows its new size first.
 */
static void take_foreign_contents(struct inode *inode, const struct umhostfs_attr *attr)
{
	loff_t old_size = i_size_read(inode);

	if (attr->size < old_size) {
		i_size_write(inode, attr->size);
		truncate_pagecache(inode, attr->size);
	}
	invalidate_inode_pages2(inode->i_mapping);
	if (attr->size > old_size)
		i_size_write(inode, attr->size);
}

static void take_regular(struct inode *inode, const struct umhostfs_attr *attr, u64 changes)
{
	struct umhostfs_inode *hi = umhostfs_i(inode);
	bool is_foreign;

	if (umhostfs_is_dirty(inode)) {
		take_owner_and_mode(inode, attr);
		return;
	}
	spin_lock(&hi->lock);
	if (hi->changes != changes) {
		spin_unlock(&hi->lock);
		return;
	}
	is_foreign = hi->host_size != attr->size || !time_eq(&hi->host_mtime, &attr->mtime);
	hi->host_mtime = attr->mtime;
	hi->host_size = attr->size;
	spin_unlock(&hi->lock);

	take_owner_and_mode(inode, attr);
	take_times(inode, attr);
	if (is_foreign || i_size_read(inode) != attr->size)
		take_foreign_contents(inode, attr);
	WRITE_ONCE(hi->expires, umhostfs_deadline(inode->i_sb));
}

/**
 * umhostfs_changes() - how often the guest has changed the contents; read it before asking the host for attributes
 * @inode: any
 */
u64 umhostfs_changes(struct inode *inode)
{
	struct umhostfs_inode *hi = umhostfs_i(inode);
	u64 changes;

	spin_lock(&hi->lock);
	changes = hi->changes;
	spin_unlock(&hi->lock);
	return changes;
}

/**
 * umhostfs_attr_take() - take over what the host says about a file
 * @inode:     the file
 * @attr:      the host's answer
 * @changes:   umhostfs_changes() before the host was asked
 * @is_locked: the caller holds inode->i_rwsem for writing
 *
 * Does nothing if somebody is just writing the file: what the guest knows is newer then.
 */
void umhostfs_attr_take(struct inode *inode, const struct umhostfs_attr *attr, u64 changes, bool is_locked)
{
	struct umhostfs_inode *hi = umhostfs_i(inode);

	if (!S_ISREG(inode->i_mode)) {
		take_owner_and_mode(inode, attr);
		take_times(inode, attr);
		if (S_ISLNK(inode->i_mode))
			hi->link_ctime = attr->ctime;
		i_size_write(inode, attr->size);
		WRITE_ONCE(hi->expires, umhostfs_deadline(inode->i_sb));
		return;
	}
	if (!is_locked && !inode_trylock(inode))
		return;
	take_regular(inode, attr, changes);
	if (!is_locked)
		inode_unlock(inode);
}

/**
 * umhostfs_contents_changed() - the guest has changed a regular file on the host: remember it as our own doing
 * @inode: the file
 * @hfd:   a descriptor of it
 *
 * To be called before the pages written lose their writeback mark. Never touches i_size.
 */
void umhostfs_contents_changed(struct inode *inode, int hfd)
{
	struct umhostfs_inode *hi = umhostfs_i(inode);
	struct umhostfs_attr attr;
	int err = host_hostfs_stat(hfd, NULL, &attr);

	umhostfs_mark_unsynced(inode->i_sb);
	spin_lock(&hi->lock);
	hi->changes++;
	if (!err) {
		hi->host_mtime = attr.mtime;
		hi->host_size = attr.size;
	}
	spin_unlock(&hi->lock);
	if (!err)
		take_times(inode, &attr);
}

static void inode_fill(struct inode *inode, const struct umhostfs_attr *attr)
{
	switch (attr->mode & S_IFMT) {
	case S_IFREG:
		inode->i_op = &umhostfs_file_iops;
		inode->i_fop = &umhostfs_file_fops;
		inode->i_mapping->a_ops = &umhostfs_aops;
		mapping_set_large_folios(inode->i_mapping);
		break;
	case S_IFDIR:
		inode->i_op = &umhostfs_dir_iops;
		inode->i_fop = &umhostfs_dir_fops;
		break;
	case S_IFLNK:
		inode->i_op = &umhostfs_link_iops;
		break;
	default:
		inode->i_op = &umhostfs_special_iops;
		init_special_inode(inode, attr->mode, MKDEV(attr->rdev >> 32, (u32)attr->rdev));
	}
	take_owner_and_mode(inode, attr);
	take_times(inode, attr);
	i_size_write(inode, attr->size);
	umhostfs_i(inode)->expires = umhostfs_deadline(inode->i_sb);
}

/**
 * umhostfs_inode_get() - the inode for a host file
 * @sb:   the mount
 * @attr: from the host
 *
 * Return: inode with one more reference, or an error pointer. If the inode was known its attributes are marked
 * stale, not replaced: @attr may be older than what the guest has done to the file.
 */
struct inode *umhostfs_inode_get(struct super_block *sb, const struct umhostfs_attr *attr)
{
	unsigned long ino = umhostfs_ino(sb, attr->dev, attr->ino);
	struct inode *inode = iget5_locked(sb, ino, inode_test, inode_set, (void *)attr);

	if (!inode)
		return ERR_PTR(-ENOMEM);
	if (inode->i_state & I_NEW) {
		inode_fill(inode, attr);
		unlock_new_inode(inode);
	} else {
		umhostfs_attr_expire(inode);
	}
	return inode;
}
