/* SPDX-License-Identifier: GPL-2.0 */
/*
 * chan.h - what the host's files of the consoles share
 *
 * chan_host.c has the options and the table of channels, chan_kind_host.c one row for each kind of channel,
 * chan_io_host.c moves bytes. What a kind attaches is one of a few sorts of host file, and only the sort
 * matters for moving bytes:
 *
 *   CHAN_NULL    nothing; also an end that has ended
 *   CHAN_FILE    regular file: never waits, epoll refuses it
 *   CHAN_STREAM  pipe, character device: non-blocking descriptor of our own
 *   CHAN_SOCKET  socket: the descriptor may be shared, so each call says MSG_DONTWAIT
 *   CHAN_TTY     terminal: as a stream, with modes, window size, foreground job and hang-up
 */
#ifndef _UM_DRIVERS_CHAN_H
#define _UM_DRIVERS_CHAN_H

#include "console.h"

enum chan_sort {
	CHAN_NULL,
	CHAN_FILE,
	CHAN_STREAM,
	CHAN_SOCKET,
	CHAN_TTY,
	CHAN_SORT_NR
};

/* Bits of chan_end.flags */
#define CHAN_WATCHED	0x1u	/* epoll knows @hfd */
#define CHAN_RAW	0x2u	/* the terminal is in raw mode because of us */
#define CHAN_STUCK	0x4u	/* host_chan_print() waited in vain: no more of it until something gets through */
#define CHAN_OUTPUT	0x8u	/* the output end */
#define CHAN_PTY	0x10u	/* a pty of our own: raw from the start, has no window */

/**
 * struct chan_end - one direction of a channel
 * @sort:      enum chan_sort; becomes CHAN_NULL when the end has ended
 * @flags:     CHAN_*
 * @hfd:       non-blocking descriptor, of this end only
 * @modes_hfd: descriptor by which a terminal's modes are saved and set; the user's own (0, 1, 2) where there is one
 */
struct chan_end {
	__u32 sort;
	__u32 flags;
	int hfd;
	int modes_hfd;
};

/**
 * struct chan_spec - one half of "con0=fd:0,fd:1"
 * @kind: row of the table, NULL if this half was not given
 * @arg:  behind the colon, points into @kind_arg
 */
struct chan_spec {
	const struct chan_kind *kind;
	char arg[UM_CHAN_WORDS];
};

struct chan {
	struct chan_end in, out;
	char note[UM_CHAN_WORDS];	/* what a kind wants the user to know: the name of the pty */
};

/**
 * struct chan_kind - a kind of channel
 * @name:    in front of the colon
 * @arg:     what must stand behind it, for messages; NULL if nothing may
 * @check:   is @arg good? 0, or a negative errno after host_error("<label>: ...")
 * @attach:  make one end, or both if @in and @out are given; 0 or a negative errno after host_error()
 *
 * @check is called while options are parsed, @attach once before the guest uses the console.
 */
struct chan_kind {
	const char *name;
	const char *arg;
	int (*check)(const char *label, const char *arg, int is_in, int is_out);
	int (*attach)(const char *label, const char *arg, struct chan *chan, struct chan_end *in, struct chan_end *out);
};

/** chan_kind_find() - the row whose name is the first @len bytes of @name, or NULL */
const struct chan_kind *chan_kind_find(const char *name, unsigned long len);

/** chan_kind_names() - for messages: "fd:..., tty:..., pts, pty, null, none" */
const char *chan_kind_names(void);

/** chan_end_raw() - put a terminal into raw mode, if it is one and ours to change */
void chan_end_raw(struct chan_end *end);

/** chan_end_read(), chan_end_write(), chan_end_print() - see the host_chan functions of console.h */
long chan_end_read(struct chan_end *end, void *buf, unsigned long len);
long chan_end_write(struct chan_end *end, const void *buf, unsigned long len);
void chan_end_print(struct chan_end *end, const char *buf, unsigned long len);

/** chan_end_size() - the size of a terminal's window */
int chan_end_size(const struct chan_end *end, __u16 *rows_out, __u16 *cols_out);

#endif /* _UM_DRIVERS_CHAN_H */
