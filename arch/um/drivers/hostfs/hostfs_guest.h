/* SPDX-License-Identifier: GPL-2.0 */
/*
 * hostfs_guest.h - what the files of hostfs' guest half share
 *
 * Inodes:      a guest inode is a host file, known by (device, inode number, time of birth, type). It holds no
 *              host descriptor of its own, except for directories.
 * Descriptors: struct umhostfs_fd counts the users of one. An inode points to at most three, without counting:
 *              its place (the O_PATH descriptor of a directory, kept in a cache of bounded size), one for
 *              reading, and one for writing which all open files share. So a file that is deleted or renamed
 *              while it is open stays what it is, and a thousand openers cost one descriptor.
 * Names:       files are reached as (place of the parent directory, name). A place survives every rename above
 *              it. Who reaches a file by name compares its identity and says -ESTALE if it is another; the VFS
 *              then looks again.
 * Freshness:   attributes and names count as true for attr_timeout milliseconds, then the host is asked. Every
 *              open() asks. Contents are dropped from the page cache if the host's size or mtime is not what we
 *              last saw or made it. What the guest has written and not yet flushed wins; it is flushed when a
 *              writer closes the file.
 * Locks:       inode->i_rwsem guards size and contents: who changes i_size holds it. umhostfs_inode.lock
 *              (innermost) guards the fields that are named with it.
 */
#ifndef _UM_HOSTFS_GUEST_H
#define _UM_HOSTFS_GUEST_H

#include <linux/fs.h>
#include <linux/jiffies.h>
#include <linux/pagemap.h>
#include <linux/refcount.h>
#include <linux/spinlock.h>

#include "hostfs.h"

enum umhostfs_kind {
	UMHOSTFS_FD_PLACE,
	UMHOSTFS_FD_READ,
	UMHOSTFS_FD_WRITE,
	UMHOSTFS_FD_NR,
	UMHOSTFS_FD_TEMP = UMHOSTFS_FD_NR,	/* in no slot of its inode */
};

#define UMHOSTFS_SYNTHETIC	0x100u	/* with UMHOSTFS_READ and so on, for umhostfs_fd_add() */

/**
 * struct umhostfs_fd - a host descriptor and its users
 * @owner:        inode whose file it is; every user holds this inode
 * @can_read:     opened for reading (also)
 * @is_synthetic: contents come into being by reading: no page cache
 * @is_untold:    the host does not tell for this file whether a read would wait
 * @is_recent:    place: used since the cache's hand last came by
 * @lru:          place: in the cache's list; empty for the root of a mount, which stays
 */
struct umhostfs_fd {
	refcount_t users;
	int hfd;
	enum umhostfs_kind kind;
	bool can_read;
	bool is_synthetic;
	bool is_untold;
	bool is_recent;
	struct umhostfs_inode *owner;
	struct list_head lru;
};

/**
 * struct umhostfs_inode - a host file
 * @dev, @ino, @btime: identity; constant
 * @link_ctime: symbolic link: when it was last changed; a link with another ctime is another link
 * @fds:        open descriptors by kind; under @lock
 * @changes:    how often the guest has changed the contents; under @lock
 * @host_mtime, @host_size: contents as last seen or made; under @lock
 * @expires:    jiffies until which attributes count as true; 0: ask
 */
struct umhostfs_inode {
	u64 dev;
	u64 ino;
	struct umhostfs_time btime;
	struct umhostfs_time link_ctime;
	u32 blksize;
	spinlock_t lock;
	struct umhostfs_fd *fds[UMHOSTFS_FD_NR];
	u64 changes;
	struct umhostfs_time host_mtime;
	u64 host_size;
	u64 expires;
	struct inode vfs;
};

/**
 * struct umhostfs_options - mount options
 * @dir:      directory below the grant, or NULL
 * @map_root: the invoking user and group are shown as root
 * @has_uid, @has_gid: all files belong to @uid, @gid
 */
struct umhostfs_options {
	char *dir;
	bool append;
	bool map_root;
	bool has_uid;
	bool has_gid;
	kuid_t uid;
	kgid_t gid;
	u32 attr_timeout_ms;
};

/**
 * struct umhostfs_sb - a mount
 * @root:      inode of the root directory, whose place is open as long as it lives
 * @hfd:       the root directory (O_PATH), for what concerns the whole mount; -1 before it is open
 * @dev:       host device of the root directory
 * @timeout:   attr_timeout in jiffies
 * @is_unsynced: something was changed since the host was last told to sync
 */
struct umhostfs_sb {
	struct umhostfs_options opt;
	struct inode *root;
	int hfd;
	u64 dev;
	u64 timeout;
	bool is_unsynced;
};

extern struct umhostfs_grant umhostfs_grant;	/* constant after module init */

static inline struct umhostfs_inode *umhostfs_i(const struct inode *inode)
{
	return container_of(inode, struct umhostfs_inode, vfs);
}

static inline struct umhostfs_sb *umhostfs_s(const struct super_block *sb)
{
	return sb->s_fs_info;
}

/* Until when what the host says now counts as true. */
static inline u64 umhostfs_deadline(const struct super_block *sb)
{
	return get_jiffies_64() + umhostfs_s(sb)->timeout;
}

static inline bool umhostfs_is_fresh(const struct inode *inode)
{
	return get_jiffies_64() < READ_ONCE(umhostfs_i(inode)->expires);
}

/* Attributes have changed by something the guest did: ask before they are next shown. */
static inline void umhostfs_attr_expire(struct inode *inode)
{
	WRITE_ONCE(umhostfs_i(inode)->expires, 0);
}

static inline void umhostfs_mark_unsynced(struct super_block *sb)
{
	WRITE_ONCE(umhostfs_s(sb)->is_unsynced, true);
}

static inline bool umhostfs_is_dirty(struct inode *inode)
{
	return mapping_tagged(inode->i_mapping, PAGECACHE_TAG_DIRTY) ||
	       mapping_tagged(inode->i_mapping, PAGECACHE_TAG_WRITEBACK);
}

/* hostfs_inode.c */
extern struct kmem_cache *umhostfs_inode_cache;
struct inode *umhostfs_inode_alloc(struct super_block *sb);
void umhostfs_inode_free(struct inode *inode);
void umhostfs_inode_evict(struct inode *inode);
struct inode *umhostfs_inode_get(struct super_block *sb, const struct umhostfs_attr *attr);
bool umhostfs_is_same(const struct inode *inode, const struct umhostfs_attr *attr);
unsigned long umhostfs_ino(const struct super_block *sb, u64 dev, u64 ino);
u64 umhostfs_changes(struct inode *inode);
void umhostfs_attr_take(struct inode *inode, const struct umhostfs_attr *attr, u64 changes, bool is_locked);
void umhostfs_contents_changed(struct inode *inode, int hfd);
u32 umhostfs_uid_to_host(const struct super_block *sb, kuid_t uid);
u32 umhostfs_gid_to_host(const struct super_block *sb, kgid_t gid);

/* hostfs_place.c */
struct umhostfs_fd *umhostfs_fd_find(struct inode *inode, enum umhostfs_kind kind);
struct umhostfs_fd *umhostfs_fd_add(struct inode *inode, enum umhostfs_kind kind, int hfd, u32 how);
void umhostfs_fd_put(struct umhostfs_fd *fd);
void umhostfs_place_forget(struct inode *inode);
void umhostfs_places_init(void);
bool umhostfs_places_retry(int err);
struct umhostfs_fd *umhostfs_place_get(struct dentry *dentry);
struct umhostfs_fd *umhostfs_reach(struct dentry *dentry);
struct umhostfs_fd *umhostfs_open_shared(struct dentry *dentry, u32 how);

/* hostfs_attr.c */
int umhostfs_attr_refresh(struct dentry *dentry);
void umhostfs_attr_refresh_fd(struct inode *inode, int hfd, bool is_locked);
int umhostfs_getattr(struct mnt_idmap *idmap, const struct path *path, struct kstat *stat, u32 mask,
		     unsigned int flags);
int umhostfs_setattr(struct mnt_idmap *idmap, struct dentry *dentry, struct iattr *attr);
int umhostfs_update_time(struct inode *inode, int flags);

/* hostfs_namei.c */
extern const struct inode_operations umhostfs_dir_iops;
extern const struct inode_operations umhostfs_link_iops;
extern const struct dentry_operations umhostfs_dentry_ops;

/* hostfs_readdir.c */
extern const struct file_operations umhostfs_dir_fops;

/* hostfs_file.c */
extern const struct inode_operations umhostfs_file_iops;
extern const struct inode_operations umhostfs_special_iops;
extern const struct file_operations umhostfs_file_fops;
int umhostfs_file_open(struct inode *inode, struct file *file);
ssize_t umhostfs_direct_io(struct kiocb *iocb, struct iov_iter *iter);

/* hostfs_cache.c */
extern const struct address_space_operations umhostfs_aops;

/* hostfs_io.c */
int umhostfs_io_read(struct umhostfs_fd *fd, struct umhostfs_vec *vec, unsigned int nr, u64 pos, u64 *done_out);
int umhostfs_io_write(struct umhostfs_fd *fd, struct umhostfs_vec *vec, unsigned int nr, u64 pos, u64 *done_out);
int umhostfs_io_sync(int hfd, enum umhostfs_io_op op);
int umhostfs_io_allocate(int hfd, u32 mode, u64 pos, u64 len);
int umhostfs_io_start(void);
int umhostfs_io_init(void);
void umhostfs_io_exit(void);

/* hostfs_xattr.c */
extern const struct xattr_handler * const umhostfs_xattr_handlers[];
ssize_t umhostfs_listxattr(struct dentry *dentry, char *list, size_t size);

#endif /* _UM_HOSTFS_GUEST_H */
