// SPDX-License-Identifier: GPL-2.0
/*
 * hostfs_namei.c - names: look up, make, remove, rename, link
 *
 * Each operation is one host call on (place of the directory, name). Dentries, also negative ones, count as
 * true until d_time; then the host is asked whether the name still means the same file. Symbolic links are
 * resolved by the guest; their text is read once for an inode, and a link that was changed on the host is
 * another inode (umhostfs_is_same).
 *
 * Files that the guest makes belong to the user who runs the kernel. If that is the host's root they are given
 * to the guest process' user, so that a root file system on hostfs works as on a disk.
 */
#include <linux/cred.h>
#include <linux/dcache.h>
#include <linux/namei.h>
#include <linux/slab.h>

#include "hostfs_guest.h"

static void dentry_confirm(struct dentry *dentry)
{
	WRITE_ONCE(dentry->d_time, (unsigned long)umhostfs_deadline(dentry->d_sb));
}

/* Something in the directory was changed: by us, so nothing is to be dropped. */
static void dir_changed(struct inode *dir)
{
	umhostfs_attr_expire(dir);
	umhostfs_mark_unsynced(dir->i_sb);
}

static bool is_append_only(const struct inode *inode)
{
	return umhostfs_s(inode->i_sb)->opt.append;
}

static struct dentry *umhostfs_lookup(struct inode *dir, struct dentry *dentry, unsigned int flags)
{
	struct umhostfs_attr attr;
	struct umhostfs_fd *place;
	struct inode *inode = NULL;
	struct dentry *other;
	int err;

	if (dentry->d_name.len > UMHOSTFS_NAME_MAX)
		return ERR_PTR(-ENAMETOOLONG);
	place = umhostfs_place_get(dentry->d_parent);
	if (IS_ERR(place))
		return ERR_CAST(place);
	err = host_hostfs_stat(place->hfd, dentry->d_name.name, &attr);
	umhostfs_fd_put(place);
	if (err && err != -ENOENT)
		return ERR_PTR(err);
	if (!err)
		inode = umhostfs_inode_get(dir->i_sb, &attr);
	other = d_splice_alias(inode, dentry);
	if (!IS_ERR(other))
		dentry_confirm(other ? other : dentry);
	return other;
}

/* Does the name still mean what the dentry says? 1, 0, or a negative errno. */
static int dentry_ask(struct dentry *dentry)
{
	struct inode *inode = d_inode(dentry);
	u64 changes = inode ? umhostfs_changes(inode) : 0;
	struct dentry *parent = dget_parent(dentry);
	struct umhostfs_fd *place = umhostfs_place_get(parent);
	struct umhostfs_attr attr;
	struct name_snapshot name;
	int err;

	dput(parent);
	if (IS_ERR(place)) {
		err = PTR_ERR(place);
		return err == -ESTALE || err == -ENOENT ? 0 : err;
	}
	take_dentry_name_snapshot(&name, dentry);
	err = host_hostfs_stat(place->hfd, name.name.name, &attr);
	release_dentry_name_snapshot(&name);
	umhostfs_fd_put(place);
	if (err == -ENOENT)
		return !inode;
	if (err)
		return err;
	if (!inode || !umhostfs_is_same(inode, &attr))
		return 0;
	umhostfs_attr_take(inode, &attr, changes, false);
	return 1;
}

static int umhostfs_d_revalidate(struct dentry *dentry, unsigned int flags)
{
	int ret;

	if (!(flags & LOOKUP_REVAL) && get_jiffies_64() < READ_ONCE(dentry->d_time))
		return 1;
	if (flags & LOOKUP_RCU)
		return -ECHILD;
	ret = dentry_ask(dentry);
	if (ret > 0)
		dentry_confirm(dentry);
	return ret;
}

const struct dentry_operations umhostfs_dentry_ops = {
	.d_revalidate = umhostfs_d_revalidate,
};

/*
 * The owner that a new file gets when the kernel is run by the host's root, who alone can give files away. Root
 * of a container may not be able to give them to everybody; then they stay root's. @attr becomes what they are.
 */
static int own_new(struct inode *dir, int hfd, struct umhostfs_attr *attr)
{
	struct umhostfs_change change = { .valid = 0 };

	if (umhostfs_grant.uid || umhostfs_s(dir->i_sb)->opt.has_uid)
		return 0;
	change.uid = umhostfs_uid_to_host(dir->i_sb, current_fsuid());
	change.gid = umhostfs_gid_to_host(dir->i_sb, current_fsgid());
	if (change.uid != attr->uid)
		change.valid |= UMHOSTFS_SET_UID;
	if (change.gid != attr->gid && !(dir->i_mode & S_ISGID))
		change.valid |= UMHOSTFS_SET_GID;
	if (!change.valid)
		return 0;
	/* A change of owner takes away set-uid and set-gid: put the mode back. */
	if (!S_ISLNK(attr->mode)) {
		change.valid |= UMHOSTFS_SET_MODE;
		change.mode = attr->mode & 07777;
	}
	host_hostfs_change(hfd, &change);
	return host_hostfs_stat(hfd, NULL, attr);
}

/* The dentry becomes the file that was just made under its name. */
static int instantiate(struct inode *dir, struct dentry *dentry, struct umhostfs_fd *place)
{
	struct umhostfs_attr attr;
	struct inode *inode;
	int hfd, err;

	do {
		hfd = host_hostfs_open(place->hfd, dentry->d_name.name, UMHOSTFS_PATH, &attr);
	} while (umhostfs_places_retry(hfd));
	if (hfd < 0)
		return hfd;
	err = own_new(dir, hfd, &attr);
	host_hostfs_close(hfd);
	if (err)
		return err;
	inode = umhostfs_inode_get(dir->i_sb, &attr);
	if (IS_ERR(inode))
		return PTR_ERR(inode);
	d_instantiate(dentry, inode);
	dentry_confirm(dentry);
	return 0;
}

/*
 * Make a regular file that is open for writing from the start: its mode may forbid to open it again. Returns a
 * user of its descriptor.
 */
static struct umhostfs_fd *file_create(struct inode *dir, struct dentry *dentry, umode_t mode)
{
	u32 how = UMHOSTFS_READ | UMHOSTFS_WRITE | (is_append_only(dir) ? UMHOSTFS_APPEND : 0);
	struct umhostfs_fd *place = umhostfs_place_get(dentry->d_parent);
	struct umhostfs_attr attr;
	struct inode *inode;
	int hfd, err;

	if (IS_ERR(place))
		return place;
	do {
		hfd = host_hostfs_create(place->hfd, dentry->d_name.name, mode, how, &attr);
	} while (umhostfs_places_retry(hfd));
	umhostfs_fd_put(place);
	if (hfd < 0)
		return ERR_PTR(hfd);
	dir_changed(dir);
	err = own_new(dir, hfd, &attr);
	inode = err ? ERR_PTR(err) : umhostfs_inode_get(dir->i_sb, &attr);
	if (IS_ERR(inode)) {
		host_hostfs_close(hfd);
		return ERR_CAST(inode);
	}
	d_instantiate(dentry, inode);
	dentry_confirm(dentry);
	return umhostfs_fd_add(inode, UMHOSTFS_FD_WRITE, hfd, how);
}

static int umhostfs_create(struct mnt_idmap *idmap, struct inode *dir, struct dentry *dentry, umode_t mode, bool excl)
{
	struct umhostfs_fd *fd = file_create(dir, dentry, mode);

	if (IS_ERR(fd))
		return PTR_ERR(fd);
	umhostfs_fd_put(fd);
	return 0;
}

static int umhostfs_atomic_open(struct inode *dir, struct dentry *dentry, struct file *file, unsigned int flags,
				umode_t mode)
{
	struct dentry *found = NULL;
	struct umhostfs_fd *fd;
	int err;

	if (d_in_lookup(dentry)) {
		found = umhostfs_lookup(dir, dentry, 0);
		if (IS_ERR(found))
			return PTR_ERR(found);
		if (found)
			dentry = found;
	}
	if (!(flags & O_CREAT) || d_really_is_positive(dentry))
		return finish_no_open(file, found);

	fd = file_create(dir, dentry, mode);
	if (IS_ERR(fd)) {
		dput(found);
		/* A host program was faster: let the VFS look again. */
		return PTR_ERR(fd) == -EEXIST && !(flags & O_EXCL) ? -ESTALE : PTR_ERR(fd);
	}
	file->f_mode |= FMODE_CREATED;
	err = finish_open(file, dentry, umhostfs_file_open);
	umhostfs_fd_put(fd);
	dput(found);
	return err;
}

static int umhostfs_mkdir(struct mnt_idmap *idmap, struct inode *dir, struct dentry *dentry, umode_t mode)
{
	struct umhostfs_fd *place = umhostfs_place_get(dentry->d_parent);
	int err;

	if (IS_ERR(place))
		return PTR_ERR(place);
	err = host_hostfs_mkdir(place->hfd, dentry->d_name.name, mode);
	dir_changed(dir);
	if (!err)
		err = instantiate(dir, dentry, place);
	umhostfs_fd_put(place);
	return err;
}

static int umhostfs_mknod(struct mnt_idmap *idmap, struct inode *dir, struct dentry *dentry, umode_t mode, dev_t dev)
{
	struct umhostfs_fd *place = umhostfs_place_get(dentry->d_parent);
	int err;

	if (IS_ERR(place))
		return PTR_ERR(place);
	err = host_hostfs_mknod(place->hfd, dentry->d_name.name, mode, (u64)MAJOR(dev) << 32 | MINOR(dev));
	dir_changed(dir);
	if (!err)
		err = instantiate(dir, dentry, place);
	umhostfs_fd_put(place);
	return err;
}

static int umhostfs_symlink(struct mnt_idmap *idmap, struct inode *dir, struct dentry *dentry, const char *target)
{
	struct umhostfs_fd *place = umhostfs_place_get(dentry->d_parent);
	int err;

	if (IS_ERR(place))
		return PTR_ERR(place);
	err = host_hostfs_symlink(place->hfd, dentry->d_name.name, target);
	dir_changed(dir);
	if (!err)
		err = instantiate(dir, dentry, place);
	umhostfs_fd_put(place);
	return err;
}

/* The places of two directories; the caller puts them if 0 is returned. */
static int places_get_two(struct dentry *a, struct dentry *b, struct umhostfs_fd *places[2])
{
	places[0] = umhostfs_place_get(a);
	if (IS_ERR(places[0]))
		return PTR_ERR(places[0]);
	places[1] = umhostfs_place_get(b);
	if (!IS_ERR(places[1]))
		return 0;
	umhostfs_fd_put(places[0]);
	return PTR_ERR(places[1]);
}

static int umhostfs_link(struct dentry *old, struct inode *dir, struct dentry *dentry)
{
	struct inode *inode = d_inode(old);
	struct umhostfs_fd *places[2];
	struct umhostfs_attr attr;
	struct dentry *old_parent = dget_parent(old);
	struct name_snapshot name;
	int err;

	/* The inode is locked, so no rename in the guest takes the old name away meanwhile. */
	err = places_get_two(old_parent, dentry->d_parent, places);
	dput(old_parent);
	if (err)
		return err;
	take_dentry_name_snapshot(&name, old);
	err = host_hostfs_link(places[0]->hfd, name.name.name, places[1]->hfd, dentry->d_name.name);
	release_dentry_name_snapshot(&name);
	if (!err)
		err = host_hostfs_stat(places[1]->hfd, dentry->d_name.name, &attr);
	umhostfs_fd_put(places[0]);
	umhostfs_fd_put(places[1]);
	if (err)
		return err;
	dir_changed(dir);
	if (S_ISLNK(inode->i_mode) && attr.ino == umhostfs_i(inode)->ino)
		umhostfs_i(inode)->link_ctime = attr.ctime;
	if (!umhostfs_is_same(inode, &attr))
		return -ESTALE;
	inc_nlink(inode);
	umhostfs_attr_expire(inode);
	ihold(inode);
	d_instantiate(dentry, inode);
	dentry_confirm(dentry);
	return 0;
}

/* A name of the inode is gone from the host. */
static void name_gone(struct inode *inode)
{
	if (S_ISDIR(inode->i_mode))
		clear_nlink(inode);
	else if (inode->i_nlink)
		drop_nlink(inode);
	umhostfs_attr_expire(inode);
}

static int name_remove(struct inode *dir, struct dentry *dentry, int (*host_remove)(int place, const char *name))
{
	struct umhostfs_fd *place;
	int err;

	if (is_append_only(dir))
		return -EPERM;
	place = umhostfs_place_get(dentry->d_parent);
	if (IS_ERR(place))
		return PTR_ERR(place);
	err = host_remove(place->hfd, dentry->d_name.name);
	umhostfs_fd_put(place);
	dir_changed(dir);
	if (!err)
		name_gone(d_inode(dentry));
	return err;
}

static int umhostfs_unlink(struct inode *dir, struct dentry *dentry)
{
	return name_remove(dir, dentry, host_hostfs_unlink);
}

static int umhostfs_rmdir(struct inode *dir, struct dentry *dentry)
{
	return name_remove(dir, dentry, host_hostfs_rmdir);
}

static int umhostfs_rename(struct mnt_idmap *idmap, struct inode *old_dir, struct dentry *old, struct inode *new_dir,
			   struct dentry *new, unsigned int flags)
{
	struct inode *target = d_inode(new);
	struct umhostfs_fd *places[2];
	int err;

	if (flags & ~(RENAME_NOREPLACE | RENAME_EXCHANGE))
		return -EINVAL;
	if (is_append_only(old_dir) && (target || (flags & RENAME_EXCHANGE)))
		return -EPERM;
	if (is_append_only(old_dir))
		flags |= RENAME_NOREPLACE;
	err = places_get_two(old->d_parent, new->d_parent, places);
	if (err)
		return err;
	err = host_hostfs_rename(places[0]->hfd, old->d_name.name, places[1]->hfd, new->d_name.name, flags);
	umhostfs_fd_put(places[0]);
	umhostfs_fd_put(places[1]);
	if (err)
		return err;
	dir_changed(old_dir);
	dir_changed(new_dir);
	umhostfs_attr_expire(d_inode(old));
	if (target && (flags & RENAME_EXCHANGE))
		umhostfs_attr_expire(target);
	else if (target)
		name_gone(target);
	dentry_confirm(old);
	return 0;
}

static const char *umhostfs_get_link(struct dentry *dentry, struct inode *inode, struct delayed_call *done)
{
	struct umhostfs_fd *fd;
	char *buf, *text;
	int len;

	if (!dentry)
		return ERR_PTR(-ECHILD);
	fd = umhostfs_reach(dentry);
	if (IS_ERR(fd))
		return ERR_CAST(fd);
	buf = kmalloc(PATH_MAX, GFP_KERNEL);
	len = buf ? host_hostfs_readlink(fd->hfd, buf, PATH_MAX - 1) : -ENOMEM;
	umhostfs_fd_put(fd);
	text = len < 0 ? ERR_PTR(len) : kmemdup_nul(buf, len, GFP_KERNEL);
	kfree(buf);
	if (IS_ERR_OR_NULL(text))
		return text ? text : ERR_PTR(-ENOMEM);
	/* It lives as long as the inode; who comes second takes the first one's. */
	if (cmpxchg(&inode->i_link, NULL, text))
		kfree(text);
	return inode->i_link;
}

const struct inode_operations umhostfs_dir_iops = {
	.lookup = umhostfs_lookup,
	.create = umhostfs_create,
	.atomic_open = umhostfs_atomic_open,
	.mkdir = umhostfs_mkdir,
	.mknod = umhostfs_mknod,
	.symlink = umhostfs_symlink,
	.link = umhostfs_link,
	.unlink = umhostfs_unlink,
	.rmdir = umhostfs_rmdir,
	.rename = umhostfs_rename,
	.getattr = umhostfs_getattr,
	.setattr = umhostfs_setattr,
	.update_time = umhostfs_update_time,
	.listxattr = umhostfs_listxattr,
};

const struct inode_operations umhostfs_link_iops = {
	.get_link = umhostfs_get_link,
	.getattr = umhostfs_getattr,
	.setattr = umhostfs_setattr,
	.update_time = umhostfs_update_time,
};
