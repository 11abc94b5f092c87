/* SPDX-License-Identifier: GPL-2.0 */
/*
 * console.h - consoles: the contract between the guest's ttys and the host's channels
 *
 * What:    console n is the guest's /dev/tty<n>. Its channel says where the characters come from and go to on the host:
 *          con<n>=fd:0,fd:1, tty:/dev/ttyUSB0, pts, null, none. An input end and an output end work independently.
 * States:  of a channel: ABSENT (none) | READY -> OPEN; of an end: working -> ended. Nothing leads back. An end
 *          that has ended takes all output and throws it away, and has no input: nothing that goes on in the
 *          guest can spin on it.
 * Buffers: bytes belong to the caller during a call and are copied by the host's kernel; nothing is kept here. Input
 *          that the guest does not fetch stays with the host, which is how throttling reaches the person who types.
 * Locking: one caller at a time for each input end and one for each output end (the guest's rx_lock and
 *          tx_lock); the two ends, and different channels, in parallel. host_chan_print() may run beside all of
 *          them.
 * Sleeping: host_chan_setup() and host_chan_open() may sleep briefly (they open host files). host_chan_read() and
 *          host_chan_write() never wait. host_chan_print() waits for a slow reader, but not for ever.
 * Interrupts: UM_LINE_CONSOLE is raised after host_chan_read() said -EAGAIN and there is input, or after
 * host_chan_write()
 *          took less than all and there is room. It is raised once for each such answer, so an end cannot flood
 *          the guest. UM_LINE_WINCH is raised when window sizes may have changed.
 */
#ifndef _UM_DRIVERS_CONSOLE_H
#define _UM_DRIVERS_CONSOLE_H

#include <um/types.h>

#define UM_CHAN_NR	16u
#define UM_CHAN_WORDS	64u

/**
 * struct um_chan_info - what the guest tells the user of a channel
 * @words: "fd:0,fd:1", "pts: /dev/pts/5"
 */
struct um_chan_info {
	char words[UM_CHAN_WORDS];
};

/**
 * host_chan_setup() - attach the channel of console @index to its host descriptors; once, before any other call for it
 *
 * Terminal settings are not touched yet, so ^C still ends a machine that hangs in its boot.
 *
 * Return: 0, or -ENODEV if the console has none (or it cannot be had, which was reported).
 */
int host_chan_setup(unsigned int index, struct um_chan_info *info_out);

/** host_chan_open() - the guest uses the tty: terminals go into raw mode, as the guest does what they did. */
void host_chan_open(unsigned int index);

/**
 * host_chan_read() - fetch input
 *
 * Return: bytes, > 0; 0 if input has ended for good; -EAGAIN if there is none, and the line will be raised;
 *         -EBUSY if there is none now and nobody will tell: ask again in a second (the terminal belongs to
 *         another job); -EIO, once, if the terminal is gone: hang up.
 */
long host_chan_read(unsigned int index, void *buf, unsigned long len);

/**
 * host_chan_write() - give output
 *
 * Return: bytes taken, 0 .. @len; if fewer than @len, the line will be raised. -EIO, once, if the terminal is gone.
 */
long host_chan_write(unsigned int index, const void *buf, unsigned long len);

/** host_chan_print() - output of printk: any context; a line feed starts a new line on a raw terminal, too. */
void host_chan_print(unsigned int index, const char *buf, unsigned long len);

/** host_chan_size() - size of the window behind the channel; -ENOTTY if it has none. */
int host_chan_size(unsigned int index, __u16 *rows_out, __u16 *cols_out);

#endif /* _UM_DRIVERS_CONSOLE_H */
