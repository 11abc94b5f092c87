// SPDX-License-Identifier: GPL-2.0
/*
 * host/log.c - words to the person at the terminal, and the end of the process
 *
 * World: host. A small formatter (no locks, no state) serves messages before the guest has a console. Every orderly
 * end of the process goes through end_begin(): the first thread to come runs the exit functions, last registered
 * first, gives the terminal back and ends the spaces; a second one (another vCPU, the event thread) sleeps until the
 * process is gone.
 */
#include <stdarg.h>
#include <asm-generic/ioctls.h>
#include <asm-generic/termbits.h>
#include <linux/errno.h>
#include <linux/poll.h>
#include <linux/resource.h>
#include <asm-generic/signal-defs.h>

#include <um/log.h>
#include <um/space.h>
#include <um/tty.h>

#include "boot.h"
#include "host.h"
#include "hostcall.h"
#include "hostlib.h"

#define LOG_LINE	1024	/* longest message of host_error() */
#define LOG_EXITS	32	/* exit functions */
#define LOG_SIGABRT	6

/* Where a formatter writes; @len counts on behind the end of the buffer. */
struct out {
	char *buf;
	unsigned long size;
	unsigned long len;
};

static void (*exit_functions[LOG_EXITS])(void);
static unsigned int nr_exit_functions;
static unsigned int end_begun;

static void out_char(struct out *o, char c)
{
	if (o->len + 1 < o->size)
		o->buf[o->len] = c;
	o->len++;
}

static void out_string(struct out *o, const char *s)
{
	for (s = s ? s : "(null)"; *s; s++)
		out_char(o, *s);
}

static void out_number(struct out *o, unsigned long v, unsigned int base)
{
	char digits[24];
	int n = 0;

	do {
		digits[n++] = "0123456789abcdef"[v % base];
		v /= base;
	} while (v);
	while (n)
		out_char(o, digits[--n]);
}

static void out_signed(struct out *o, long v)
{
	if (v < 0)
		out_char(o, '-');
	out_number(o, v < 0 ? -(unsigned long)v : (unsigned long)v, 10);
}

/* One conversion, of which @p is the character behind '%'; returns its last character. */
static const char *out_conversion(struct out *o, const char *p, va_list *ap)
{
	int is_long = 0;

	while (*p == 'l') {
		is_long = 1;
		p++;
	}
	switch (*p) {
	case 's':
		out_string(o, va_arg(*ap, const char *));
		break;
	case 'c':
		out_char(o, (char)va_arg(*ap, int));
		break;
	case 'd':
		out_signed(o, is_long ? va_arg(*ap, long) : va_arg(*ap, int));
		break;
	case 'u':
		out_number(o, is_long ? va_arg(*ap, unsigned long) : va_arg(*ap, unsigned int), 10);
		break;
	case 'x':
		out_number(o, is_long ? va_arg(*ap, unsigned long) : va_arg(*ap, unsigned int), 16);
		break;
	case 0:
		return p - 1;
	default:
		out_char(o, *p);
	}
	return p;
}

static void out_format(struct out *o, const char *fmt, va_list *ap)
{
	const char *p;

	for (p = fmt; *p; p++) {
		if (*p == '%')
			p = out_conversion(o, p + 1, ap);
		else
			out_char(o, *p);
	}
	if (o->size)
		o->buf[o->len < o->size ? o->len : o->size - 1] = 0;
}

/**
 * host_snprintf() - format into a buffer
 * @buf:  receives the text and always a terminating zero, if @size is not 0
 * @size: of @buf
 * @fmt:  %s %c %d %u %x, with l for long
 *
 * Return: the length that was wanted.
 */
int host_snprintf(char *buf, unsigned long size, const char *fmt, ...)
{
	struct out o = { .buf = buf, .size = size };
	va_list ap;

	va_start(ap, fmt);
	out_format(&o, fmt, &ap);
	va_end(ap);
	return (int)o.len;
}

/* All of @buf, although the descriptor may be somebody else's and non-blocking. */
static void write_all(int hfd, const char *buf, unsigned long len)
{
	struct pollfd wait = { .fd = hfd, .events = POLLOUT };
	long n;

	while (len) {
		n = HOST_CALL(__NR_write, hfd, buf, len);
		if (n == -EAGAIN) {
			n = HOST_CALL(__NR_poll, &wait, 1, 1000);
			if (n == 0)
				return;
		} else if (n > 0) {
			buf += n;
			len -= n;
		} else if (n != -EINTR) {
			return;
		}
	}
}

/**
 * host_error() - one line to standard error
 * @fmt: as host_snprintf(); without "linux: " and the end of the line
 */
void host_error(const char *fmt, ...)
{
	char line[LOG_LINE];
	struct out o = { .buf = line, .size = sizeof(line) - 1 };
	va_list ap;

	out_string(&o, "linux: ");
	va_start(ap, fmt);
	out_format(&o, fmt, &ap);
	va_end(ap);
	if (o.len > sizeof(line) - 2)
		o.len = sizeof(line) - 2;
	line[o.len++] = '\n';
	write_all(2, line, o.len);
}

/* A terminal in raw mode does not turn a line feed into a new line. */
static int is_raw_terminal(int hfd)
{
	struct termios t;

	return HOST_CALL(__NR_ioctl, hfd, TCGETS, &t) == 0 && !(t.c_oflag & OPOST);
}

/**
 * host_console_write() - bytes to standard output, for a console before or without a driver
 * @buf: the bytes
 * @len: how many
 */
void host_console_write(const char *buf, unsigned int len)
{
	unsigned int done, n;

	if (!is_raw_terminal(1)) {
		write_all(1, buf, len);
		return;
	}
	for (done = 0; done < len; done += n) {
		for (n = 0; done + n < len && buf[done + n] != '\n'; n++)
			;
		write_all(1, buf + done, n);
		if (done + n < len) {
			write_all(1, "\r\n", 2);
			n++;
		}
	}
}

/**
 * host_exit_register() - have a function called at the end
 * @fn: called once; must be harmless when called early
 */
void host_exit_register(void (*fn)(void))
{
	unsigned int slot = __atomic_fetch_add(&nr_exit_functions, 1, __ATOMIC_SEQ_CST);

	if (slot < LOG_EXITS)
		__atomic_store_n(&exit_functions[slot], fn, __ATOMIC_SEQ_CST);
	else
		host_error("more than %d exit functions: one is left out", LOG_EXITS);
}

/* Everything but the end itself. Returns on one thread only. */
static void end_begin(void)
{
	unsigned int slot;
	void (*fn)(void);

	host_signals_block();
	if (__atomic_exchange_n(&end_begun, 1, __ATOMIC_SEQ_CST))
		for (;;)
			HOST_CALL(__NR_pause);

	slot = __atomic_load_n(&nr_exit_functions, __ATOMIC_SEQ_CST);
	if (slot > LOG_EXITS)
		slot = LOG_EXITS;
	while (slot--) {
		fn = __atomic_load_n(&exit_functions[slot], __ATOMIC_SEQ_CST);
		if (fn)
			fn();
	}
	host_tty_restore();
	host_space_exit();
	host_tty_warden_end();
}

static void __attribute__((noreturn)) end_process(int status)
{
	for (;;)
		HOST_CALL(__NR_exit_group, status);
}

/**
 * host_exit() - end the process in the orderly way
 * @status: for the shell
 */
void host_exit(int status)
{
	end_begin();
	end_process(status);
}

/** host_restart() - end as host_exit() does, and begin again with the same program, arguments and environment */
void host_restart(void)
{
	long err;

	end_begin();
	host_signals_restore(host_start.sigmask);
	host_place_anywhere();
	err = HOST_CALL(__NR_execve, "/proc/self/exe", host_start.argv, host_start.envp);
	host_error("cannot start again: execve of /proc/self/exe fails with error %ld; start it by hand", -err);
	end_process(1);
}

/** host_abort() - end after a panic; a core is left where the user's limit allows one */
void host_abort(void)
{
	struct rlimit core = { 0, 0 };
	__u64 unblock = HOST_SIGBIT(LOG_SIGABRT);
	long tgid = HOST_CALL(__NR_getpid);
	long tid = HOST_CALL(__NR_gettid);

	end_begin();
	HOST_CALL(__NR_prlimit64, 0, RLIMIT_CORE, NULL, &core);
	if (core.rlim_cur) {
		HOST_CALL(__NR_rt_sigprocmask, SIG_UNBLOCK, &unblock, NULL, sizeof(unblock));
		HOST_CALL(__NR_tgkill, tgid, tid, LOG_SIGABRT);
	}
	end_process(1);
}
