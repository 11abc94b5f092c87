// SPDX-License-Identifier: GPL-2.0
/*
 * hostfs_super.c - mounting directories of the host
 *
 *   mount -t hostfs none /mnt                       what is granted: the host's root, or hostfs= on the command line
 *   mount -t hostfs none /mnt -o /sub/dir           a directory below it; the classic spelling, also in rootflags=
 *   mount -t hostfs none /mnt -o dir=/sub/dir,...   the same, for names with "="; names with a comma cannot be mounted
 *
 * Further options: append (add only, see hostfs.h), map=root (the user who runs the kernel appears as root),
 * uid=N, gid=N (all files belong to N), attr_timeout=MS (how long the host's word counts as true; 0: ask
 * always).
 */
#include <linux/backing-dev.h>
#include <linux/fs_context.h>
#include <linux/fs_parser.h>
#include <linux/magic.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/statfs.h>
#include <linux/xattr.h>

#include "hostfs_guest.h"

#define ATTR_TIMEOUT_MS		100
#define READAHEAD_BYTES		SZ_1M

struct umhostfs_grant umhostfs_grant;

enum {
	OPT_APPEND,
	OPT_ATTR_TIMEOUT,
	OPT_DIR,
	OPT_GID,
	OPT_MAP,
	OPT_UID,
};

static const struct constant_table map_names[] = {
	{ "identity", 0 },
	{ "root", 1 },
	{}
};

static const struct fs_parameter_spec option_specs[] = {
	fsparam_flag("append", OPT_APPEND),
	fsparam_u32("attr_timeout", OPT_ATTR_TIMEOUT),
	fsparam_string("dir", OPT_DIR),
	fsparam_gid("gid", OPT_GID),
	fsparam_enum("map", OPT_MAP, map_names),
	fsparam_uid("uid", OPT_UID),
	{}
};

static int set_dir(struct umhostfs_options *opt, char *dir)
{
	if (!dir)
		return -ENOMEM;
	kfree(opt->dir);
	opt->dir = dir;
	return 0;
}

static int umhostfs_parse_param(struct fs_context *fc, struct fs_parameter *param)
{
	struct umhostfs_options *opt = fc->fs_private;
	struct fs_parse_result result;
	int which;

	/* The option is a path. What looks like its value is the rest of it. */
	if (param->key[0] == '/' && param->type == fs_value_is_string)
		return set_dir(opt, kasprintf(GFP_KERNEL, "%s=%s", param->key, param->string));
	if (param->key[0] == '/')
		return set_dir(opt, kstrdup(param->key, GFP_KERNEL));

	which = fs_parse(fc, option_specs, param, &result);
	switch (which) {
	case OPT_APPEND:
		opt->append = true;
		return 0;
	case OPT_ATTR_TIMEOUT:
		opt->attr_timeout_ms = result.uint_32;
		return 0;
	case OPT_DIR:
		return set_dir(opt, kstrdup(param->string, GFP_KERNEL));
	case OPT_GID:
		opt->has_gid = true;
		opt->gid = result.gid;
		return 0;
	case OPT_MAP:
		opt->map_root = result.uint_32;
		return 0;
	case OPT_UID:
		opt->has_uid = true;
		opt->uid = result.uid;
		return 0;
	}
	return which;
}

static int umhostfs_statfs(struct dentry *dentry, struct kstatfs *buf)
{
	struct umhostfs_statfs st;
	int err = host_hostfs_statfs(umhostfs_s(dentry->d_sb)->hfd, &st);

	if (err)
		return err;
	buf->f_type = HOSTFS_SUPER_MAGIC;
	buf->f_bsize = st.bsize;
	buf->f_frsize = st.frsize;
	buf->f_blocks = st.blocks;
	buf->f_bfree = st.bfree;
	buf->f_bavail = st.bavail;
	buf->f_files = st.files;
	buf->f_ffree = st.ffree;
	buf->f_fsid = u64_to_fsid(st.fsid);
	buf->f_namelen = st.namelen;
	return 0;
}

/*
 * The VFS has flushed to the host; now the host to its disk, if there is anything of ours. At umount the root is
 * gone already.
 */
static int umhostfs_sync_fs(struct super_block *sb, int wait)
{
	struct umhostfs_sb *hs = umhostfs_s(sb);
	int hfd, err;

	if (!wait || !xchg(&hs->is_unsynced, false))
		return 0;
	do {
		hfd = host_hostfs_open(hs->hfd, NULL, UMHOSTFS_READ | UMHOSTFS_DIR, NULL);
	} while (umhostfs_places_retry(hfd));
	if (hfd < 0)
		return hfd;
	err = umhostfs_io_sync(hfd, UMHOSTFS_IO_SYNCFS);
	host_hostfs_close(hfd);
	return err;
}

static int umhostfs_show_options(struct seq_file *m, struct dentry *root)
{
	const struct umhostfs_options *opt = &umhostfs_s(root->d_sb)->opt;

	if (opt->dir)
		seq_show_option(m, "dir", opt->dir);
	if (opt->append)
		seq_puts(m, ",append");
	if (opt->map_root)
		seq_puts(m, ",map=root");
	if (opt->has_uid)
		seq_printf(m, ",uid=%u", from_kuid_munged(&init_user_ns, opt->uid));
	if (opt->has_gid)
		seq_printf(m, ",gid=%u", from_kgid_munged(&init_user_ns, opt->gid));
	if (opt->attr_timeout_ms != ATTR_TIMEOUT_MS)
		seq_printf(m, ",attr_timeout=%u", opt->attr_timeout_ms);
	return 0;
}

static const struct super_operations umhostfs_super_ops = {
	.alloc_inode = umhostfs_inode_alloc,
	.free_inode = umhostfs_inode_free,
	.evict_inode = umhostfs_inode_evict,
	.statfs = umhostfs_statfs,
	.sync_fs = umhostfs_sync_fs,
	.show_options = umhostfs_show_options,
};

/* The root's inode with its place, which stays open as long as the mount. Takes over @hfd. */
static struct inode *root_get(struct super_block *sb, int hfd)
{
	struct umhostfs_sb *hs = umhostfs_s(sb);
	struct umhostfs_attr attr;
	struct umhostfs_fd *place;
	struct inode *inode;
	int err = host_hostfs_stat(hfd, NULL, &attr);

	if (!err)
		hs->dev = attr.dev;
	inode = err ? ERR_PTR(err) : umhostfs_inode_get(sb, &attr);
	if (IS_ERR(inode)) {
		host_hostfs_close(hfd);
		return inode;
	}
	hs->root = inode;
	place = umhostfs_fd_add(inode, UMHOSTFS_FD_PLACE, hfd, UMHOSTFS_PATH);
	if (IS_ERR(place)) {
		iput(inode);
		return ERR_CAST(place);
	}
	umhostfs_fd_put(place);
	return inode;
}

static int umhostfs_fill_super(struct super_block *sb, struct fs_context *fc)
{
	const char *dir = umhostfs_s(sb)->opt.dir;
	struct inode *root;
	int hfd, err;

	sb->s_magic = HOSTFS_SUPER_MAGIC;
	sb->s_maxbytes = MAX_LFS_FILESIZE;
	sb->s_blocksize = PAGE_SIZE;
	sb->s_blocksize_bits = PAGE_SHIFT;
	sb->s_time_gran = 1;
	sb->s_time_min = S64_MIN;
	sb->s_time_max = S64_MAX;
	sb->s_op = &umhostfs_super_ops;
	sb->s_d_op = &umhostfs_dentry_ops;
	sb->s_xattr = umhostfs_xattr_handlers;
	/* Reading updates the host's access times. */
	sb->s_flags |= SB_NOATIME;

	err = super_setup_bdi(sb);
	if (err)
		return err;
	sb->s_bdi->ra_pages = READAHEAD_BYTES / PAGE_SIZE;
	sb->s_bdi->io_pages = READAHEAD_BYTES / PAGE_SIZE;

	err = umhostfs_io_start();
	if (err) {
		errorf(fc, "hostfs: the host gives no thread (error %d)", -err);
		return err;
	}
	hfd = host_hostfs_root(dir ? dir : "/");
	if (hfd < 0) {
		errorf(fc, "hostfs: directory %s of the host cannot be mounted (error %d)", dir ? dir : "/", -hfd);
		return hfd;
	}
	umhostfs_s(sb)->hfd = hfd;
	hfd = host_hostfs_open(hfd, NULL, UMHOSTFS_PATH | UMHOSTFS_DIR, NULL);
	if (hfd < 0)
		return hfd;
	root = root_get(sb, hfd);
	if (IS_ERR(root))
		return PTR_ERR(root);
	sb->s_root = d_make_root(root);
	return sb->s_root ? 0 : -ENOMEM;
}

static int umhostfs_get_tree(struct fs_context *fc)
{
	struct umhostfs_options *opt = fc->fs_private;
	struct umhostfs_sb *hs;

	if (umhostfs_grant.flags & UMHOSTFS_GRANT_NONE) {
		errorf(fc, "hostfs: refused by hostfs=none on the kernel's command line");
		return -EPERM;
	}
	hs = kzalloc(sizeof(*hs), GFP_KERNEL);
	if (!hs)
		return -ENOMEM;
	hs->hfd = -1;
	hs->opt = *opt;
	opt->dir = NULL;
	if (umhostfs_grant.flags & UMHOSTFS_GRANT_APPEND)
		hs->opt.append = true;
	hs->timeout = msecs_to_jiffies(hs->opt.attr_timeout_ms);
	/* Handed over to the super block; if none comes of it umhostfs_free_context() finds it again. */
	fc->s_fs_info = hs;
	return get_tree_nodev(fc, umhostfs_fill_super);
}

/* Only the timeout may change; the rest is said again by mount -o remount and must be the same. */
static int umhostfs_reconfigure(struct fs_context *fc)
{
	const struct umhostfs_options *new = fc->fs_private;
	struct umhostfs_sb *hs = umhostfs_s(fc->root->d_sb);

	if (new->dir && strcmp(new->dir, hs->opt.dir ? hs->opt.dir : "/"))
		return invalf(fc, "hostfs: a remount cannot change the directory");
	if (new->append && !hs->opt.append)
		return invalf(fc, "hostfs: a remount cannot add append");
	sync_filesystem(fc->root->d_sb);
	hs->opt.attr_timeout_ms = new->attr_timeout_ms;
	WRITE_ONCE(hs->timeout, msecs_to_jiffies(new->attr_timeout_ms));
	return 0;
}

static void sb_free(struct umhostfs_sb *hs)
{
	if (!hs)
		return;
	if (hs->hfd >= 0)
		host_hostfs_close(hs->hfd);
	kfree(hs->opt.dir);
	kfree(hs);
}

static void umhostfs_free_context(struct fs_context *fc)
{
	struct umhostfs_options *opt = fc->fs_private;

	if (opt)
		kfree(opt->dir);
	kfree(opt);
	sb_free(fc->s_fs_info);
}

static const struct fs_context_operations umhostfs_context_ops = {
	.parse_param = umhostfs_parse_param,
	.get_tree = umhostfs_get_tree,
	.reconfigure = umhostfs_reconfigure,
	.free = umhostfs_free_context,
};

static int umhostfs_init_context(struct fs_context *fc)
{
	struct umhostfs_options *opt = kzalloc(sizeof(*opt), GFP_KERNEL);

	if (!opt)
		return -ENOMEM;
	opt->attr_timeout_ms = ATTR_TIMEOUT_MS;
	if (fc->purpose == FS_CONTEXT_FOR_RECONFIGURE)
		opt->attr_timeout_ms = umhostfs_s(fc->root->d_sb)->opt.attr_timeout_ms;
	fc->fs_private = opt;
	fc->ops = &umhostfs_context_ops;
	return 0;
}

static void umhostfs_kill_sb(struct super_block *sb)
{
	struct umhostfs_sb *hs = umhostfs_s(sb);

	kill_anon_super(sb);
	sb_free(hs);
}

static struct file_system_type umhostfs_type = {
	.owner = THIS_MODULE,
	.name = "hostfs",
	.init_fs_context = umhostfs_init_context,
	.parameters = option_specs,
	.kill_sb = umhostfs_kill_sb,
};
MODULE_ALIAS_FS("hostfs");

static void inode_init_once_hostfs(void *p)
{
	struct umhostfs_inode *hi = p;

	inode_init_once(&hi->vfs);
}

static int __init umhostfs_init(void)
{
	int err = host_hostfs_grant(&umhostfs_grant);

	if (err) {
		pr_err("um-hostfs: the host's root directory cannot be opened (error %d)\n", -err);
		return err;
	}
	umhostfs_places_init();
	umhostfs_inode_cache = kmem_cache_create("hostfs_inode", sizeof(struct umhostfs_inode), 0,
						 SLAB_RECLAIM_ACCOUNT | SLAB_ACCOUNT, inode_init_once_hostfs);
	if (!umhostfs_inode_cache)
		return -ENOMEM;
	err = umhostfs_io_init();
	if (err)
		goto destroy_cache;
	err = register_filesystem(&umhostfs_type);
	if (err)
		goto exit_io;
	return 0;

exit_io:
	umhostfs_io_exit();
destroy_cache:
	kmem_cache_destroy(umhostfs_inode_cache);
	return err;
}

static void __exit umhostfs_exit(void)
{
	unregister_filesystem(&umhostfs_type);
	umhostfs_io_exit();
	/* Inodes are freed after a grace period. */
	rcu_barrier();
	kmem_cache_destroy(umhostfs_inode_cache);
}

module_init(umhostfs_init);
module_exit(umhostfs_exit);
MODULE_DESCRIPTION("File system whose files are the host's");
MODULE_LICENSE("GPL");
