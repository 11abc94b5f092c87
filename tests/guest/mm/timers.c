// SPDX-License-Identifier: GPL-2.0
/*
 * timers.c - clocks agree and never run backwards, sleeps and timers are not early, not absurdly late, and none is lost
 *
 * usage: timers [SECONDS]. Lateness is bounded generously (other work may hold the CPU), earliness not at all. The time a
 * process used must agree with what passed while it was spinning alone.
 */
#define _GNU_SOURCE
#include "check.h"
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>

#define LATE_SECONDS	0.5

static double seconds = 4;

static double read_clock(clockid_t id)
{
	struct timespec ts;

	if (clock_gettime(id, &ts))
		return -1;
	return ts.tv_sec + ts.tv_nsec * 1e-9;
}

static double call_clock(clockid_t id)
{
	struct timespec ts;

	if (syscall(SYS_clock_gettime, id, &ts))
		return -1;
	return ts.tv_sec + ts.tv_nsec * 1e-9;
}

/* libc's way (vDSO) and the system call tell the same time, in turn. */
static void clocks_agree(void)
{
	static const clockid_t ids[] = { CLOCK_MONOTONIC, CLOCK_REALTIME, CLOCK_BOOTTIME, CLOCK_MONOTONIC_RAW };

	for (int c = 0; c < 4; c++) {
		double last = 0, worst = 0;

		for (int i = 0; i < 3000; i++) {
			double now = i & 1 ? read_clock(ids[c]) : call_clock(ids[c]);

			if (now < last && last - now > worst)
				worst = last - now;
			last = now;
		}
		CHECK(worst < 1e-6, "clock %d went back by %.9f s", ids[c], worst);
	}
	CHECK(read_clock(CLOCK_REALTIME) > 1.6e9, "the real time is not set");
}

static volatile int over;
static double shared_last;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static volatile long nr_back;

static void *clock_main(void *arg)
{
	(void)arg;
	while (!over) {
		double now;

		pthread_mutex_lock(&lock);
		now = read_clock(CLOCK_MONOTONIC);
		if (now < shared_last - 1e-6)
			nr_back++;
		shared_last = now;
		pthread_mutex_unlock(&lock);
	}
	return NULL;
}

/* Threads on different CPUs must see one time. */
static void clock_between_threads(void)
{
	pthread_t threads[4];

	for (int i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, clock_main, NULL);
	usleep(seconds * 1e5);
	over = 1;
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	CHECK(!nr_back, "%ld times another CPU's clock was behind", nr_back);
}

static void sleeps(void)
{
	static const double lengths[] = { 0.00005, 0.0005, 0.001, 0.003, 0.01, 0.05, 0.2 };
	double worst = 0;

	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		for (int n = 0; n < (lengths[i] < 0.01 ? 20 : 3); n++) {
			struct timespec ts = { 0, lengths[i] * 1e9 };
			double start = call_clock(CLOCK_MONOTONIC), took;

			CHECK(!nanosleep(&ts, NULL), "nanosleep: %s", strerror(errno));
			took = call_clock(CLOCK_MONOTONIC) - start;
			CHECK(took >= lengths[i] - 2e-6, "a sleep of %g s took only %.9f s", lengths[i], took);
			if (took - lengths[i] > worst)
				worst = took - lengths[i];
		}
	}
	CHECK(worst < LATE_SECONDS, "a sleep was %.3f s late", worst);
	check_remark("sleeps at most %.1f ms late", worst * 1000);
}

static void polls(void)
{
	double start = check_seconds(), took;
	int epoll = epoll_create1(0);
	struct epoll_event event;

	CHECK(poll(NULL, 0, 30) == 0, "poll");
	took = check_seconds() - start;
	CHECK(took >= 0.029999 && took < 0.03 + LATE_SECONDS, "poll of 30 ms took %.4f s", took);
	start = check_seconds();
	CHECK(epoll_wait(epoll, &event, 1, 20) == 0, "epoll_wait");
	took = check_seconds() - start;
	CHECK(took >= 0.019999 && took < 0.02 + LATE_SECONDS, "epoll_wait of 20 ms took %.4f s", took);
	close(epoll);
}

/* Every expiration is counted, delivered or overrun: none is lost. */
static void timer_counts(void)
{
	struct itimerspec every = { { 0, 2000000 }, { 0, 2000000 } };
	int fd = timerfd_create(CLOCK_MONOTONIC, 0);
	double start = call_clock(CLOCK_MONOTONIC), armed, before, after;
	uint64_t sum = 0, n;

	CHECK(fd >= 0 && !timerfd_settime(fd, 0, &every, NULL), "timerfd: %s", strerror(errno));
	armed = call_clock(CLOCK_MONOTONIC);
	while (call_clock(CLOCK_MONOTONIC) - start < seconds / 4) {
		CHECK(read(fd, &n, 8) == 8, "timerfd read");
		sum += n;
		if (sum % 50 < n)
			usleep(7000);
	}
	before = call_clock(CLOCK_MONOTONIC) - armed;
	CHECK(!fcntl(fd, F_SETFL, O_NONBLOCK), "fcntl");
	if (read(fd, &n, 8) == 8)
		sum += n;
	after = call_clock(CLOCK_MONOTONIC) - start;
	CHECK(sum + 2 >= before / 0.002 && sum <= after / 0.002 + 1, "timerfd: %lu expirations in %.4f to %.4f s",
	      (unsigned long)sum, before, after);
	close(fd);
}

static volatile long nr_alarms, nr_overruns;
static timer_t posix_timer;

static void on_alarm(int sig, siginfo_t *info, void *context)
{
	(void)sig;
	(void)context;
	nr_alarms++;
	if (info->si_code == SI_TIMER)
		nr_overruns += info->si_overrun;
}

static void signal_timers(void)
{
	struct sigaction sa = { .sa_sigaction = on_alarm, .sa_flags = SA_SIGINFO | SA_RESTART };
	struct itimerval interval = { { 0, 5000 }, { 0, 5000 } }, off = { { 0, 0 }, { 0, 0 } };
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN };
	struct itimerspec every = { { 0, 1000000 }, { 0, 1000000 } }, none = { { 0, 0 }, { 0, 0 } };
	double start, took;

	sigaction(SIGALRM, &sa, NULL);
	sigaction(SIGRTMIN, &sa, NULL);
	start = call_clock(CLOCK_MONOTONIC);
	setitimer(ITIMER_REAL, &interval, NULL);
	while (call_clock(CLOCK_MONOTONIC) - start < seconds / 8)
		;
	setitimer(ITIMER_REAL, &off, NULL);
	took = call_clock(CLOCK_MONOTONIC) - start;
	CHECK(nr_alarms <= took / 0.005 + 1 && nr_alarms >= took / 0.005 * 0.5 - 5, "setitimer: %ld signals in %.3f s", nr_alarms,
	      took);
	nr_alarms = 0;
	CHECK(!timer_create(CLOCK_MONOTONIC, &event, &posix_timer), "timer_create: %s", strerror(errno));
	start = call_clock(CLOCK_MONOTONIC);
	timer_settime(posix_timer, 0, &every, NULL);
	while (call_clock(CLOCK_MONOTONIC) - start < seconds / 8)
		;
	timer_settime(posix_timer, 0, &none, NULL);
	took = call_clock(CLOCK_MONOTONIC) - start;
	CHECK(nr_alarms + nr_overruns <= took / 0.001 + 1 && nr_alarms + nr_overruns >= took / 0.001 * 0.95 - 20,
	      "posix timer: %ld signals and %ld overruns in %.3f s", nr_alarms, nr_overruns, took);
	timer_delete(posix_timer);
}

/* While we spin, the process's CPU time and the profiling timer run with the clock, less what others took. */
static void cpu_time(void)
{
	double start = call_clock(CLOCK_MONOTONIC), cpu = call_clock(CLOCK_PROCESS_CPUTIME_ID);
	double thread = call_clock(CLOCK_THREAD_CPUTIME_ID), took, used;
	struct rusage before, after;

	getrusage(RUSAGE_SELF, &before);
	while (call_clock(CLOCK_MONOTONIC) - start < seconds / 8)
		;
	took = call_clock(CLOCK_MONOTONIC) - start;
	used = call_clock(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	thread = call_clock(CLOCK_THREAD_CPUTIME_ID) - thread;
	getrusage(RUSAGE_SELF, &after);
	CHECK(used <= took * 1.05 + 0.01 && used >= took * 0.2, "%.3f s of CPU time in %.3f s", used, took);
	CHECK(thread <= used + 0.01, "the thread used %.3f s, the process %.3f s", thread, used);
	used = after.ru_utime.tv_sec - before.ru_utime.tv_sec + (after.ru_utime.tv_usec - before.ru_utime.tv_usec) * 1e-6 +
	       after.ru_stime.tv_sec - before.ru_stime.tv_sec + (after.ru_stime.tv_usec - before.ru_stime.tv_usec) * 1e-6;
	CHECK(used <= took * 1.1 + 0.03, "getrusage says %.3f s in %.3f s", used, took);
}

/* Absolute sleeps in a row do not drift. */
static void no_drift(void)
{
	struct timespec next;
	double start, late;

	clock_gettime(CLOCK_MONOTONIC, &next);
	start = next.tv_sec + next.tv_nsec * 1e-9;
	for (int i = 0; i < 100; i++) {
		next.tv_nsec += 3000000;
		if (next.tv_nsec >= 1000000000) {
			next.tv_nsec -= 1000000000;
			next.tv_sec++;
		}
		CHECK(!clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL), "clock_nanosleep");
	}
	late = check_seconds() - start - 0.3;
	CHECK(late >= 0 && late < LATE_SECONDS, "100 absolute sleeps of 3 ms ended %.4f s off", late);
}

int main(int argc, char **argv)
{
	if (argc > 1)
		seconds = atof(argv[1]);
	clocks_agree();
	clock_between_threads();
	sleeps();
	polls();
	timer_counts();
	signal_timers();
	cpu_time();
	no_drift();
	return check_done("timers");
}
