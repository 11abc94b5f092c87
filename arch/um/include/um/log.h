/* SPDX-License-Identifier: GPL-2.0 */
/*
 * um/log.h - words to the person at the terminal, and the end of the process
 */
#ifndef _UM_LOG_H
#define _UM_LOG_H

#include <um/types.h>

/** host_error() - "linux: <message>\n" to standard error; formats %s %d %u %lu %x %lx %c only. For use before the guest runs. */
void host_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/** host_console_write() - raw bytes to the terminal (early console, panic); any context. */
void host_console_write(const char *buf, unsigned int len);

/** host_snprintf() - small formatter of the same conversions; returns the length that was wanted. */
int host_snprintf(char *buf, unsigned long size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/** host_exit_register() - @fn runs once when the process ends in any orderly way, last registered first; keep it idempotent. */
void host_exit_register(void (*fn)(void));

/** host_exit() - run the exit functions, end every space and helper, end the process. Never returns; any vCPU. */
void host_exit(int status) __attribute__((noreturn));

/** host_abort() - the end after a panic: as host_exit(1), but leave a core if the user's RLIMIT_CORE asks for one. */
void host_abort(void) __attribute__((noreturn));

/**
 * host_shutdown_accept() - the guest handles UM_LINE_SIGNAL from now on
 *
 * SIGTERM, SIGINT or SIGHUP to the process raises that line; before this call it ends the process at once, in the orderly way.
 */
void host_shutdown_accept(void);

/** host_restart() - as host_exit(), but execute the same program with the same arguments again (reboot). */
void host_restart(void) __attribute__((noreturn));

#endif /* _UM_LOG_H */
