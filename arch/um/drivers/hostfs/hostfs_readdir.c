// SPDX-License-Identifier: GPL-2.0
/*
 * hostfs_readdir.c - reading directories
 *
 * An open directory has a host descriptor of its own, because the host keeps the reading position in it, and a
 * buffer of records. The position that the guest sees is the host's: each record says where the next one is, so
 * telldir() and seekdir() give what the host promises, and a directory that changes while it is read shows
 * every entry that stays exactly once.
 */
#include <linux/dcache.h>
#include <linux/mutex.h>
#include <linux/slab.h>

#include "hostfs_guest.h"

#define DIR_BUF_BYTES	16384u

/**
 * struct open_dir - an open directory
 * @hfd:  the host directory, opened for reading
 * @lock: the rest
 * @pos:  position of the record at @off, -1 after a seek
 * @off:  of the next record in @buf
 * @len:  of what @buf holds
 * @buf:  records as the host gave them
 */
struct open_dir {
	int hfd;
	struct mutex lock;
	loff_t pos;
	u32 off;
	u32 len;
	char buf[] __aligned(8);
};

static int umhostfs_dir_open(struct inode *inode, struct file *file)
{
	struct umhostfs_fd *place = umhostfs_place_get(file->f_path.dentry);
	struct open_dir *od;

	if (IS_ERR(place))
		return PTR_ERR(place);
	od = kmalloc(sizeof(*od) + DIR_BUF_BYTES, GFP_KERNEL);
	if (!od) {
		umhostfs_fd_put(place);
		return -ENOMEM;
	}
	do {
		od->hfd = host_hostfs_open(place->hfd, NULL, UMHOSTFS_READ | UMHOSTFS_DIR, NULL);
	} while (umhostfs_places_retry(od->hfd));
	umhostfs_fd_put(place);
	if (od->hfd < 0) {
		int err = od->hfd;

		kfree(od);
		return err;
	}
	mutex_init(&od->lock);
	od->pos = 0;
	od->off = 0;
	od->len = 0;
	file->private_data = od;
	return 0;
}

static int umhostfs_dir_release(struct inode *inode, struct file *file)
{
	struct open_dir *od = file->private_data;

	host_hostfs_close(od->hfd);
	kfree(od);
	return 0;
}

/* Have a record in the buffer: 1, 0 at the end, or a negative errno. */
static int dir_fill(struct open_dir *od, loff_t pos)
{
	bool is_elsewhere = od->pos != pos;
	long got;

	if (!is_elsewhere && od->off < od->len)
		return 1;
	od->off = 0;
	od->len = 0;
	od->pos = -1;
	got = host_hostfs_getdents(od->hfd, is_elsewhere ? pos : -1, od->buf, DIR_BUF_BYTES);
	if (got < 0)
		return got;
	od->pos = pos;
	od->len = got;
	return got > 0;
}

static bool dir_emit_record(struct file *file, struct dir_context *ctx, const struct umhostfs_dirent *rec)
{
	struct inode *inode = file_inode(file);
	unsigned int len = strnlen(rec->name, rec->reclen - offsetof(struct umhostfs_dirent, name));

	if (len == 1 && rec->name[0] == '.')
		return dir_emit_dot(file, ctx);
	if (len == 2 && rec->name[0] == '.' && rec->name[1] == '.')
		return dir_emit_dotdot(file, ctx);
	return dir_emit(ctx, rec->name, len, umhostfs_ino(inode->i_sb, umhostfs_i(inode)->dev, rec->ino), rec->type);
}

static int umhostfs_iterate(struct file *file, struct dir_context *ctx)
{
	struct open_dir *od = file->private_data;
	int ret;

	mutex_lock(&od->lock);
	while ((ret = dir_fill(od, ctx->pos)) > 0) {
		const struct umhostfs_dirent *rec = (void *)(od->buf + od->off);

		if (rec->reclen <= offsetof(struct umhostfs_dirent, name) || rec->reclen > od->len - od->off) {
			ret = -EIO;
			break;
		}
		if (!dir_emit_record(file, ctx, rec))
			break;
		ctx->pos = rec->next;
		od->pos = rec->next;
		od->off += rec->reclen;
	}
	mutex_unlock(&od->lock);
	return ret < 0 ? ret : 0;
}

static loff_t umhostfs_dir_llseek(struct file *file, loff_t offset, int whence)
{
	struct open_dir *od = file->private_data;

	if (whence == SEEK_CUR)
		offset += file->f_pos;
	else if (whence != SEEK_SET)
		return -EINVAL;
	if (offset < 0)
		return -EINVAL;
	if (whence == SEEK_CUR && offset == file->f_pos)
		return offset;
	/* Read anew even if it is where we are: rewinddir() wants to see what has come meanwhile. */
	mutex_lock(&od->lock);
	od->pos = -1;
	mutex_unlock(&od->lock);
	file->f_pos = offset;
	return offset;
}

static int umhostfs_dir_fsync(struct file *file, loff_t start, loff_t end, int datasync)
{
	struct open_dir *od = file->private_data;

	return umhostfs_io_sync(od->hfd, datasync ? UMHOSTFS_IO_DATASYNC : UMHOSTFS_IO_FSYNC);
}

const struct file_operations umhostfs_dir_fops = {
	.open = umhostfs_dir_open,
	.release = umhostfs_dir_release,
	.iterate_shared = umhostfs_iterate,
	.llseek = umhostfs_dir_llseek,
	.read = generic_read_dir,
	.fsync = umhostfs_dir_fsync,
};
