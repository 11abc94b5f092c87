// SPDX-License-Identifier: GPL-2.0
/*
 * host/event.c - the event thread: host descriptors and host signals become interrupt lines
 *
 * World: host. One thread sleeps in epoll. Every descriptor is registered one-shot: it raises its line once and is
 * silent until the guest arms it again.
 *
 * The table, one 64-bit word for each descriptor, says which line a descriptor raises and in which generation of its
 * use, so that an event that epoll had already handed out when the descriptor was taken away, or was closed and its
 * number used anew, is dropped. It is read and written with atomic operations and no lock: a guest's interrupt
 * handler may call in here on top of the very function that it interrupted. host_event_del() is synchronous without a
 * lock: the event thread announces the descriptor in @raising before it looks at the table, and the deleter, having
 * emptied the table's word, waits until the announcement is another one.
 *
 * Signals for the whole process (a child has ended, somebody wants us to end, the terminal has a new size) are
 * blocked in all threads and come in through a signalfd. SIGHUP, SIGINT and SIGTERM ask the guest for an orderly
 * shutdown, SIGQUIT ends the process at once, SIGTSTP stops it.
 */
#include <linux/errno.h>
#include <linux/eventpoll.h>
#include <linux/mman.h>
#include <linux/resource.h>
#include <linux/signalfd.h>

#include <um/cpu.h>
#include <um/event.h>
#include <um/lines.h>
#include <um/log.h>
#include <um/space.h>

#include "boot.h"
#include "hostcall.h"
#include "hostlib.h"

#define EVENT_BATCH	32		/* events taken from epoll in one call */
#define EVENT_MAX_HFD	(1UL << 20)	/* descriptors above this number cannot be watched */
#define EVENT_SIGNALS	(~0ULL)		/* epoll cookie of the signalfd */
#define EVENT_SPINS	2000		/* of host_event_del() before it gives its CPU away */

#define SIGNAL_HUP	1
#define SIGNAL_INT	2
#define SIGNAL_QUIT	3
#define SIGNAL_TERM	15
#define SIGNAL_CHLD	17
#define SIGNAL_STOP	19
#define SIGNAL_TSTP	20
#define SIGNAL_WINCH	28

/* A word of the table: generation in the low half, line above it; line 0 is "not watched". */
#define WORD_GENERATION(w)	((__u32)(w))
#define WORD_LINE(w)		((unsigned int)((w) >> 32))
#define WORD_MAKE(gen, line)	((__u64)(line) << 32 | (__u32)(gen))

static __u64 *table;
static unsigned long table_size;
static int epoll_fd = -1;
static int signal_fd = -1;
static int raising = -1;		/* the descriptor whose line the event thread is about to raise */
static int shutdown_accepted;
static struct epoll_event batch[EVENT_BATCH];

static int epoll_change(int op, int hfd, __u32 mask, __u64 cookie)
{
	struct epoll_event ev = { .events = mask, .data = cookie };

	return (int)HOST_CALL(__NR_epoll_ctl, epoll_fd, op, hfd, &ev);
}

static __u64 cookie_make(int hfd, __u64 word)
{
	return (__u64)WORD_GENERATION(word) << 32 | (__u32)hfd;
}

static void deliver(__u64 cookie)
{
	int hfd = (int)(__u32)cookie;
	__u64 word;

	__atomic_store_n(&raising, hfd, __ATOMIC_SEQ_CST);
	word = __atomic_load_n(&table[hfd], __ATOMIC_SEQ_CST);
	if (WORD_LINE(word) && WORD_GENERATION(word) == (__u32)(cookie >> 32))
		host_irq_raise(WORD_LINE(word));
	__atomic_store_n(&raising, -1, __ATOMIC_SEQ_CST);
}

/* Somebody wants us to end: the guest does it in its own order if it is up. */
static void want_shutdown(unsigned int signo)
{
	if (__atomic_load_n(&shutdown_accepted, __ATOMIC_SEQ_CST))
		host_irq_raise(UM_LINE_SIGNAL);
	else
		host_exit(128 + (int)signo);
}

static void take_signal(unsigned int signo)
{
	long self = HOST_CALL(__NR_getpid);

	switch (signo) {
	case SIGNAL_CHLD:
		host_space_reap();
		break;
	case SIGNAL_WINCH:
		host_irq_raise(UM_LINE_WINCH);
		break;
	case SIGNAL_TSTP:	/* blocked in the vCPUs like the others */
		HOST_CALL(__NR_kill, self, SIGNAL_STOP);
		break;
	case SIGNAL_QUIT:
		host_exit(128 + SIGNAL_QUIT);
	default:
		want_shutdown(signo);
	}
}

static void read_signals(void)
{
	struct signalfd_siginfo info;

	while (HOST_CALL(__NR_read, signal_fd, &info, sizeof(info)) == (long)sizeof(info))
		take_signal(info.ssi_signo);
}

static void event_thread(void *unused)
{
	long i, n;

	(void)unused;
	for (;;) {
		n = HOST_CALL(__NR_epoll_pwait, epoll_fd, batch, EVENT_BATCH, -1, NULL, 8);
		for (i = 0; i < n; i++) {
			if (batch[i].data == EVENT_SIGNALS)
				read_signals();
			else
				deliver(batch[i].data);
		}
	}
}

static int table_make(void)
{
	struct rlimit files = { 0, 0 };
	long ret;

	HOST_CALL(__NR_prlimit64, 0, RLIMIT_NOFILE, NULL, &files);
	table_size = files.rlim_cur < EVENT_MAX_HFD ? files.rlim_cur : EVENT_MAX_HFD;
	ret = HOST_CALL(__NR_mmap, 0, table_size * sizeof(*table), PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (host_is_error(ret))
		return (int)ret;
	table = (__u64 *)ret;
	return 0;
}

/**
 * host_event_init() - start the event thread
 *
 * Called on the main thread, before any other thread but after the zygote exists, so that all inherit the signal mask.
 *
 * Return: 0 or negative errno.
 */
int host_event_init(void)
{
	__u64 signals = HOST_SIGBIT(SIGNAL_HUP) | HOST_SIGBIT(SIGNAL_INT) | HOST_SIGBIT(SIGNAL_QUIT) |
			HOST_SIGBIT(SIGNAL_TERM) | HOST_SIGBIT(SIGNAL_CHLD) | HOST_SIGBIT(SIGNAL_TSTP) |
			HOST_SIGBIT(SIGNAL_WINCH);
	int ret;

	if (epoll_fd >= 0)
		return 0;
	ret = table_make();
	if (ret)
		return ret;
	epoll_fd = (int)HOST_CALL(__NR_epoll_create1, EPOLL_CLOEXEC);
	if (epoll_fd < 0)
		return epoll_fd;
	host_signals_add(signals);
	signal_fd = (int)HOST_CALL(__NR_signalfd4, -1, &signals, sizeof(signals), SFD_CLOEXEC | SFD_NONBLOCK);
	if (signal_fd < 0)
		return signal_fd;
	ret = epoll_change(EPOLL_CTL_ADD, signal_fd, EPOLLIN, EVENT_SIGNALS);
	if (ret)
		return ret;
	ret = host_thread_start(event_thread, NULL, "um-event");
	return ret < 0 ? ret : 0;
}

/** host_shutdown_accept() - the guest handles UM_LINE_SIGNAL from now on */
void host_shutdown_accept(void)
{
	__atomic_store_n(&shutdown_accepted, 1, __ATOMIC_SEQ_CST);
}

/**
 * host_event_add() - watch a descriptor, armed
 * @hfd:  the descriptor
 * @mask: UM_EVENT_*
 * @line: interrupt line it raises
 *
 * Return: 0 or negative errno, -EPERM for a regular file, -EEXIST if it is watched already.
 */
int host_event_add(int hfd, __u32 mask, unsigned int line)
{
	__u64 old, word;
	int ret;

	if (!line || line >= UM_LINE_LIMIT)
		return -EINVAL;
	if (hfd < 0 || (unsigned long)hfd >= table_size)
		return -EMFILE;
	old = __atomic_load_n(&table[hfd], __ATOMIC_SEQ_CST);
	word = WORD_MAKE(WORD_GENERATION(old) + 1, line);
	__atomic_store_n(&table[hfd], word, __ATOMIC_SEQ_CST);
	ret = epoll_change(EPOLL_CTL_ADD, hfd, mask | EPOLLONESHOT, cookie_make(hfd, word));
	if (ret)
		__atomic_store_n(&table[hfd], old, __ATOMIC_SEQ_CST);
	return ret;
}

/**
 * host_event_arm() - watch again after the line was raised
 * @hfd:  the descriptor
 * @mask: UM_EVENT_*
 *
 * Return: 0 or negative errno.
 */
int host_event_arm(int hfd, __u32 mask)
{
	__u64 word;

	if (hfd < 0 || (unsigned long)hfd >= table_size)
		return -EMFILE;
	word = __atomic_load_n(&table[hfd], __ATOMIC_SEQ_CST);
	if (!WORD_LINE(word))
		return -ENOENT;
	return epoll_change(EPOLL_CTL_MOD, hfd, mask | EPOLLONESHOT, cookie_make(hfd, word));
}

/**
 * host_event_del() - stop watching
 * @hfd: the descriptor, still open
 *
 * Return: 0 or negative errno; in either case its line is not raised for it any more.
 */
int host_event_del(int hfd)
{
	unsigned int spins;
	__u64 word;
	int ret;

	if (hfd < 0 || (unsigned long)hfd >= table_size)
		return -EMFILE;
	word = __atomic_load_n(&table[hfd], __ATOMIC_SEQ_CST);
	__atomic_store_n(&table[hfd], WORD_MAKE(WORD_GENERATION(word), 0), __ATOMIC_SEQ_CST);
	ret = epoll_change(EPOLL_CTL_DEL, hfd, 0, 0);
	for (spins = 0; __atomic_load_n(&raising, __ATOMIC_SEQ_CST) == hfd; spins++) {
		if (spins < EVENT_SPINS)
			__asm__ volatile("pause");
		else
			HOST_CALL(__NR_sched_yield);
	}
	return ret;
}
