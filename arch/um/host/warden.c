// SPDX-License-Identifier: GPL-2.0
/*
 * host/warden.c - the host's terminal is always given back as it was found, even after SIGKILL
 *
 * World: host. What was saved lies in one page that the kernel process shares with the warden: a child made at
 * start-up, if 0, 1 or 2 is a terminal, before guest memory exists, so that it holds next to nothing. The warden
 * sleeps until the host tells it that its parent has died (PR_SET_PDEATHSIG, for the main thread, which lives as long
 * as the process), restores the terminals among 0, 1, 2 that are still marked as changed, and ends. In an orderly end
 * the kernel has restored them itself and takes the warden with it.
 *
 * The warden is a child without an exit signal: the reaping of spaces does not see it. It has a process group of its
 * own, so that what is typed at the terminal does not reach it, and every signal blocked, which also lets it set a
 * terminal from the background.
 */
#include <asm-generic/ioctls.h>
#include <asm-generic/termbits.h>
#include <linux/close_range.h>
#include <linux/errno.h>
#include <linux/mman.h>
#include <linux/prctl.h>
#include <linux/wait.h>

#include <um/layout.h>
#include <um/log.h>
#include <um/tty.h>

#include "boot.h"
#include "hostcall.h"
#include "hostlib.h"

#define TTY_SLOTS	16
#define TTY_STDIO	3		/* descriptors below this are the warden's too */
#define TTY_OLD_HFDS	1024		/* closed one by one on hosts without close_range() */
#define TTY_SIGKILL	9
#define TTY_SIGTERM	15

enum tty_state {
	TTY_FREE,
	TTY_BUSY,		/* being filled or emptied */
	TTY_SAVED,
};

struct tty_slot {
	__u32 state;
	int hfd;
	struct termios found;
};

static struct tty_slot early_slots[TTY_SLOTS];
static struct tty_slot *slots = early_slots;	/* shared with the warden, once there is one */
static int warden_pid;

static int tty_get(int hfd, struct termios *t)
{
	return (int)HOST_CALL(__NR_ioctl, hfd, TCGETS, t);
}

static void tty_put(int hfd, const struct termios *t)
{
	while (HOST_CALL(__NR_ioctl, hfd, TCSETS, t) == -EINTR)
		;
}

static struct tty_slot *slot_find(int hfd)
{
	int i;

	for (i = 0; i < TTY_SLOTS; i++)
		if (__atomic_load_n(&slots[i].state, __ATOMIC_SEQ_CST) == TTY_SAVED && slots[i].hfd == hfd)
			return &slots[i];
	return NULL;
}

static int slot_take(struct tty_slot *slot, __u32 from)
{
	return __atomic_compare_exchange_n(&slot->state, &from, TTY_BUSY, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

/* Last saved first: where two descriptors are one terminal, the first save saw it untouched. */
static void restore_below(int limit)
{
	int i;

	for (i = TTY_SLOTS - 1; i >= 0; i--) {
		if (slots[i].hfd >= limit || !slot_take(&slots[i], TTY_SAVED))
			continue;
		tty_put(slots[i].hfd, &slots[i].found);
		__atomic_store_n(&slots[i].state, TTY_FREE, __ATOMIC_SEQ_CST);
	}
}

/**
 * host_tty_save() - remember the settings of a host terminal
 * @hfd: its descriptor
 *
 * Return: 0, -ENOTTY, -ENOSPC.
 */
int host_tty_save(int hfd)
{
	struct termios t;
	int i, ret;

	if (slot_find(hfd))
		return 0;
	ret = tty_get(hfd, &t);
	if (ret)
		return ret;
	for (i = 0; i < TTY_SLOTS; i++) {
		if (!slot_take(&slots[i], TTY_FREE))
			continue;
		slots[i].hfd = hfd;
		slots[i].found = t;
		__atomic_store_n(&slots[i].state, TTY_SAVED, __ATOMIC_SEQ_CST);
		return 0;
	}
	return -ENOSPC;
}

/** host_tty_restore() - put every saved terminal back */
void host_tty_restore(void)
{
	restore_below(0x7fffffff);
}

/**
 * host_tty_forget() - restore and forget one terminal
 * @hfd: its descriptor, still open
 */
void host_tty_forget(int hfd)
{
	struct tty_slot *slot = slot_find(hfd);

	if (!slot || !slot_take(slot, TTY_SAVED))
		return;
	tty_put(hfd, &slot->found);
	__atomic_store_n(&slot->state, TTY_FREE, __ATOMIC_SEQ_CST);
}

static void warden_close_all(void)
{
	struct termios t;
	int hfd;

	if (HOST_CALL(__NR_close_range, TTY_STDIO, ~0U, 0) < 0)
		for (hfd = TTY_STDIO; hfd < TTY_OLD_HFDS; hfd++)
			HOST_CALL(__NR_close, hfd);
	for (hfd = 0; hfd < TTY_STDIO; hfd++)
		if (tty_get(hfd, &t) < 0)
			HOST_CALL(__NR_close, hfd);
}

/* The child's life. @parent is compared again after the request for the signal, as the parent may have died before it. */
static void __attribute__((noreturn)) warden_main(int parent)
{
	__u64 death = HOST_SIGBIT(TTY_SIGTERM);

	HOST_CALL(__NR_setpgid, 0, 0);
	HOST_CALL(__NR_prctl, PR_SET_PDEATHSIG, TTY_SIGTERM);
	HOST_CALL(__NR_prctl, PR_SET_NAME, "linux-warden");
	warden_close_all();
	while (HOST_CALL(__NR_getppid) == parent)
		HOST_CALL(__NR_rt_sigtimedwait, &death, NULL, NULL, sizeof(death));
	restore_below(TTY_STDIO);
	for (;;)
		HOST_CALL(__NR_exit_group, 0);
}

/**
 * host_tty_warden_start() - make the warden if 0, 1 or 2 is a terminal
 *
 * Return: 0, or a negative errno after the person was told that a killed kernel may leave the terminal changed.
 */
int host_tty_warden_start(void)
{
	int parent = (int)HOST_CALL(__NR_getpid);
	struct termios t;
	long page, pid;
	__u64 mask;

	if (tty_get(0, &t) && tty_get(1, &t) && tty_get(2, &t))
		return 0;
	page = HOST_CALL(__NR_mmap, 0, UM_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (host_is_error(page))
		return (int)page;
	slots = (struct tty_slot *)page;

	mask = host_signals_block();
	pid = HOST_CALL(__NR_clone, 0, 0, 0, 0, 0);
	if (!pid)
		warden_main(parent);
	host_signals_restore(mask);
	if (host_is_error(pid)) {
		host_error("no process can be made (error %ld): if the kernel is killed, `stty sane` restores the terminal", -pid);
		return (int)pid;
	}
	warden_pid = (int)pid;
	return 0;
}

/** host_tty_warden_end() - the terminals are restored, the warden is not needed any more */
void host_tty_warden_end(void)
{
	int pid = __atomic_exchange_n(&warden_pid, 0, __ATOMIC_SEQ_CST);

	if (pid <= 0)
		return;
	HOST_CALL(__NR_kill, pid, TTY_SIGKILL);
	while (HOST_CALL(__NR_wait4, pid, NULL, __WALL, NULL) == -EINTR)
		;
}

UM_STATIC_ASSERT(sizeof(struct tty_slot) * TTY_SLOTS <= UM_PAGE_SIZE, "saved terminals do not fit a page");
