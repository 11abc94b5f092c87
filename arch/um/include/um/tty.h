/* SPDX-License-Identifier: GPL-2.0 */
/*
 * um/tty.h - the host's terminal is always given back as it was found
 *
 * Before host code changes the settings of a host terminal it calls host_tty_save(). All that was saved is put back
 * when the process ends in an orderly way (host_exit() calls host_tty_restore()) and, for the terminals on
 * descriptors 0, 1 and 2, also when it is killed: a tiny warden process made at start-up waits for the kernel's death
 * and restores what is still changed.
 */
#ifndef _UM_TTY_H
#define _UM_TTY_H

#include <um/types.h>

/**
 * host_tty_save() - remember the settings of a host terminal, to be called before they are changed
 * @hfd: descriptor of the terminal; a second call for the same one is harmless
 * Return: 0, -ENOTTY if it is no terminal, -ENOSPC if too many are remembered.
 */
int host_tty_save(int hfd);

/** host_tty_restore() - put every saved terminal back; any thread; idempotent. */
void host_tty_restore(void);

/** host_tty_forget() - restore and forget one terminal, before its descriptor is closed. */
void host_tty_forget(int hfd);

#endif /* _UM_TTY_H */
