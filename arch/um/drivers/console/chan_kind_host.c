// SPDX-License-Identifier: GPL-2.0
/*
 * chan_kind_host.c - the kinds of channel: fd, tty, pts, pty, null, none
 *
 * A descriptor that we did not open ourselves (fd:0) is shared with the shell and whoever else has it: making
 * it non-blocking would change it for all of them. So what it refers to is opened once more through
 * /proc/self/fd, and the new descriptor is non-blocking. Where the host does not permit that (a terminal of
 * another user, after su), the shared one has to serve; its flag is put back in the end. Regular files keep the
 * shared descriptor, as the position in the file belongs to it; so do sockets.
 */
#include <asm/stat.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/stat.h>
#include <linux/termios.h>
#include <um/log.h>

#include "chan.h"
#include "host/hostcall.h"
#include "host/hostlib.h"

#define PTMX_RDEV	0x0502ul	/* /dev/ptmx: opened again, it is another terminal */
#define FLAGS_KEPT	(2 * UM_CHAN_NR)
#define HFD_MAX		(1 << 20)

/* Descriptors whose O_NONBLOCK we had to set although they are not ours alone. */
static struct {
	int hfd;
	int flags;
} kept[FLAGS_KEPT];
static unsigned int nr_kept;

static void flags_put_back(void)
{
	while (nr_kept) {
		nr_kept--;
		HOST_CALL(__NR_fcntl, kept[nr_kept].hfd, F_SETFL, kept[nr_kept].flags);
	}
}

static int set_nonblocking(int hfd)
{
	long flags = HOST_CALL(__NR_fcntl, hfd, F_GETFL);

	if (flags < 0 || flags & O_NONBLOCK)
		return flags < 0 ? flags : 0;
	if (nr_kept == FLAGS_KEPT)
		return -ENOSPC;
	if (!nr_kept)
		host_exit_register(flags_put_back);
	kept[nr_kept].hfd = hfd;
	kept[nr_kept++].flags = flags;
	return HOST_CALL(__NR_fcntl, hfd, F_SETFL, flags | O_NONBLOCK);
}

static int is_terminal(int hfd)
{
	struct termios t;

	return HOST_CALL(__NR_ioctl, hfd, TCGETS, &t) >= 0;
}

static int parse_fd(const char *arg)
{
	unsigned int n = 0;

	if (!*arg)
		return -EINVAL;
	for (; *arg; arg++) {
		if (!host_is_digit(*arg))
			return -EINVAL;
		n = n * 10 + (*arg - '0');
		if (n >= HFD_MAX)
			return -EINVAL;
	}
	return n;
}

static int check_fd(const char *label, const char *arg, int is_in, int is_out)
{
	int hfd = parse_fd(arg);
	long flags;

	if (hfd < 0) {
		host_error("%s: \"%s\" is no descriptor; write its number, as in fd:0", label, arg);
		return -EINVAL;
	}
	flags = HOST_CALL(__NR_fcntl, hfd, F_GETFL);
	if (flags < 0) {
		host_error("%s: descriptor %d is not open; redirect it (%d<>FILE) or use another channel",
			   label, hfd, hfd);
		return -EBADF;
	}
	if ((is_in && (flags & O_ACCMODE) == O_WRONLY) || (is_out && (flags & O_ACCMODE) == O_RDONLY)) {
		host_error("%s: descriptor %d is open for %s only; give input and output, as in fd:0,fd:1", label, hfd,
			   (flags & O_ACCMODE) == O_WRONLY ? "writing" : "reading");
		return -EBADF;
	}
	return 0;
}

/* A non-blocking descriptor of our own for what @hfd refers to, or a negative errno. */
static long open_again(int hfd, int is_output)
{
	int flags = (is_output ? O_WRONLY : O_RDONLY) | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
	char path[40];

	host_snprintf(path, sizeof(path), "/proc/self/fd/%d", hfd);
	return HOST_CALL(__NR_open, path, flags, 0);
}

static int attach_fd_end(int hfd, struct chan_end *end)
{
	enum chan_sort sort = is_terminal(hfd) ? CHAN_TTY : CHAN_STREAM;
	long own = -EACCES;
	struct stat st;
	int ret;

	ret = HOST_CALL(__NR_fstat, hfd, &st);
	if (ret < 0)
		return ret;
	if (S_ISREG(st.st_mode))
		sort = CHAN_FILE;
	else if (S_ISSOCK(st.st_mode))
		sort = CHAN_SOCKET;
	else if (st.st_rdev != PTMX_RDEV)
		own = open_again(hfd, end->flags & CHAN_OUTPUT);
	if (own < 0) {
		own = HOST_CALL(__NR_fcntl, hfd, F_DUPFD_CLOEXEC, 3);
		if (own < 0)
			return own;
		if (sort == CHAN_STREAM || sort == CHAN_TTY)
			set_nonblocking(hfd);
	}
	end->hfd = own;
	end->modes_hfd = hfd;
	end->sort = sort;
	return 0;
}

static int attach_fd(const char *label, const char *arg, struct chan *chan, struct chan_end *in, struct chan_end *out)
{
	int hfd = parse_fd(arg), ret = 0;

	if (in)
		ret = attach_fd_end(hfd, in);
	if (!ret && out)
		ret = attach_fd_end(hfd, out);
	if (ret < 0)
		host_error("%s: descriptor %d cannot be used (errno %d); use another channel", label, hfd, -ret);
	return ret;
}

/* Both ends from one descriptor; each gets its own, as epoll watches them separately. */
static int share_between(int hfd, struct chan_end *in, struct chan_end *out, __u32 sort, __u32 flags)
{
	struct chan_end *ends[] = { in, out };
	unsigned int i;

	for (i = 0; i < HOST_ARRAY_SIZE(ends); i++) {
		long own;

		if (!ends[i])
			continue;
		own = HOST_CALL(__NR_fcntl, hfd, F_DUPFD_CLOEXEC, 3);
		if (own < 0)
			return own;
		ends[i]->hfd = own;
		ends[i]->modes_hfd = own;
		ends[i]->flags |= flags;
		ends[i]->sort = sort;
	}
	return 0;
}

static int open_tty(const char *label, const char *path)
{
	long hfd;

	do {
		hfd = HOST_CALL(__NR_open, path, O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0);
	} while (hfd == -EINTR);
	if (hfd == -ENOENT)
		host_error("%s: %s does not exist; ls /dev/tty* shows the host's terminals", label, path);
	else if (hfd == -EACCES || hfd == -EPERM)
		host_error("%s: %s: permission denied; be its owner or in its group (often \"dialout\" or \"tty\")",
			   label, path);
	else if (hfd < 0)
		host_error("%s: %s cannot be opened (errno %d); check the device on the host", label, path, (int)-hfd);
	if (hfd >= 0 && !is_terminal(hfd)) {
		host_error("%s: %s is no terminal; give files and pipes as descriptors, as in con1=fd:3 3<>FILE",
			   label, path);
		HOST_CALL(__NR_close, hfd);
		hfd = -ENOTTY;
	}
	return hfd;
}

static int check_tty(const char *label, const char *arg, int is_in, int is_out)
{
	int hfd = open_tty(label, arg);

	if (hfd < 0)
		return hfd;
	HOST_CALL(__NR_close, hfd);
	return 0;
}

static int attach_tty(const char *label, const char *arg, struct chan *chan, struct chan_end *in, struct chan_end *out)
{
	int hfd = open_tty(label, arg), ret;

	if (hfd < 0)
		return hfd;
	ret = share_between(hfd, in, out, CHAN_TTY, 0);
	HOST_CALL(__NR_close, hfd);
	return ret;
}

/* The other side, which @slave is, belongs to a terminal program later; until then nothing may be echoed back to us. */
static void make_transparent(int slave)
{
	struct termios t;

	if (HOST_CALL(__NR_ioctl, slave, TCGETS, &t) < 0)
		return;
	t.c_iflag = 0;
	t.c_oflag = 0;
	t.c_lflag = 0;
	t.c_cc[VMIN] = 1;
	t.c_cc[VTIME] = 0;
	HOST_CALL(__NR_ioctl, slave, TCSETS, &t);
}

/*
 * A new pseudo-terminal. We keep its other side open as well: then nobody's coming and going looks like a
 * hang-up, and output waits for the first one to come.
 */
static int attach_pty(const char *label, const char *arg, struct chan *chan, struct chan_end *in, struct chan_end *out)
{
	int unlock = 0, number = 0;
	long master, slave, ret;

	master = HOST_CALL(__NR_open, "/dev/ptmx", O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0);
	if (master < 0) {
		host_error("%s: no pseudo-terminal can be had from /dev/ptmx (errno %d); use another channel", label,
			   (int)-master);
		return master;
	}
	ret = HOST_CALL(__NR_ioctl, master, TIOCSPTLCK, &unlock);
	if (ret >= 0)
		ret = HOST_CALL(__NR_ioctl, master, TIOCGPTN, &number);
	slave = ret;
	if (ret >= 0)
		slave = HOST_CALL(__NR_ioctl, master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slave < 0) {
		host_error("%s: a pseudo-terminal cannot be set up (errno %d); use another channel", label, (int)-slave);
		HOST_CALL(__NR_close, master);
		return slave;
	}
	make_transparent(slave);
	host_snprintf(chan->note, sizeof(chan->note), "/dev/pts/%d", number);
	ret = share_between(master, in, out, CHAN_TTY, CHAN_PTY);
	HOST_CALL(__NR_close, master);
	return ret;
}

static int attach_null(const char *label, const char *arg, struct chan *chan, struct chan_end *in, struct chan_end *out)
{
	return 0;
}

static int attach_none(const char *label, const char *arg, struct chan *chan, struct chan_end *in, struct chan_end *out)
{
	return -ENODEV;
}

static int check_nothing(const char *label, const char *arg, int is_in, int is_out)
{
	return 0;
}

static const struct chan_kind kinds[] = {
	{ .name = "fd", .arg = "a descriptor's number, as in fd:0", .check = check_fd, .attach = attach_fd },
	{ .name = "tty", .arg = "a host terminal, as in tty:/dev/ttyUSB0", .check = check_tty, .attach = attach_tty },
	{ .name = "pts", .check = check_nothing, .attach = attach_pty },
	{ .name = "pty", .check = check_nothing, .attach = attach_pty },
	{ .name = "null", .check = check_nothing, .attach = attach_null },
	{ .name = "none", .check = check_nothing, .attach = attach_none },
};

const char *chan_kind_names(void)
{
	static char names[UM_CHAN_WORDS];
	unsigned int i, len = 0;

	for (i = 0; i < HOST_ARRAY_SIZE(kinds) && len < sizeof(names); i++)
		len += host_snprintf(names + len, sizeof(names) - len, "%s%s%s", i ? ", " : "", kinds[i].name,
				     kinds[i].arg ? ":..." : "");
	return names;
}

const struct chan_kind *chan_kind_find(const char *name, unsigned long len)
{
	unsigned int i;

	for (i = 0; i < HOST_ARRAY_SIZE(kinds); i++) {
		if (strlen(kinds[i].name) == len && !strncmp(kinds[i].name, name, len))
			return &kinds[i];
	}
	return NULL;
}
