// SPDX-License-Identifier: GPL-2.0
/* fakes.c - see fakes.h */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include <um/cpu.h>
#include <um/event.h>
#include <um/log.h>
#include <um/option.h>
#include <um/tty.h>
#include "fakes.h"

char fake_error[1024];
int fake_nr_errors;
unsigned int fake_raised[64];

static pthread_mutex_t line_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t line_cond = PTHREAD_COND_INITIALIZER;
static void (*exits[8])(void);
static int nr_exits, epoll_fd = -1, count, bad;

/* The Makefile renames the rows' section to this C name, for which the linker defines its bounds. */
extern const struct um_option __start_um_options[], __stop_um_options[];

void host_error(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(fake_error, sizeof(fake_error), fmt, ap);
	va_end(ap);
	fake_nr_errors++;
}

int host_snprintf(char *buf, unsigned long size, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(buf, size, fmt, ap);
	va_end(ap);
	return n;
}

void host_exit_register(void (*fn)(void))
{
	exits[nr_exits++] = fn;
}

void fake_exit(void)
{
	while (nr_exits)
		exits[--nr_exits]();
}

void host_irq_raise(unsigned int line)
{
	pthread_mutex_lock(&line_lock);
	fake_raised[line]++;
	pthread_cond_broadcast(&line_cond);
	pthread_mutex_unlock(&line_lock);
}

int fake_wait_line(unsigned int line, int ms)
{
	struct timespec until;
	int raised;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += ms / 1000;
	until.tv_nsec += ms % 1000 * 1000000L;
	if (until.tv_nsec >= 1000000000L) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000L;
	}
	pthread_mutex_lock(&line_lock);
	while (!fake_raised[line] && !pthread_cond_timedwait(&line_cond, &line_lock, &until))
		;
	raised = fake_raised[line] != 0;
	fake_raised[line] = 0;
	pthread_mutex_unlock(&line_lock);
	return raised;
}

struct start {
	void (*fn)(void *arg);
	void *arg;
};

static void *thread(void *p)
{
	struct start s = *(struct start *)p;

	free(p);
	s.fn(s.arg);
	return NULL;
}

int host_thread_start(void (*fn)(void *arg), void *arg, const char *name)
{
	struct start *s = malloc(sizeof(*s));
	pthread_t t;

	(void)name;
	s->fn = fn;
	s->arg = arg;
	return pthread_create(&t, NULL, thread, s) ? -EAGAIN : 1;
}

void host_word_wait(__u32 *word, __u32 val)
{
	syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, val, NULL, NULL, 0);
}

void host_word_wake(__u32 *word, int nr)
{
	syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, nr, NULL, NULL, 0);
}

/* host/host.h */
void host_place_anywhere(void);
void host_place_anywhere(void)
{
}

static int epoll_change(int op, int hfd, __u32 mask, unsigned int line)
{
	struct epoll_event ev = { .events = mask | EPOLLONESHOT, .data.u32 = line };

	if (epoll_fd < 0)
		epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	return epoll_ctl(epoll_fd, op, hfd, &ev) ? -errno : 0;
}

int host_event_add(int hfd, __u32 mask, unsigned int line)
{
	return epoll_change(EPOLL_CTL_ADD, hfd, mask, line);
}

int host_event_arm(int hfd, __u32 mask)
{
	return epoll_change(EPOLL_CTL_MOD, hfd, mask, 1);
}

int host_event_del(int hfd)
{
	return epoll_change(EPOLL_CTL_DEL, hfd, 0, 0);
}

int fake_events(int ms)
{
	struct epoll_event ev[8];

	return epoll_fd < 0 ? 0 : epoll_wait(epoll_fd, ev, 8, ms);
}

int host_tty_save(int hfd)
{
	return isatty(hfd) ? 0 : -ENOTTY;
}

int fake_option(const char *argument)
{
	const struct um_option *row;
	const char *eq = strchr(argument, '=');
	char *copy;

	for (row = __start_um_options; row < __stop_um_options; row++) {
		size_t len = strlen(row->name);

		if (strncmp(argument, row->name, len))
			continue;
		copy = strdup(argument);
		copy[eq - argument] = '\0';
		fake_error[0] = '\0';
		fake_nr_errors = 0;
		return row->parse(row, copy + len, copy + (eq - argument) + 1);
	}
	abort();
}

void ok(int good, const char *fmt, ...)
{
	va_list ap;

	printf("%sok %d - ", good ? "" : "not ", ++count);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	if (!good)
		printf("# last message: %s\n", fake_error);
	bad += !good;
}

int done_testing(void)
{
	printf("1..%d\n", count);
	return bad != 0;
}
