/* SPDX-License-Identifier: GPL-2.0 */
/*
 * um/aio.h - a request that the host carries out while the guest goes on
 *
 * A disk's and hostfs' requests begin with a struct um_aio. It is the host's from the push until the request has ended;
 * the guest only gives it room and, in what comes back ended, follows @next. host/aio.h says how it is carried out.
 */
#ifndef _UM_AIO_H
#define _UM_AIO_H

#include <um/types.h>

enum um_aio_op {
	UM_AIO_READ,		/* preadv2 */
	UM_AIO_WRITE,		/* pwritev2 */
	UM_AIO_SYNC,		/* fsync */
	UM_AIO_DATASYNC,	/* fdatasync */
	UM_AIO_SYNCFS,		/* syncfs */
	UM_AIO_ALLOCATE,	/* fallocate */
	UM_AIO_OP_NR
};

/* Bits of um_aio.state */
#define UM_AIO_BEGUN	0x1u	/* the fields below @state hold the next host call */
#define UM_AIO_DIRECT	0x2u	/* @hfd goes past the host's page cache */

/**
 * struct um_aio - one request: a chain of host calls, of which the next one is described here
 * @next:   link of whatever list the request is in
 * @state:  UM_AIO_*
 * @op:     enum um_aio_op
 * @hfd:    host descriptor
 * @flags:  RWF_* of reads and writes, the mode of UM_AIO_ALLOCATE
 * @vec:    reads and writes: host iovecs
 * @nr:     how many
 * @offset: in the file
 * @len:    UM_AIO_ALLOCATE
 */
struct um_aio {
	struct um_aio *next;
	__u32 state;
	__u32 op;
	int hfd;
	__u32 flags;
	void *vec;
	__u64 nr;
	__u64 offset;
	__u64 len;
};

#endif /* _UM_AIO_H */
