// SPDX-License-Identifier: GPL-2.0
/*
 * hostfs_export.c - the host half of hostfs, for the guest half built as a module
 *
 * World: guest; always in the kernel, because host code cannot speak of exports.
 */
#include <linux/export.h>

#include "hostfs.h"

EXPORT_SYMBOL_GPL(host_hostfs_change);
EXPORT_SYMBOL_GPL(host_hostfs_close);
EXPORT_SYMBOL_GPL(host_hostfs_create);
EXPORT_SYMBOL_GPL(host_hostfs_getdents);
EXPORT_SYMBOL_GPL(host_hostfs_grant);
EXPORT_SYMBOL_GPL(host_hostfs_io_push);
EXPORT_SYMBOL_GPL(host_hostfs_io_reap);
EXPORT_SYMBOL_GPL(host_hostfs_io_run);
EXPORT_SYMBOL_GPL(host_hostfs_io_start);
EXPORT_SYMBOL_GPL(host_hostfs_io_try);
EXPORT_SYMBOL_GPL(host_hostfs_is_synthetic);
EXPORT_SYMBOL_GPL(host_hostfs_link);
EXPORT_SYMBOL_GPL(host_hostfs_mkdir);
EXPORT_SYMBOL_GPL(host_hostfs_mknod);
EXPORT_SYMBOL_GPL(host_hostfs_open);
EXPORT_SYMBOL_GPL(host_hostfs_readlink);
EXPORT_SYMBOL_GPL(host_hostfs_rename);
EXPORT_SYMBOL_GPL(host_hostfs_reopen);
EXPORT_SYMBOL_GPL(host_hostfs_rmdir);
EXPORT_SYMBOL_GPL(host_hostfs_root);
EXPORT_SYMBOL_GPL(host_hostfs_seek);
EXPORT_SYMBOL_GPL(host_hostfs_stat);
EXPORT_SYMBOL_GPL(host_hostfs_statfs);
EXPORT_SYMBOL_GPL(host_hostfs_symlink);
EXPORT_SYMBOL_GPL(host_hostfs_truncate);
EXPORT_SYMBOL_GPL(host_hostfs_unlink);
EXPORT_SYMBOL_GPL(host_hostfs_xattr_get);
EXPORT_SYMBOL_GPL(host_hostfs_xattr_list);
EXPORT_SYMBOL_GPL(host_hostfs_xattr_remove);
EXPORT_SYMBOL_GPL(host_hostfs_xattr_set);
