// SPDX-License-Identifier: GPL-2.0
/*
 * sig_storm.c - signals in great number: none lost that is queued, in order, with its value, to the right thread
 *
 * usage: sig_storm [SECONDS]. What one frame looks like is tested elsewhere; this is about many of them at once, from
 * processes, threads and timers, while the receiver computes, faults, sleeps in system calls and forks.
 */
#define _GNU_SOURCE
#include "check.h"
#include <pthread.h>
#include <sched.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/time.h>

static double seconds = 4;
static volatile long nr_got[65], nr_disordered, last_value[8];

static void on_queued(int sig, siginfo_t *info, void *context)
{
	long value = (long)info->si_value.sival_ptr, sender = value >> 32 & 7, nr = value & 0xffffffff;

	(void)context;
	nr_got[sig]++;
	if (nr != last_value[sender] + 1 || info->si_code != SI_QUEUE)
		nr_disordered++;
	last_value[sender] = nr;
}

static void install(int sig, void (*handler)(int, siginfo_t *, void *), int flags)
{
	struct sigaction sa = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO | flags };

	sigfillset(&sa.sa_mask);
	sigaction(sig, &sa, NULL);
}

/* Three processes send numbered real-time signals; each sender's arrive complete and in order. */
static void queued(void)
{
	enum { NR_SENDERS = 3, NR_EACH = 1500 };
	pid_t parent = getpid(), pids[NR_SENDERS];
	double give_up = check_seconds() + 20;
	volatile double sink = 0;

	install(SIGRTMIN + 3, on_queued, SA_RESTART);
	for (long k = 0; k < NR_SENDERS; k++) {
		pids[k] = fork();
		if (pids[k] == 0) {
			for (long n = 1; n <= NR_EACH; n++) {
				union sigval value = { .sival_ptr = (void *)(k << 32 | n) };

				while (sigqueue(parent, SIGRTMIN + 3, value)) {
					if (errno != EAGAIN)
						_exit(1);
					sched_yield();
				}
			}
			_exit(0);
		}
	}
	while (nr_got[SIGRTMIN + 3] < NR_SENDERS * NR_EACH && check_seconds() < give_up) {
		for (int i = 0; i < 1000; i++)
			sink += i * 0.5;
		if (nr_got[SIGRTMIN + 3] % 3 == 0)
			usleep(50);
	}
	for (int k = 0; k < NR_SENDERS; k++)
		CHECK(check_wait(pids[k]) == 0, "a sender failed");
	CHECK(nr_got[SIGRTMIN + 3] == NR_SENDERS * NR_EACH, "%ld of %d queued signals arrived", nr_got[SIGRTMIN + 3],
	      NR_SENDERS * NR_EACH);
	CHECK(!nr_disordered, "%ld out of order", nr_disordered);
}

/* Blocked ones wait; the lower number comes first. */
static int order[64], nr_order;

static void on_ordered(int sig, siginfo_t *info, void *context)
{
	(void)info;
	(void)context;
	order[nr_order++ & 63] = sig;
}

static void priorities(void)
{
	sigset_t all, old;
	union sigval value = { .sival_int = 1 };
	int bad = 0;

	for (int i = 0; i < 10; i++)
		install(SIGRTMIN + i, on_ordered, 0);
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &old);
	for (int i = 9; i >= 0; i--) {
		sigqueue(getpid(), SIGRTMIN + i, value);
		sigqueue(getpid(), SIGRTMIN + i, value);
	}
	CHECK(nr_order == 0, "a blocked signal was delivered");
	sigpending(&all);
	CHECK(sigismember(&all, SIGRTMIN) && sigismember(&all, SIGRTMIN + 9), "sigpending");
	sigprocmask(SIG_SETMASK, &old, NULL);
	CHECK(nr_order == 20, "%d of 20 blocked signals came", nr_order);
	/* the handlers nest: all of a signal's frames are set up before the first runs, unless masked; here all are masked */
	for (int i = 0; i < 20; i++)
		bad += order[i] != SIGRTMIN + i / 2;
	CHECK(!bad, "%d came out of order", bad);
}

/* Signals to one thread of several must reach that thread. */
static __thread volatile long own_nr;
static volatile long thread_nr[4], nr_strays;
static pthread_t threads[4];
static volatile int over;

static void on_thread(int sig, siginfo_t *info, void *context)
{
	(void)context;
	if (sig == SIGUSR1 && !pthread_equal(pthread_self(), threads[info->si_value.sival_int & 3]) && info->si_code == SI_QUEUE)
		nr_strays++;
	own_nr++;
}

static void *thread_main(void *arg)
{
	while (!over) {
		volatile char *page = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		page[0] = page[PAGE] = 1;
		munmap((void *)page, 2 * PAGE);
		if ((long)arg & 1)
			usleep(20);
		thread_nr[(long)arg] = own_nr;
	}
	thread_nr[(long)arg] = own_nr;
	return NULL;
}

static void to_threads(void)
{
	double end = check_seconds() + seconds / 4;
	long sent[4] = { 0 };

	install(SIGUSR1, on_thread, SA_RESTART);
	over = 0;
	for (long i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, thread_main, (void *)i);
	while (check_seconds() < end) {
		for (int i = 0; i < 4; i++) {
			union sigval value = { .sival_int = i };

			sent[i] += pthread_sigqueue(threads[i], SIGUSR1, value) == 0;
		}
		usleep(100);
	}
	usleep(20000);
	over = 1;
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	for (int i = 0; i < 4; i++)
		CHECK(thread_nr[i] > 0 && thread_nr[i] <= sent[i], "thread %d: %ld sent, %ld got", i, sent[i], thread_nr[i]);
	CHECK(!nr_strays, "%ld signals came to the wrong thread", nr_strays);
}

/* Interrupted system calls: restarted where asked, EINTR where not; data in pipes is never lost or doubled. */
static void on_tick(int sig, siginfo_t *info, void *context)
{
	(void)info;
	(void)context;
	nr_got[sig]++;
}

static void interrupted_calls(int flags)
{
	struct itimerval often = { { 0, 700 }, { 0, 700 } }, off = { { 0, 0 }, { 0, 0 } };
	long nr = 0, sum = 0, want = 0, nr_eintr = 0;
	int fds[2];
	pid_t pid;

	if (pipe(fds))
		return;
	install(SIGALRM, on_tick, flags);
	pid = fork();
	if (pid == 0) {
		close(fds[0]);
		for (uint32_t n = 0; n < 3000; n++) {
			if (write(fds[1], &n, 4) != 4)
				_exit(1);
			if (n % 10 == 0)
				usleep(300);
		}
		_exit(0);
	}
	close(fds[1]);
	setitimer(ITIMER_REAL, &often, NULL);
	for (;;) {
		uint32_t value;
		ssize_t got = read(fds[0], &value, 4);

		if (got == 4) {
			sum += value;
			nr++;
		} else if (got < 0 && errno == EINTR) {
			nr_eintr++;
		} else {
			CHECK(got == 0, "read: %zd, %s", got, strerror(errno));
			break;
		}
	}
	setitimer(ITIMER_REAL, &off, NULL);
	for (long n = 0; n < 3000; n++)
		want += n;
	CHECK(nr == 3000 && sum == want, "%ld items, sum %ld instead of %ld", nr, sum, want);
	CHECK(!(flags & SA_RESTART) || !nr_eintr, "%ld EINTR in spite of SA_RESTART", nr_eintr);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	close(fds[0]);
}

static void by_descriptor(void)
{
	sigset_t set;
	int fd, bad = 0;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN + 5);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, 0);
	for (int i = 0; i < 100; i++) {
		union sigval value = { .sival_int = i * 3 };
		struct signalfd_siginfo info;

		sigqueue(getpid(), SIGRTMIN + 5, value);
		bad += read(fd, &info, sizeof(info)) != sizeof(info) || info.ssi_int != i * 3 || (pid_t)info.ssi_pid != getpid();
	}
	CHECK(!bad, "signalfd: %d wrong", bad);
	close(fd);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

/* Stop and go: a stopped process does nothing, a continued one goes on. */
static void stop_and_go(void)
{
	volatile long *count = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		for (;;)
			(*count)++;
	}
	for (int i = 0; i < 20; i++) {
		long before;

		usleep(2000);
		kill(pid, SIGSTOP);
		CHECK(waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status), "not stopped: %#x", status);
		before = *count;
		usleep(3000);
		CHECK(*count == before, "a stopped process went on");
		kill(pid, SIGCONT);
		CHECK(waitpid(pid, &status, WCONTINUED) == pid && WIFCONTINUED(status), "not continued: %#x", status);
		for (int n = 0; n < 2000 && *count == before; n++)
			usleep(1000);
		CHECK(*count != before, "a continued process stands still");
	}
	kill(pid, SIGKILL);
	CHECK(check_wait(pid) == 1000 + SIGKILL, "kill");
}

int main(int argc, char **argv)
{
	if (argc > 1)
		seconds = atof(argv[1]);
	queued();
	priorities();
	to_threads();
	interrupted_calls(SA_RESTART);
	interrupted_calls(0);
	by_descriptor();
	stop_and_go();
	return check_done("sig_storm");
}
