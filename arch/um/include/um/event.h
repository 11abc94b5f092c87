/* SPDX-License-Identifier: GPL-2.0 */
/*
 * um/event.h - host descriptors and host threads as sources of interrupts
 *
 * One host thread (the event thread) sleeps in epoll for all descriptors. A descriptor that becomes ready raises its
 * interrupt line once and is then silent until it is armed again, so a handler is never entered for work it has not yet seen,
 * and a descriptor at EOF cannot flood the guest.
 */
#ifndef _UM_EVENT_H
#define _UM_EVENT_H

#include <um/types.h>

#define UM_EVENT_IN	0x1u
#define UM_EVENT_OUT	0x4u

/** host_event_init() - start the event thread; once, before the first guest interrupt can be wanted. */
int host_event_init(void);

/**
 * host_event_add() - watch a descriptor; it is armed
 * @hfd:  host descriptor that epoll accepts; -EPERM for regular files, which are always ready
 * @mask: UM_EVENT_*
 * @line: interrupt line to raise
 */
int host_event_add(int hfd, __u32 mask, unsigned int line);

/** host_event_arm() - watch again (with @mask) after the line was raised. */
int host_event_arm(int hfd, __u32 mask);

/** host_event_del() - stop watching; after it returns the line is not raised for @hfd any more. Call before closing @hfd. */
int host_event_del(int hfd);

/**
 * host_thread_start() - start a host thread that runs only host code
 * @fn:   body; all signals are blocked in it; must not touch per-CPU data (its %gs has no base)
 * @arg:  passed on
 * @name: shown by ps on the host, at most 15 bytes
 * Return: host thread id or negative errno. The thread lives as long as @fn.
 */
int host_thread_start(void (*fn)(void *arg), void *arg, const char *name);

/** host_word_wait() - sleep while *@word == @val (futex); may return spuriously. Host threads only, never a vCPU. */
void host_word_wait(__u32 *word, __u32 val);

/** host_word_wake() - wake up to @nr sleepers on @word; any context. */
void host_word_wake(__u32 *word, int nr);

#endif /* _UM_EVENT_H */
