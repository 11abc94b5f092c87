// SPDX-License-Identifier: GPL-2.0
/*
 * host/file.c - small files of the host, read whole
 *
 * World: host. For /proc and /sys files and the like: short, in one buffer of the caller's.
 */
#include <linux/errno.h>
#include <linux/fcntl.h>

#include "boot.h"
#include "hostcall.h"
#include "hostlib.h"

/**
 * host_file_read() - read the beginning of a file into a string
 * @path: the file
 * @buf:  receives the bytes and a terminating zero
 * @size: of @buf
 *
 * Return: number of bytes read, or a negative errno.
 */
long host_file_read(const char *path, char *buf, unsigned long size)
{
	unsigned long got = 0;
	long fd, n;

	fd = HOST_CALL(__NR_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
	if (host_is_error(fd))
		return fd;
	do {
		n = HOST_CALL(__NR_read, fd, buf + got, size - 1 - got);
		if (n > 0)
			got += n;
	} while ((n > 0 && got < size - 1) || n == -EINTR);
	HOST_CALL(__NR_close, fd);
	buf[got] = 0;
	return n < 0 ? n : (long)got;
}
