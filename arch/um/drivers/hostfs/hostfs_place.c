// SPDX-License-Identifier: GPL-2.0
/*
 * hostfs_place.c - host descriptors of hostfs: sharing, the cache of places, and reaching a file by its name
 *
 * A place (O_PATH descriptor of a directory) is opened when something in the directory is first looked at,
 * relative to the place of the parent, and is then cached, because nearly every operation starts from one. The
 * cache holds at most half of the descriptors that the host allows; beyond that, and whenever the host says
 * EMFILE, a hand goes round the list and closes what was not used since it last came by. A place that was
 * closed is found again through the dentries above it, which always know the present names, so a rename in
 * between does not matter.
 */
#include <linux/dcache.h>
#include <linux/slab.h>

#include "hostfs_guest.h"

#define PLACES_MIN	16u
#define PLACES_MAX	65536u

static DEFINE_SPINLOCK(places_lock);
static LIST_HEAD(places);		/* under places_lock */
static unsigned int nr_places;		/* under places_lock */
static unsigned int max_places = PLACES_MIN;

/**
 * umhostfs_places_init() - fit the cache to the host's limit
 */
void umhostfs_places_init(void)
{
	max_places = clamp(umhostfs_grant.nr_hfds / 2, PLACES_MIN, PLACES_MAX);
}

/**
 * umhostfs_fd_find() - a descriptor that the inode has open
 * @inode: the caller holds it
 * @kind:  which
 *
 * Return: NULL if there is none; else to be given to umhostfs_fd_put().
 */
struct umhostfs_fd *umhostfs_fd_find(struct inode *inode, enum umhostfs_kind kind)
{
	struct umhostfs_inode *hi = umhostfs_i(inode);
	struct umhostfs_fd *fd;

	spin_lock(&hi->lock);
	fd = hi->fds[kind];
	if (fd) {
		refcount_inc(&fd->users);
		if (!fd->is_recent)
			fd->is_recent = true;
	}
	spin_unlock(&hi->lock);
	return fd;
}

/**
 * umhostfs_fd_put() - one user less; the last one closes
 * @fd: from any function that returns one
 */
void umhostfs_fd_put(struct umhostfs_fd *fd)
{
	struct umhostfs_inode *hi = fd->owner;

	if (!refcount_dec_and_lock(&fd->users, &hi->lock))
		return;
	if (fd->kind < UMHOSTFS_FD_NR && hi->fds[fd->kind] == fd)
		hi->fds[fd->kind] = NULL;
	spin_unlock(&hi->lock);
	host_hostfs_close(fd->hfd);
	kfree(fd);
}

/* Take the first place that was not used lately off the list; all of them were: the first. */
static struct umhostfs_fd *places_pick(void)
{
	unsigned int rounds = nr_places;
	struct umhostfs_fd *fd;

	while (!list_empty(&places)) {
		fd = list_first_entry(&places, struct umhostfs_fd, lru);
		if (!fd->is_recent || !rounds--) {
			list_del_init(&fd->lru);
			nr_places--;
			return fd;
		}
		fd->is_recent = false;
		list_move_tail(&fd->lru, &places);
	}
	return NULL;
}

/*
 * Close cached places until @keep are left. The owner's inode is alive: it takes its place off the list before
 * it goes.
 */
static bool places_shrink(unsigned int keep)
{
	struct umhostfs_fd *fd;
	struct inode *inode;
	bool any = false;

	for (;;) {
		inode = NULL;
		spin_lock(&places_lock);
		fd = nr_places > keep ? places_pick() : NULL;
		if (fd) {
			inode = igrab(&fd->owner->vfs);
			if (!inode) {
				/*
				 * Its inode is on its way out and waits for places_lock to take it off the list
				 * itself.
				 */
				list_add_tail(&fd->lru, &places);
				nr_places++;
			}
		}
		spin_unlock(&places_lock);
		if (!inode)
			return any;
		umhostfs_fd_put(fd);
		iput(inode);
		any = true;
	}
}

/**
 * umhostfs_places_retry() - is it worth trying again after this error?
 * @err: of a host call that wanted a descriptor
 *
 * Return: true if there were too few descriptors and some have now been closed.
 */
bool umhostfs_places_retry(int err)
{
	return (err == -EMFILE || err == -ENFILE) && places_shrink(0);
}

/**
 * umhostfs_place_forget() - the inode goes away: its place leaves the cache
 * @inode: being evicted, or the root of a mount that failed
 */
void umhostfs_place_forget(struct inode *inode)
{
	struct umhostfs_fd *fd = umhostfs_i(inode)->fds[UMHOSTFS_FD_PLACE];

	if (!fd)
		return;
	spin_lock(&places_lock);
	if (!list_empty(&fd->lru)) {
		list_del_init(&fd->lru);
		nr_places--;
	}
	spin_unlock(&places_lock);
	umhostfs_fd_put(fd);
}

/**
 * umhostfs_fd_add() - make a host descriptor one of the inode's
 * @inode: the caller holds it
 * @kind:  which slot
 * @hfd:   taken over, also in case of error
 * @how:   UMHOSTFS_* it was opened with
 *
 * If somebody else was faster and the slot has a descriptor that serves as well, that one is returned and @hfd
 * closed. A new place starts with two users: the caller and the cache; the root's stays out of the cache's
 * list.
 */
struct umhostfs_fd *umhostfs_fd_add(struct inode *inode, enum umhostfs_kind kind, int hfd, u32 how)
{
	struct umhostfs_inode *hi = umhostfs_i(inode);
	struct umhostfs_fd *fd = kzalloc(sizeof(*fd), GFP_KERNEL), *old = NULL;

	if (!fd) {
		host_hostfs_close(hfd);
		return ERR_PTR(-ENOMEM);
	}
	refcount_set(&fd->users, kind == UMHOSTFS_FD_PLACE ? 2 : 1);
	INIT_LIST_HEAD(&fd->lru);
	fd->hfd = hfd;
	fd->kind = kind;
	fd->owner = hi;
	fd->can_read = how & UMHOSTFS_READ;
	fd->is_synthetic = how & UMHOSTFS_SYNTHETIC;
	fd->is_recent = true;
	if (kind == UMHOSTFS_FD_TEMP)
		return fd;

	spin_lock(&places_lock);
	spin_lock(&hi->lock);
	if (hi->fds[kind] && hi->fds[kind]->can_read >= fd->can_read) {
		old = hi->fds[kind];
		refcount_inc(&old->users);
	} else {
		hi->fds[kind] = fd;
	}
	spin_unlock(&hi->lock);
	if (!old && kind == UMHOSTFS_FD_PLACE && inode != umhostfs_s(inode->i_sb)->root) {
		list_add_tail(&fd->lru, &places);
		nr_places++;
	}
	spin_unlock(&places_lock);
	if (old) {
		host_hostfs_close(hfd);
		kfree(fd);
		return old;
	}
	if (kind == UMHOSTFS_FD_PLACE && READ_ONCE(nr_places) > max_places)
		places_shrink(max_places - max_places / 8);
	return fd;
}

/* Open the file that @dentry names, below @place; -ESTALE if it is not @dentry's inode any more. Returns an hfd. */
static int open_checked(struct umhostfs_fd *place, struct dentry *dentry, u32 how)
{
	struct inode *inode = d_inode(dentry);
	struct umhostfs_attr attr;
	struct name_snapshot name;
	u64 changes = umhostfs_changes(inode);
	int hfd;

	take_dentry_name_snapshot(&name, dentry);
	do {
		hfd = host_hostfs_open(place->hfd, name.name.name, how, &attr);
	} while (umhostfs_places_retry(hfd));
	release_dentry_name_snapshot(&name);
	if (hfd == -ENOENT || hfd == -ELOOP || hfd == -ENXIO)
		return -ESTALE;
	if (hfd < 0)
		return hfd;
	if (!umhostfs_is_same(inode, &attr)) {
		host_hostfs_close(hfd);
		return -ESTALE;
	}
	umhostfs_attr_take(inode, &attr, changes, false);
	return hfd;
}

/* The place of the nearest directory above *@dentry that has one; *@dentry becomes the directory just below it. */
static struct umhostfs_fd *place_above(struct dentry **dentry)
{
	for (;;) {
		struct dentry *parent = dget_parent(*dentry);
		struct umhostfs_fd *above = umhostfs_fd_find(d_inode(parent), UMHOSTFS_FD_PLACE);

		if (above || parent == *dentry) {
			dput(parent);
			return above;
		}
		dput(*dentry);
		*dentry = parent;
	}
}

/* Open one place: @dentry's, or that of the topmost directory above it which has none. */
static struct umhostfs_fd *place_open_one(struct dentry *dentry, bool *is_other)
{
	struct dentry *below = dget(dentry);
	struct umhostfs_fd *above = place_above(&below);
	struct umhostfs_fd *fd;
	int hfd;

	if (!above) {
		fd = ERR_PTR(-ESTALE);
	} else if (d_unlinked(below)) {
		fd = ERR_PTR(-ENOENT);
		umhostfs_fd_put(above);
	} else {
		hfd = open_checked(above, below, UMHOSTFS_PATH | UMHOSTFS_DIR);
		fd = hfd < 0 ? ERR_PTR(hfd) : umhostfs_fd_add(d_inode(below), UMHOSTFS_FD_PLACE, hfd, UMHOSTFS_PATH);
		umhostfs_fd_put(above);
	}
	*is_other = below != dentry;
	if (!IS_ERR(fd) && *is_other)
		umhostfs_fd_put(fd);
	dput(below);
	return fd;
}

/**
 * umhostfs_place_get() - the place of a directory
 * @dentry: of the directory; the caller holds it
 *
 * Return: the place, for umhostfs_fd_put(), or an error pointer; -ESTALE if the directory is not where it was.
 */
struct umhostfs_fd *umhostfs_place_get(struct dentry *dentry)
{
	struct umhostfs_fd *fd = umhostfs_fd_find(d_inode(dentry), UMHOSTFS_FD_PLACE);
	bool is_other;

	while (!fd) {
		fd = place_open_one(dentry, &is_other);
		if (!IS_ERR(fd) && is_other)
			fd = umhostfs_fd_find(d_inode(dentry), UMHOSTFS_FD_PLACE);
	}
	return fd;
}

/*
 * proc and its like show any size for what comes into being by reading; only of a file without blocks need the
 * host be asked.
 */
static u32 how_to_read(struct inode *inode, enum umhostfs_kind kind, int hfd, u32 how)
{
	if (kind != UMHOSTFS_FD_TEMP && !inode->i_blocks && host_hostfs_is_synthetic(hfd))
		how |= UMHOSTFS_SYNTHETIC;
	return how;
}

static struct umhostfs_fd *reach_by_name(struct dentry *dentry, enum umhostfs_kind kind, u32 how)
{
	struct inode *inode = d_inode(dentry);
	struct umhostfs_fd *place;
	struct dentry *parent;
	int hfd;

	if (d_unlinked(dentry))
		return ERR_PTR(-ENOENT);
	parent = dget_parent(dentry);
	place = umhostfs_place_get(parent);
	dput(parent);
	if (IS_ERR(place))
		return place;
	hfd = open_checked(place, dentry, how);
	umhostfs_fd_put(place);
	if (hfd < 0)
		return ERR_PTR(hfd);
	return umhostfs_fd_add(inode, kind, hfd, how_to_read(inode, kind, hfd, how));
}

/**
 * umhostfs_reach() - some descriptor of the file, good for what works on any kind: attributes, owner, times, link text
 * @dentry: any kind of file
 *
 * Prefers what is open: that works also when the name is gone.
 */
struct umhostfs_fd *umhostfs_reach(struct dentry *dentry)
{
	struct inode *inode = d_inode(dentry);
	struct umhostfs_fd *fd;

	if (S_ISDIR(inode->i_mode))
		return umhostfs_place_get(dentry);
	fd = umhostfs_fd_find(inode, UMHOSTFS_FD_WRITE);
	if (!fd)
		fd = umhostfs_fd_find(inode, UMHOSTFS_FD_READ);
	return fd ? fd : reach_by_name(dentry, UMHOSTFS_FD_TEMP, UMHOSTFS_PATH);
}

/* Open a regular file anew: by its name, or, if that is gone, through a descriptor that is still open. */
static struct umhostfs_fd *open_new(struct dentry *dentry, enum umhostfs_kind kind, u32 how)
{
	struct inode *inode = d_inode(dentry);
	struct umhostfs_fd *fd = NULL;
	int hfd;

	if (d_unlinked(dentry))
		fd = umhostfs_fd_find(inode, kind == UMHOSTFS_FD_WRITE ? UMHOSTFS_FD_READ : UMHOSTFS_FD_WRITE);
	if (!fd)
		return reach_by_name(dentry, kind, how);
	do {
		hfd = host_hostfs_reopen(fd->hfd, how, NULL);
	} while (umhostfs_places_retry(hfd));
	umhostfs_fd_put(fd);
	return hfd < 0 ? ERR_PTR(hfd) : umhostfs_fd_add(inode, kind, hfd, how);
}

/**
 * umhostfs_open_shared() - the descriptor for reading or writing that all openers of a regular file share
 * @dentry: of the file
 * @how:    UMHOSTFS_READ, UMHOSTFS_WRITE or both
 *
 * For writing the host file is opened for reading too, because the page cache reads what it overwrites in part; a file
 * that may be written but not read is opened for writing only and written through.
 */
struct umhostfs_fd *umhostfs_open_shared(struct dentry *dentry, u32 how)
{
	struct inode *inode = d_inode(dentry);
	bool may_write_only = (how & (UMHOSTFS_READ | UMHOSTFS_WRITE)) == UMHOSTFS_WRITE;
	enum umhostfs_kind kind = how & UMHOSTFS_WRITE ? UMHOSTFS_FD_WRITE : UMHOSTFS_FD_READ;
	struct umhostfs_fd *fd = umhostfs_fd_find(inode, kind);

	if (fd && (fd->can_read || may_write_only)) {
		umhostfs_attr_refresh_fd(inode, fd->hfd, false);
		return fd;
	}
	if (fd)
		umhostfs_fd_put(fd);
	if ((how & UMHOSTFS_WRITE) && umhostfs_s(inode->i_sb)->opt.append)
		how |= UMHOSTFS_APPEND;
	fd = open_new(dentry, kind, how | UMHOSTFS_READ);
	if (may_write_only && IS_ERR(fd) && PTR_ERR(fd) == -EACCES)
		fd = open_new(dentry, kind, how);
	return fd;
}
