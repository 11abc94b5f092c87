/* SPDX-License-Identifier: GPL-2.0 */
/*
 * check.h - what the small guest tests share
 *
 * A test is a main() that uses CHECK() and ends with return check_done("name"): one line of summary, exit status 0 when
 * nothing failed. Loads and stores that may fault go through probe_read() and probe_write(), which report the signal,
 * its code and its address instead of dying.
 */
#ifndef _CHECK_H
#define _CHECK_H

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PAGE	4096UL

static int check_failed;
static long check_passed;
static char check_note[200];

__attribute__((format(printf, 3, 4), unused))
static int check_fail(const char *file, int line, const char *fmt, ...)
{
	const char *base = strrchr(file, '/');
	va_list ap;

	if (++check_failed > 30)
		return 0;
	printf("  %s:%d: ", base ? base + 1 : file, line);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	fflush(stdout);
	return 0;
}

/* CHECK(condition, "format", ...): the text says what was seen. True when the condition holds. */
#define CHECK(cond, ...) ((cond) ? (++check_passed, 1) : check_fail(__FILE__, __LINE__, __VA_ARGS__))

/* A remark for the line of summary: what was skipped and why, or a measured value. */
__attribute__((format(printf, 1, 2), unused))
static void check_remark(const char *fmt, ...)
{
	size_t used = strlen(check_note);
	va_list ap;

	used += snprintf(check_note + used, sizeof(check_note) - used, "%s", used ? "; " : ", ");
	if (used >= sizeof(check_note))
		return;
	va_start(ap, fmt);
	vsnprintf(check_note + used, sizeof(check_note) - used, fmt, ap);
	va_end(ap);
}

__attribute__((unused))
static int check_done(const char *name)
{
	int bad = check_failed || !check_passed;

	printf("%s: %s, %ld checks, %d failed%s\n", name, bad ? "FAILED" : "ok", check_passed, check_failed, check_note);
	fflush(stdout);
	return bad;
}

__attribute__((unused))
static double check_seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec * 1e-9;
}

/* Waits for a child; its exit status, or 1000 + the signal that killed it, or -1. */
__attribute__((unused))
static int check_wait(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return -1;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

/* ---- accesses that may fault; one set a thread ---- */

static __thread sigjmp_buf probe_env;
static __thread volatile int probe_armed;
static __thread volatile int probe_sig, probe_code;
static __thread void *volatile probe_addr;

__attribute__((unused))
static void probe_handler(int sig, siginfo_t *info, void *context)
{
	(void)context;
	if (!probe_armed) {
		static const char text[] = "  a signal where none was expected\n";

		signal(sig, SIG_DFL);
		if (write(1, text, sizeof(text) - 1) < 0)
			_exit(1);
		return;
	}
	probe_armed = 0;
	probe_sig = sig;
	probe_code = info->si_code;
	probe_addr = info->si_addr;
	siglongjmp(probe_env, 1);
}

__attribute__((unused))
static void probe_init(void)
{
	struct sigaction sa = { .sa_sigaction = probe_handler, .sa_flags = SA_SIGINFO | SA_NODEFER };
	static const int sigs[] = { SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGFPE };

	for (size_t i = 0; i < sizeof(sigs) / sizeof(sigs[0]); i++)
		sigaction(sigs[i], &sa, NULL);
}

/* Runs a statement: 0 when it went through, else the signal; the mask is not saved since the handlers do not block. */
#define PROBE(statement) ({						\
	probe_sig = probe_code = 0;					\
	probe_addr = NULL;						\
	if (!sigsetjmp(probe_env, 0)) {					\
		probe_armed = 1;					\
		__atomic_signal_fence(__ATOMIC_SEQ_CST);		\
		statement;						\
		__atomic_signal_fence(__ATOMIC_SEQ_CST);		\
	}								\
	probe_armed = 0;						\
	probe_sig;							\
})

__attribute__((unused, noinline))
static int probe_read(const volatile void *at, uint8_t *out)
{
	uint8_t byte = 0;
	int sig = PROBE(byte = *(const volatile uint8_t *)at);

	if (!sig && out)
		*out = byte;
	return sig;
}

__attribute__((unused, noinline))
static int probe_write(volatile void *at, uint8_t value)
{
	return PROBE(*(volatile uint8_t *)at = value);
}

__attribute__((unused, noinline))
static int probe_call(const void *at)
{
	return PROBE(((void (*)(void))(uintptr_t)at)());
}

#endif /* _CHECK_H */
