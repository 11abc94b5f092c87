// SPDX-License-Identifier: GPL-2.0
/*
 * hostfs_cache.c - the page cache of host files
 *
 * The host moves bytes directly between its file and the folios of the guest's page cache: folios lie in the
 * kernel's direct map, so a batch of them is an iovec. Readahead fills a window with one preadv; writeback
 * gathers neighbouring dirty folios into one pwritev. Who waits for that is the calling task (hostfs_io.c).
 *
 * A write that covers a folio only in part reads the rest first, unless it lies behind the end of the file.
 */
#include <linux/dcache.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/writeback.h>

#include "hostfs_guest.h"

#define BATCH_FOLIOS	32

/**
 * struct batch - folios with consecutive file positions, on their way from or to the host
 * @inode:  the file
 * @fd:     what it is read or written with
 * @pos:    of the first folio
 * @len:    bytes in @vec
 * @nr:     folios
 * @folios: locked (reading) or under writeback
 * @vec:    their memory
 */
struct batch {
	struct inode *inode;
	struct umhostfs_fd *fd;
	loff_t pos;
	u64 len;
	unsigned int nr;
	struct folio *folios[BATCH_FOLIOS];
	struct umhostfs_vec vec[BATCH_FOLIOS];
};

static void batch_add(struct batch *b, struct folio *folio, size_t len)
{
	if (!b->nr)
		b->pos = folio_pos(folio);
	b->folios[b->nr] = folio;
	b->vec[b->nr] = (struct umhostfs_vec){ .base = folio_address(folio), .len = len };
	b->len += len;
	b->nr++;
}

/* A descriptor to read the file with: the opener's, or any that is open. */
static struct umhostfs_fd *reader_get(struct inode *inode, struct file *file)
{
	struct umhostfs_fd *fd;

	if (file) {
		fd = file->private_data;
		if (fd->can_read) {
			refcount_inc(&fd->users);
			return fd;
		}
	}
	fd = umhostfs_fd_find(inode, UMHOSTFS_FD_READ);
	if (!fd)
		fd = umhostfs_fd_find(inode, UMHOSTFS_FD_WRITE);
	if (fd && !fd->can_read) {
		umhostfs_fd_put(fd);
		fd = NULL;
	}
	return fd;
}

/* Read the batch; what lies behind the end of the host file is zeroes. Unlocks the folios. */
static void batch_read(struct batch *b)
{
	u64 got = 0;
	int err = b->fd ? umhostfs_io_read(b->fd, b->vec, b->nr, b->pos, &got) : -EBADF;
	unsigned int i;

	for (i = 0; i < b->nr; i++) {
		struct folio *folio = b->folios[i];
		u64 start = folio_pos(folio) - b->pos, end = start + folio_size(folio);
		bool is_whole = !err || got >= end;

		if (is_whole && got < end)
			folio_zero_segment(folio, got > start ? got - start : 0, folio_size(folio));
		folio_end_read(folio, is_whole);
	}
	b->nr = 0;
	b->len = 0;
}

/* Read one whole folio; what lies behind the end of the host file is zeroes. */
static int folio_fill(struct umhostfs_fd *fd, struct folio *folio)
{
	struct umhostfs_vec vec = { .base = folio_address(folio), .len = folio_size(folio) };
	u64 got;
	int err = umhostfs_io_read(fd, &vec, 1, folio_pos(folio), &got);

	if (!err && got < folio_size(folio))
		folio_zero_segment(folio, got, folio_size(folio));
	return err;
}

static int umhostfs_read_folio(struct file *file, struct folio *folio)
{
	struct inode *inode = folio->mapping->host;
	struct umhostfs_fd *fd = reader_get(inode, file);
	int err = fd ? folio_fill(fd, folio) : -EBADF;

	if (fd)
		umhostfs_fd_put(fd);
	folio_end_read(folio, !err);
	return err;
}

static void umhostfs_readahead(struct readahead_control *rac)
{
	struct inode *inode = rac->mapping->host;
	struct batch b = { .inode = inode, .fd = reader_get(inode, rac->file) };
	struct folio *folio;

	while ((folio = readahead_folio(rac))) {
		batch_add(&b, folio, folio_size(folio));
		if (b.nr == BATCH_FOLIOS)
			batch_read(&b);
	}
	if (b.nr)
		batch_read(&b);
	if (b.fd)
		umhostfs_fd_put(b.fd);
}

/* Fill what a write of @len bytes at @pos will leave of a folio that is not up to date. */
static int fill_around(struct file *file, struct folio *folio, loff_t pos, size_t len)
{
	struct inode *inode = folio->mapping->host;
	loff_t size = i_size_read(inode);
	loff_t start = folio_pos(folio), end = start + folio_size(folio);
	int err;

	if (pos <= start && (pos + len >= end || pos + len >= size)) {
		if (pos + len < end)
			folio_zero_segment(folio, pos + len - start, end - start);
		return 0;
	}
	if (start >= size) {
		folio_zero_segments(folio, 0, pos - start, min_t(loff_t, pos + len, end) - start, end - start);
		return 0;
	}
	/*
	 * What the guest has beyond the host's end is dirty, and dirty folios are up to date; so this is what
	 * the file holds.
	 */
	err = folio_fill(file->private_data, folio);
	if (!err)
		folio_mark_uptodate(folio);
	return err;
}

static int umhostfs_write_begin(struct file *file, struct address_space *mapping, loff_t pos, unsigned int len,
				struct folio **foliop, void **fsdata)
{
	struct folio *folio;
	int err = 0;

	folio = __filemap_get_folio(mapping, pos >> PAGE_SHIFT, FGP_WRITEBEGIN | fgf_set_order(len),
				    mapping_gfp_mask(mapping));
	if (IS_ERR(folio))
		return PTR_ERR(folio);
	if (!folio_test_uptodate(folio))
		err = fill_around(file, folio, pos, len);
	if (err) {
		folio_unlock(folio);
		folio_put(folio);
		return err;
	}
	*foliop = folio;
	return 0;
}

static int umhostfs_write_end(struct file *file, struct address_space *mapping, loff_t pos, unsigned int len,
			      unsigned int copied, struct folio *folio, void *fsdata)
{
	struct inode *inode = mapping->host;

	/* A folio of which only the rest was filled is nothing until the write has filled it. */
	if (!folio_test_uptodate(folio)) {
		if (copied < len)
			copied = 0;
		else
			folio_mark_uptodate(folio);
	}
	if (copied) {
		if (pos + copied > i_size_read(inode))
			i_size_write(inode, pos + copied);
		folio_mark_dirty(folio);
	}
	folio_unlock(folio);
	folio_put(folio);
	return copied;
}

/* The shared descriptor for writing. It is gone only if pages became dirty after the last writer's release. */
static struct umhostfs_fd *writer_get(struct inode *inode)
{
	struct umhostfs_fd *fd = umhostfs_fd_find(inode, UMHOSTFS_FD_WRITE);
	struct dentry *alias;

	if (fd)
		return fd;
	alias = d_find_any_alias(inode);
	if (!alias)
		return ERR_PTR(-EIO);
	fd = umhostfs_open_shared(alias, UMHOSTFS_WRITE);
	dput(alias);
	return fd;
}

/* Write the batch and end its writeback; the host's new size and time become ours before the folios lose their mark. */
static int batch_write(struct batch *b)
{
	unsigned int i;
	u64 done;
	int err = 0;

	if (!b->fd) {
		b->fd = writer_get(b->inode);
		if (IS_ERR(b->fd)) {
			err = PTR_ERR(b->fd);
			b->fd = NULL;
		}
	}
	if (!err) {
		err = umhostfs_io_write(b->fd, b->vec, b->nr, b->pos, &done);
		umhostfs_contents_changed(b->inode, b->fd->hfd);
	}
	if (err)
		mapping_set_error(b->inode->i_mapping, err);
	for (i = 0; i < b->nr; i++)
		folio_end_writeback(b->folios[i]);
	b->nr = 0;
	b->len = 0;
	return err;
}

/* Take one locked folio, clean for the VFS already, into the batch. */
static int batch_add_dirty(struct batch *b, struct folio *folio)
{
	loff_t size = i_size_read(b->inode), start = folio_pos(folio);
	size_t len = folio_size(folio);
	int err = 0;

	if (b->nr && (b->nr == BATCH_FOLIOS || start != b->pos + (loff_t)b->len))
		err = batch_write(b);
	folio_start_writeback(folio);
	if (start >= size) {
		/* Cut off meanwhile. */
		folio_unlock(folio);
		folio_end_writeback(folio);
		return err;
	}
	if (start + (loff_t)len > size) {
		len = size - start;
		folio_zero_segment(folio, len, folio_size(folio));
	}
	batch_add(b, folio, len);
	folio_unlock(folio);
	return err;
}

static int umhostfs_writepages(struct address_space *mapping, struct writeback_control *wbc)
{
	struct batch b = { .inode = mapping->host };
	struct folio *folio = NULL;
	int err, last = 0;

	while ((folio = writeback_iter(mapping, wbc, folio, &err)))
		err = batch_add_dirty(&b, folio);
	if (b.nr)
		last = batch_write(&b);
	if (b.fd)
		umhostfs_fd_put(b.fd);
	return err ? err : last;
}

const struct address_space_operations umhostfs_aops = {
	.read_folio = umhostfs_read_folio,
	.readahead = umhostfs_readahead,
	.write_begin = umhostfs_write_begin,
	.write_end = umhostfs_write_end,
	.writepages = umhostfs_writepages,
	.dirty_folio = filemap_dirty_folio,
	.direct_IO = umhostfs_direct_io,
	.migrate_folio = filemap_migrate_folio,
	.error_remove_folio = generic_error_remove_folio,
};
