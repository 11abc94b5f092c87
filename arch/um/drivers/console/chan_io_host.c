// SPDX-License-Identifier: GPL-2.0
/*
 * chan_io_host.c - move characters between the guest's consoles and host descriptors, without ever waiting
 *
 * Ends: an end that has nothing more to give or take becomes CHAN_NULL and stays so. The end of a pipe, socket
 * or file is silent: input is over, or output goes nowhere. A terminal that is gone is reported once, for the
 * guest to hang up.
 *
 * Job control: a machine may sit in the background of the shell that started it. Its vCPUs keep SIGTTIN and
 * SIGTTOU blocked, so the host would let it spoil the shell's terminal modes, and answer its reads with EIO as
 * if the terminal were gone. Therefore every read asks first whose turn it is; in the background there is no
 * input, and the modes are set anew when we are back in front.
 */
#include <linux/errno.h>
#include <linux/poll.h>
#include <linux/termios.h>
#include <um/event.h>
#include <um/lines.h>
#include <um/tty.h>

#include "chan.h"
#include "host/hostcall.h"
#include "host/hostlib.h"

#define CHAN_MSG_DONTWAIT	0x40
#define CHAN_MSG_NOSIGNAL	0x4000
#define PRINT_WAIT_MS		1000

static int is_foreground(const struct chan_end *end)
{
	int pgrp = 0;

	/* Not our controlling terminal: then there is no job control on it. */
	if (HOST_CALL(__NR_ioctl, end->hfd, TIOCGPGRP, &pgrp) < 0)
		return 1;
	return pgrp == HOST_CALL(__NR_getpgid, 0);
}

static void set_input_raw(struct termios *t)
{
	t->c_iflag &= ~(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON | IXOFF);
	t->c_lflag &= ~(ECHO | ECHONL | ICANON | ISIG | IEXTEN);
	t->c_cflag &= ~(CSIZE | PARENB);
	t->c_cflag |= CS8;
	t->c_cc[VMIN] = 1;
	t->c_cc[VTIME] = 0;
}

void chan_end_raw(struct chan_end *end)
{
	struct termios t;

	if (end->sort != CHAN_TTY || end->flags & (CHAN_RAW | CHAN_PTY) || !is_foreground(end))
		return;
	if (host_tty_save(end->modes_hfd) < 0 || HOST_CALL(__NR_ioctl, end->modes_hfd, TCGETS, &t) < 0)
		return;
	t.c_oflag &= ~OPOST;
	/* A terminal that is output only keeps its input modes: ^C there is still the host's. */
	if (!(end->flags & CHAN_OUTPUT))
		set_input_raw(&t);
	/* Without flushing: what was typed ahead is input. */
	if (HOST_CALL(__NR_ioctl, end->modes_hfd, TCSETS, &t) >= 0)
		end->flags |= CHAN_RAW;
}

static int wait_for(const struct chan_end *end, short events, int timeout_ms)
{
	struct pollfd p = { .fd = end->hfd, .events = events };

	if (HOST_CALL(__NR_poll, &p, 1, timeout_ms) < 0)
		return 0;
	return p.revents;
}

/* The end is over; -EIO for a terminal, otherwise @silent. */
static long end_over(struct chan_end *end, long silent)
{
	__u32 sort = end->sort;

	if (end->flags & CHAN_WATCHED)
		host_event_del(end->hfd);
	end->flags &= ~CHAN_WATCHED;
	end->sort = CHAN_NULL;
	return sort == CHAN_TTY ? -EIO : silent;
}

/* Nothing can be moved now: have the line raised when that changes. */
static long end_wait(struct chan_end *end)
{
	__u32 mask = end->flags & CHAN_OUTPUT ? UM_EVENT_OUT : UM_EVENT_IN;
	int ret;

	if (end->flags & CHAN_WATCHED)
		ret = host_event_arm(end->hfd, mask);
	else
		ret = host_event_add(end->hfd, mask, UM_LINE_CONSOLE);
	if (ret < 0)
		return -EBUSY;
	end->flags |= CHAN_WATCHED;
	return -EAGAIN;
}

static long read_some(const struct chan_end *end, void *buf, unsigned long len)
{
	long n;

	do {
		if (end->sort == CHAN_SOCKET)
			n = HOST_CALL(__NR_recvfrom, end->hfd, buf, len, CHAN_MSG_DONTWAIT, 0, 0);
		else
			n = HOST_CALL(__NR_read, end->hfd, buf, len);
	} while (n == -EINTR);
	return n;
}

static long write_some(const struct chan_end *end, const void *buf, unsigned long len)
{
	long n;

	do {
		if (end->sort == CHAN_SOCKET)
			n = HOST_CALL(__NR_sendto, end->hfd, buf, len, CHAN_MSG_DONTWAIT | CHAN_MSG_NOSIGNAL, 0, 0);
		else
			n = HOST_CALL(__NR_write, end->hfd, buf, len);
	} while (n == -EINTR);
	return n;
}

long chan_end_read(struct chan_end *end, void *buf, unsigned long len)
{
	long n;

	if (end->sort == CHAN_NULL)
		return 0;
	if (end->sort == CHAN_TTY && !(end->flags & CHAN_PTY)) {
		if (!is_foreground(end)) {
			end->flags &= ~CHAN_RAW;
			return -EBUSY;
		}
		chan_end_raw(end);
	}
	n = read_some(end, buf, len);
	if (n > 0)
		return n;
	if (n == -EAGAIN)
		return end_wait(end);
	/* A terminal that is there can have an empty line for us, or may have been taken away from us just now. */
	if (end->sort == CHAN_TTY && !(wait_for(end, POLLIN, 0) & POLLHUP))
		return n ? -EBUSY : end_wait(end);
	return end_over(end, 0);
}

/* Errors that end output; any other one (a full disk) costs just the bytes that it hit. */
static int is_gone(long err)
{
	return err == -EPIPE || err == -EIO || err == -ECONNRESET || err == -ENXIO || err == -ENOTCONN || err == -EBADF;
}

long chan_end_write(struct chan_end *end, const void *buf, unsigned long len)
{
	unsigned long done = 0;

	while (done < len && end->sort != CHAN_NULL) {
		long n = write_some(end, (const char *)buf + done, len - done);

		if (n > 0) {
			done += n;
			end->flags &= ~CHAN_STUCK;
		} else if (n == -EAGAIN && end_wait(end) == -EAGAIN) {
			return done;
		} else {
			return is_gone(n) ? end_over(end, len) : (long)len;
		}
	}
	return len;
}

static void print_all(struct chan_end *end, const char *buf, unsigned long len)
{
	while (len) {
		long n = write_some(end, buf, len);

		if (n > 0) {
			buf += n;
			len -= n;
			end->flags &= ~CHAN_STUCK;
		} else if (n != -EAGAIN || end->flags & CHAN_STUCK) {
			return;
		} else if (!wait_for(end, POLLOUT, PRINT_WAIT_MS)) {
			end->flags |= CHAN_STUCK;
			return;
		}
	}
}

/* Does a line feed not start a new line there? The modes may have been set by us or by anybody. */
static int wants_cr(const struct chan_end *end)
{
	struct termios t;

	return end->sort == CHAN_TTY && HOST_CALL(__NR_ioctl, end->hfd, TCGETS, &t) >= 0 && !(t.c_oflag & OPOST);
}

void chan_end_print(struct chan_end *end, const char *buf, unsigned long len)
{
	const char *limit = buf + len;

	if (end->sort == CHAN_NULL)
		return;
	if (!wants_cr(end)) {
		print_all(end, buf, len);
		return;
	}
	while (buf < limit) {
		const char *p = buf;

		while (p < limit && *p != '\n')
			p++;
		print_all(end, buf, p - buf);
		if (p < limit)
			print_all(end, "\r\n", 2);
		buf = p + 1;
	}
}

int chan_end_size(const struct chan_end *end, __u16 *rows_out, __u16 *cols_out)
{
	struct winsize ws;

	if (end->sort != CHAN_TTY || end->flags & CHAN_PTY)
		return -ENOTTY;
	if (HOST_CALL(__NR_ioctl, end->hfd, TIOCGWINSZ, &ws) < 0)
		return -ENOTTY;
	*rows_out = ws.ws_row;
	*cols_out = ws.ws_col;
	return 0;
}
