// SPDX-License-Identifier: GPL-2.0
/*
 * hostfs_file.c - open regular files: read, write, sync, map, space
 *
 * Reading and writing go through the page cache (hostfs_cache.c). What a writer has written is on the host when
 * its close() returns, with its errors, as on NFS; so nobody else needs a descriptor for writing, and a host
 * program sees the file whole.
 *
 * Past the page cache go: O_DIRECT; files of proc and its like, whose size is a fable; files that may be
 * written but not read; and mounts or grants with "append", where each write is one write() of the host with
 * O_APPEND. These share one path, umhostfs_direct_io(), which hands the pages of the caller's buffer to the
 * host.
 */
#include <linux/fs.h>
#include <linux/falloc.h>
#include <linux/mm.h>
#include <linux/splice.h>
#include <linux/uio.h>

#include "hostfs_guest.h"

#define DIRECT_PAGES	32

/**
 * umhostfs_file_open() - file_operations.open
 * @inode: regular
 * @file:  being opened
 */
int umhostfs_file_open(struct inode *inode, struct file *file)
{
	struct umhostfs_fd *fd;
	u32 how = 0;
	int err = generic_file_open(inode, file);

	if (err)
		return err;
	if (file->f_mode & FMODE_READ)
		how |= UMHOSTFS_READ;
	if (file->f_mode & FMODE_WRITE)
		how |= UMHOSTFS_WRITE;
	fd = umhostfs_open_shared(file->f_path.dentry, how);
	if (IS_ERR(fd))
		return PTR_ERR(fd);
	file->private_data = fd;
	return 0;
}

static int umhostfs_file_release(struct inode *inode, struct file *file)
{
	/* Pages may have become dirty after the last close() by a mapping that lived longer. */
	if (file->f_mode & FMODE_WRITE)
		filemap_write_and_wait(inode->i_mapping);
	umhostfs_fd_put(file->private_data);
	return 0;
}

static int umhostfs_file_flush(struct file *file, fl_owner_t id)
{
	if (!(file->f_mode & FMODE_WRITE))
		return 0;
	return file_write_and_wait_range(file, 0, LLONG_MAX);
}

static int umhostfs_file_fsync(struct file *file, loff_t start, loff_t end, int datasync)
{
	struct umhostfs_fd *fd = file->private_data;
	int err = file_write_and_wait_range(file, start, end);

	return err ? err : umhostfs_io_sync(fd->hfd, datasync ? UMHOSTFS_IO_DATASYNC : UMHOSTFS_IO_FSYNC);
}

static bool is_uncached(const struct file *file)
{
	const struct umhostfs_fd *fd = file->private_data;

	return fd->is_synthetic;
}

/* The size that a reader stops at is the host's, if it is not the guest who writes. */
static void refresh_before_read(struct file *file)
{
	struct umhostfs_fd *fd = file->private_data;

	if (!umhostfs_is_fresh(file_inode(file)))
		umhostfs_attr_refresh_fd(file_inode(file), fd->hfd, false);
}

static ssize_t umhostfs_file_read_iter(struct kiocb *iocb, struct iov_iter *to)
{
	ssize_t ret;

	if (is_uncached(iocb->ki_filp)) {
		ret = umhostfs_direct_io(iocb, to);
		if (ret > 0)
			iocb->ki_pos += ret;
		return ret;
	}
	refresh_before_read(iocb->ki_filp);
	return generic_file_read_iter(iocb, to);
}

static ssize_t umhostfs_file_splice_read(struct file *in, loff_t *pos, struct pipe_inode_info *pipe, size_t len,
					 unsigned int flags)
{
	if (is_uncached(in))
		return copy_splice_read(in, pos, pipe, len, flags);
	refresh_before_read(in);
	return filemap_splice_read(in, pos, pipe, len, flags);
}

/* Straight to the host, with the inode locked. */
static ssize_t write_through(struct kiocb *iocb, struct iov_iter *from)
{
	struct file *file = iocb->ki_filp;
	struct umhostfs_fd *fd = file->private_data;
	ssize_t ret;

	iocb->ki_flags |= IOCB_DIRECT;
	ret = generic_write_checks(iocb, from);
	if (ret <= 0)
		return ret;
	ret = file_remove_privs(file);
	if (!ret)
		ret = file_update_time(file);
	if (ret)
		return ret;
	ret = generic_file_direct_write(iocb, from);
	umhostfs_attr_refresh_fd(file_inode(file), fd->hfd, true);
	return ret ? ret : -EBUSY;
}

static ssize_t write_cached(struct kiocb *iocb, struct iov_iter *from)
{
	ssize_t ret = generic_write_checks(iocb, from);

	return ret > 0 ? __generic_file_write_iter(iocb, from) : ret;
}

static ssize_t umhostfs_file_write_iter(struct kiocb *iocb, struct iov_iter *from)
{
	struct file *file = iocb->ki_filp;
	struct inode *inode = file_inode(file);
	struct umhostfs_fd *fd = file->private_data;
	bool is_append_only = umhostfs_s(inode->i_sb)->opt.append;
	ssize_t ret;

	if (is_append_only)
		iocb->ki_flags |= IOCB_APPEND;
	inode_lock(inode);
	/* The end may have moved on the host; unless we have moved it ourselves and not told the host yet. */
	if ((iocb->ki_flags & IOCB_APPEND) && !umhostfs_is_dirty(inode))
		umhostfs_attr_refresh_fd(inode, fd->hfd, true);
	if (is_append_only || !fd->can_read || fd->is_synthetic)
		ret = write_through(iocb, from);
	else
		ret = write_cached(iocb, from);
	inode_unlock(inode);
	return ret > 0 ? generic_write_sync(iocb, ret) : ret;
}

static unsigned int vec_from_pages(struct umhostfs_vec *vec, struct page **pages, unsigned int nr, size_t offset,
				   size_t len)
{
	unsigned int i, used = 0;

	for (i = 0; i < nr; i++) {
		size_t part = min(len, PAGE_SIZE - offset);
		char *base = (char *)page_address(pages[i]) + offset;

		if (used && (char *)vec[used - 1].base + vec[used - 1].len == base)
			vec[used - 1].len += part;
		else
			vec[used++] = (struct umhostfs_vec){ .base = base, .len = part };
		len -= part;
		offset = 0;
	}
	return used;
}

/*
 * One batch of pages: bytes moved, less than were there only at the end of the file or after an error; 0 or the
 * error in *@err.
 */
static size_t direct_batch(struct kiocb *iocb, struct iov_iter *iter, loff_t pos, int *err)
{
	struct page *array[DIRECT_PAGES], **pages = array;
	struct umhostfs_vec vec[DIRECT_PAGES];
	struct umhostfs_fd *fd = iocb->ki_filp->private_data;
	bool is_read = iov_iter_rw(iter) == READ;
	bool is_pinned = iov_iter_extract_will_pin(iter);
	unsigned int nr, nr_vec;
	size_t offset;
	u64 done = 0;
	ssize_t len;

	len = iov_iter_extract_pages(iter, &pages, DIRECT_PAGES * PAGE_SIZE, DIRECT_PAGES, 0, &offset);
	if (len <= 0) {
		*err = len ? len : -EFAULT;
		return 0;
	}
	nr = DIV_ROUND_UP(offset + len, PAGE_SIZE);
	nr_vec = vec_from_pages(vec, pages, nr, offset, len);
	if (is_read)
		*err = umhostfs_io_read(fd, vec, nr_vec, pos, &done);
	else
		*err = umhostfs_io_write(fd, vec, nr_vec, pos, &done);
	if (is_pinned && is_read)
		unpin_user_pages_dirty_lock(pages, nr, true);
	else if (is_pinned)
		unpin_user_pages(pages, nr);
	iov_iter_revert(iter, len - done);
	return done;
}

/**
 * umhostfs_direct_io() - address_space_operations.direct_IO: between the caller's pages and the host file
 * @iocb: position and file
 * @iter: the caller's memory, of any kind
 *
 * Return: bytes moved, or a negative errno if none were.
 */
ssize_t umhostfs_direct_io(struct kiocb *iocb, struct iov_iter *iter)
{
	struct umhostfs_fd *fd = iocb->ki_filp->private_data;
	ssize_t total = 0;
	int err = 0;

	while (iov_iter_count(iter)) {
		size_t want = iov_iter_count(iter);
		size_t done = direct_batch(iocb, iter, iocb->ki_pos + total, &err);

		total += done;
		if (err || !done || want - done != iov_iter_count(iter))
			break;
		if (fatal_signal_pending(current))
			break;
	}
	if (iov_iter_rw(iter) == WRITE)
		umhostfs_contents_changed(file_inode(iocb->ki_filp), fd->hfd);
	return total ? total : err;
}

static int umhostfs_file_mmap(struct file *file, struct vm_area_struct *vma)
{
	if (is_uncached(file))
		return -ENODEV;
	if (umhostfs_s(file_inode(file)->i_sb)->opt.append)
		return generic_file_readonly_mmap(file, vma);
	return generic_file_mmap(file, vma);
}

static loff_t umhostfs_file_llseek(struct file *file, loff_t offset, int whence)
{
	struct inode *inode = file_inode(file);
	struct umhostfs_fd *fd = file->private_data;
	s64 found;
	int err;

	if (whence != SEEK_DATA && whence != SEEK_HOLE) {
		if (whence == SEEK_END)
			refresh_before_read(file);
		return generic_file_llseek(file, offset, whence);
	}
	if (offset < 0)
		return -ENXIO;
	err = filemap_write_and_wait(inode->i_mapping);
	if (err)
		return err;
	found = host_hostfs_seek(fd->hfd, offset, whence == SEEK_HOLE);
	return found < 0 ? found : vfs_setpos(file, found, inode->i_sb->s_maxbytes);
}

/* The size after a successful fallocate(). */
static loff_t size_after(struct inode *inode, int mode, loff_t offset, loff_t len)
{
	loff_t size = i_size_read(inode);

	if (mode & FALLOC_FL_COLLAPSE_RANGE)
		return size - len;
	if (mode & FALLOC_FL_INSERT_RANGE)
		return size + len;
	return mode & FALLOC_FL_KEEP_SIZE ? size : max(size, offset + len);
}

static int fallocate_locked(struct inode *inode, struct umhostfs_fd *fd, int mode, loff_t offset, loff_t len)
{
	bool moves = mode & (FALLOC_FL_COLLAPSE_RANGE | FALLOC_FL_INSERT_RANGE);
	int err = filemap_write_and_wait_range(inode->i_mapping, offset, moves ? LLONG_MAX : offset + len - 1);

	if (err)
		return err;
	if (moves)
		truncate_pagecache(inode, offset);
	else if (mode & (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE))
		truncate_pagecache_range(inode, offset, offset + len - 1);
	err = umhostfs_io_allocate(fd->hfd, mode, offset, len);
	if (!err)
		i_size_write(inode, size_after(inode, mode, offset, len));
	umhostfs_contents_changed(inode, fd->hfd);
	return err;
}

static long umhostfs_file_fallocate(struct file *file, int mode, loff_t offset, loff_t len)
{
	struct inode *inode = file_inode(file);
	int err;

	if ((mode & ~FALLOC_FL_KEEP_SIZE) && umhostfs_s(inode->i_sb)->opt.append)
		return -EPERM;
	inode_lock(inode);
	err = inode_newsize_ok(inode, size_after(inode, mode, offset, len));
	if (!err)
		err = file_modified(file);
	if (!err) {
		filemap_invalidate_lock(inode->i_mapping);
		err = fallocate_locked(inode, file->private_data, mode, offset, len);
		filemap_invalidate_unlock(inode->i_mapping);
	}
	inode_unlock(inode);
	return err;
}

const struct file_operations umhostfs_file_fops = {
	.open = umhostfs_file_open,
	.release = umhostfs_file_release,
	.flush = umhostfs_file_flush,
	.fsync = umhostfs_file_fsync,
	.read_iter = umhostfs_file_read_iter,
	.write_iter = umhostfs_file_write_iter,
	.splice_read = umhostfs_file_splice_read,
	.splice_write = iter_file_splice_write,
	.mmap = umhostfs_file_mmap,
	.llseek = umhostfs_file_llseek,
	.fallocate = umhostfs_file_fallocate,
};

const struct inode_operations umhostfs_file_iops = {
	.getattr = umhostfs_getattr,
	.setattr = umhostfs_setattr,
	.update_time = umhostfs_update_time,
	.listxattr = umhostfs_listxattr,
};

const struct inode_operations umhostfs_special_iops = {
	.getattr = umhostfs_getattr,
	.setattr = umhostfs_setattr,
	.update_time = umhostfs_update_time,
};
