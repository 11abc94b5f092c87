/* SPDX-License-Identifier: GPL-2.0 */
/*
 * fakes.h - the machine that the host halves of the drivers stand on, faked for tests, and a little TAP
 *
 * Threads are pthreads, words are real futexes, interrupt lines are counters; what host_error() said is kept
 * for a test to look at. The events of a channel are real epoll events, delivered when a test calls
 * fake_events().
 */
#ifndef FAKES_H
#define FAKES_H

#include <um/types.h>

extern char fake_error[1024];		/* last host_error() */
extern int fake_nr_errors;
extern unsigned int fake_raised[64];	/* host_irq_raise() for each line */

/** fake_option() - give "ubd0r=FILE" to the row it belongs to, as the parser does; its result */
int fake_option(const char *argument);

/** fake_wait_line() - wait until a line was raised since the last call, at most @ms; 1 if it was */
int fake_wait_line(unsigned int line, int ms);

/** fake_events() - deliver pending events of watched descriptors, waiting up to @ms for the first; how many */
int fake_events(int ms);

/** fake_exit() - run what host_exit_register() collected */
void fake_exit(void);

/** ok() - one TAP line; keeps count */
void ok(int good, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/** done_testing() - the plan; exit status for main() */
int done_testing(void);

#endif /* FAKES_H */
