// SPDX-License-Identifier: GPL-2.0
/*
 * spawn_storm.c - processes and threads come and go in every way, several at a time
 *
 * usage: spawn_storm [SECONDS [WORKERS]]
 *
 * Workers (processes) each repeat: fork, vfork and exec, posix_spawn, clone3 with and without shared memory,
 * threads created and joined, threads detached, a process whose threads all call exit at once, orphans, and exec
 * from a thread that is not the first. Every exit status and every shared value is checked; in the end no zombie
 * and no stray child may be left.
 */
#define _GNU_SOURCE
#include "check.h"
#include <linux/sched.h>
#include <pthread.h>
#include <sched.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

static char *self;
static char *const child_env[] = { NULL };

static pid_t raw_clone3(uint64_t flags, void *stack, size_t stack_size, int *pidfd)
{
	struct clone_args args = {
		.flags = flags, .exit_signal = SIGCHLD, .stack = (uint64_t)stack, .stack_size = stack_size,
		.pidfd = (uint64_t)pidfd,
	};

	return syscall(SYS_clone3, &args, sizeof(args));
}

static void do_fork(int n)
{
	volatile int local = n;
	pid_t pid = fork();

	if (pid == 0) {
		local++;
		_exit((local - n) * 10 + (getppid() > 0));
	}
	CHECK(check_wait(pid) == 11 && local == n, "fork");
}

static void do_vfork(int n)
{
	char arg[16];
	char *argv[] = { self, (char *)"--exit", arg, NULL };
	pid_t pid;

	snprintf(arg, sizeof(arg), "%d", n % 100);
	pid = vfork();
	if (pid == 0) {
		execve(self, argv, child_env);
		_exit(127);
	}
	CHECK(check_wait(pid) == n % 100, "vfork and exec");
}

static void do_spawn(int n)
{
	char arg[16];
	char *argv[] = { self, (char *)"--exit", arg, NULL };
	pid_t pid = -1;
	int error;

	snprintf(arg, sizeof(arg), "%d", n % 100);
	error = posix_spawn(&pid, self, NULL, NULL, argv, child_env);
	CHECK(!error && check_wait(pid) == n % 100, "posix_spawn: %s", strerror(error));
	error = posix_spawn(&pid, "/nonexistent/program", NULL, NULL, argv, child_env);
	CHECK(error == ENOENT, "posix_spawn of nothing: %s", strerror(error));
}

static void do_clone3(int n)
{
	int pidfd = -1;
	pid_t pid = raw_clone3(CLONE_PIDFD, NULL, 0, &pidfd);

	if (pid == 0)
		syscall(SYS_exit_group, n % 100);
	if (pid < 0) {
		CHECK(errno == ENOSYS || errno == EPERM, "clone3: %s", strerror(errno));
		return;
	}
	CHECK(pidfd >= 0, "clone3 gave no pidfd");
	CHECK(check_wait(pid) == n % 100, "clone3");
	close(pidfd);
}

static int shared_memory_child(void *arg)
{
	volatile int *value = arg;

	*value += 5;
	syscall(SYS_exit, 33);
	return 0;
}

static void do_shared_memory(int n)
{
	static char stack[65536] __attribute__((aligned(16)));
	volatile int value = n;
	pid_t pid = clone(shared_memory_child, stack + sizeof(stack), CLONE_VM | CLONE_VFORK | SIGCHLD, (void *)&value);

	CHECK(pid > 0 && value == n + 5 && check_wait(pid) == 33, "clone with shared memory");
}

static void *add_one(void *arg)
{
	__atomic_fetch_add((long *)arg, 1, __ATOMIC_SEQ_CST);
	return arg;
}

static void do_threads(void)
{
	pthread_t threads[16];
	pthread_attr_t attr;
	long sum = 0;
	void *result;

	for (int i = 0; i < 16; i++)
		CHECK(!pthread_create(&threads[i], NULL, add_one, &sum), "pthread_create");
	for (int i = 0; i < 16; i++)
		CHECK(!pthread_join(threads[i], &result) && result == &sum, "pthread_join");
	CHECK(sum == 16, "threads: %ld of 16 ran", sum);
	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	for (int i = 0; i < 4; i++)
		CHECK(!pthread_create(&threads[i], &attr, add_one, &sum), "pthread_create, detached");
	pthread_attr_destroy(&attr);
	for (int i = 0; i < 5000 && __atomic_load_n(&sum, __ATOMIC_SEQ_CST) != 20; i++)
		usleep(1000);
	CHECK(__atomic_load_n(&sum, __ATOMIC_SEQ_CST) == 20, "detached threads did not run");
}

static void *spin_main(void *arg)
{
	for (;;)
		sched_yield();
	return arg;
}

static void *exec_main(void *arg)
{
	char *argv[] = { self, (char *)"--exit", (char *)"44", NULL };

	execve(self, argv, child_env);
	return arg;
}

static void *exit_main(void *arg)
{
	_exit((int)(long)arg);
}

/* A process with running threads ends: by exec from one of them, by exit from several at once, by a signal. */
static void do_group_ends(void)
{
	for (int how = 0; how < 3; how++) {
		int status;
		pid_t pid = fork();

		if (pid == 0) {
			pthread_t thread;

			for (int i = 0; i < 3; i++)
				pthread_create(&thread, NULL, spin_main, NULL);
			if (how == 0)
				pthread_create(&thread, NULL, exec_main, NULL);
			for (long i = 0; how == 1 && i < 3; i++)
				pthread_create(&thread, NULL, exit_main, (void *)55L);
			if (how == 2)
				kill(getpid(), SIGTERM);
			for (;;)
				pause();
		}
		status = check_wait(pid);
		CHECK(status == (how == 0 ? 44 : how == 1 ? 55 : 1000 + SIGTERM), "end %d of a process with threads: %d", how, status);
	}
}

static void do_orphans(void)
{
	int fds[2];
	char c = 0;
	pid_t pid;

	if (pipe(fds))
		return;
	pid = fork();
	if (pid == 0) {
		if (fork() == 0) {
			pid_t parent = getppid();

			for (int i = 0; i < 2000 && getppid() == parent; i++)
				usleep(500);
			_exit(write(fds[1], "o", 1) != 1);
		}
		usleep(500);
		_exit(0);
	}
	close(fds[1]);
	CHECK(check_wait(pid) == 0, "the orphan's parent");
	CHECK(read(fds[0], &c, 1) == 1 && c == 'o', "the orphan");
	close(fds[0]);
}

static int worker(double end)
{
	int n = 0;

	check_failed = 0;
	do {
		do_fork(n);
		do_vfork(n);
		do_spawn(n);
		do_clone3(n);
		do_shared_memory(n);
		do_threads();
		if (n % 4 == 0)
			do_group_ends();
		if (n % 4 == 1)
			do_orphans();
		n++;
	} while (check_seconds() < end && !check_failed);
	return check_failed != 0;
}

int main(int argc, char **argv)
{
	double seconds = argc > 1 ? atof(argv[1]) : 4;
	int nr = argc > 2 ? atoi(argv[2]) : 3, left;
	static char path[512];
	pid_t pids[64];

	if (argc > 2 && !strcmp(argv[1], "--exit"))
		return atoi(argv[2]);
	self = argv[0];
	left = readlink("/proc/self/exe", path, sizeof(path) - 1);
	if (left > 0)
		self = path;
	if (nr < 1 || nr > 64)
		nr = 3;
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	for (int i = 0; i < nr; i++) {
		pids[i] = fork();
		if (pids[i] == 0)
			_exit(worker(check_seconds() + seconds));
	}
	for (int i = 0; i < nr; i++)
		CHECK(check_wait(pids[i]) == 0, "worker %d failed", i);
	/* the orphans came to us; after them nobody may be left */
	while (waitpid(-1, NULL, 0) > 0)
		;
	CHECK(errno == ECHILD, "wait: %s", strerror(errno));
	return check_done("spawn_storm");
}
