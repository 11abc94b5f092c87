// SPDX-License-Identifier: GPL-2.0
/*
 * seccomp_in.c - filters that programs inside the guest put on themselves: errors, traps, kills, notification,
 * inheritance, threads
 */
#define _GNU_SOURCE
#include "check.h"
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#ifndef SYS_SECCOMP
#define SYS_SECCOMP	1	/* si_code */
#endif

#define ON(nr, action) \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (nr), 0, 1), BPF_STMT(BPF_RET | BPF_K, (action))

static int set_filter(unsigned int flags, long nr, unsigned int action)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		ON(nr, action),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = { sizeof(code) / sizeof(code[0]), code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -1;
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &prog);
}

static int in_child(int (*fn)(void))
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0)
		_exit(fn());
	return check_wait(pid);
}

static int error_child(void)
{
	if (set_filter(0, SYS_getppid, SECCOMP_RET_ERRNO | 123))
		return 2;
	if (syscall(SYS_getppid) != -1 || errno != 123)
		return 3;
	if (syscall(SYS_getpid) != getpid())
		return 4;
	if (fork() == 0)	/* inherited */
		_exit(syscall(SYS_getppid) == -1 && errno == 123 ? 0 : 1);
	return check_wait(-1);
}

static volatile int nr_traps, trap_bad;

static void on_sys(int sig, siginfo_t *info, void *context)
{
	(void)sig;
	(void)context;
	nr_traps++;
	trap_bad += info->si_syscall != SYS_getppid || info->si_arch != AUDIT_ARCH_X86_64 || info->si_errno != 7 ||
		    info->si_code != SYS_SECCOMP;
}

static int trap_child(void)
{
	struct sigaction sa = { .sa_sigaction = on_sys, .sa_flags = SA_SIGINFO };

	sigaction(SIGSYS, &sa, NULL);
	if (set_filter(0, SYS_getppid, SECCOMP_RET_TRAP | 7))
		return 2;
	for (int i = 0; i < 1000; i++)
		syscall(SYS_getppid);
	return nr_traps != 1000 || trap_bad;
}

static int kill_child(void)
{
	if (set_filter(0, SYS_getppid, SECCOMP_RET_KILL_PROCESS))
		return 2;
	syscall(SYS_getppid);
	return 3;
}

static void *kill_thread_main(void *arg)
{
	set_filter(0, SYS_getppid, SECCOMP_RET_KILL_THREAD);
	syscall(SYS_getppid);
	*(volatile int *)arg = 1;
	return NULL;
}

static int kill_thread_child(void)
{
	static volatile int lived;
	pthread_t thread;

	pthread_create(&thread, NULL, kill_thread_main, (void *)&lived);
	usleep(50000);
	return lived;
}

static volatile int go;
static long sync_result;

static void *sync_main(void *arg)
{
	(void)arg;
	while (!go)
		usleep(1000);
	sync_result = syscall(SYS_getppid);
	return NULL;
}

static int thread_sync_child(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, sync_main, NULL);
	if (set_filter(SECCOMP_FILTER_FLAG_TSYNC, SYS_getppid, SECCOMP_RET_ERRNO | 9))
		return 2;
	go = 1;
	pthread_join(thread, NULL);
	return sync_result != -1;
}

static int strict_child(void)
{
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT))
		return 2;
	syscall(SYS_getpid);
	return 3;
}

/* A filter on arguments: only the low 32 bits of the first are looked at. */
static int argument_child(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_dup, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 5, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 77),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = { sizeof(code) / sizeof(code[0]), code };

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog))
		return 2;
	if (dup(5) != -1 || errno != 77)
		return 3;
	return dup(0) < 0;
}

/* Another process answers the call. */
static int notify_child(void)
{
	struct seccomp_notif request;
	struct seccomp_notif_resp answer;
	int fds[2], status;
	pid_t pid;

	fds[0] = set_filter(SECCOMP_FILTER_FLAG_NEW_LISTENER, SYS_getppid, SECCOMP_RET_USER_NOTIF);
	if (fds[0] < 0)
		return 2;
	pid = fork();
	if (pid == 0) {
		for (int i = 0; i < 50; i++) {
			if (syscall(SYS_getppid) != 4242 + i)
				_exit(1);
		}
		_exit(0);
	}
	for (int i = 0; i < 50; i++) {
		memset(&request, 0, sizeof(request));
		memset(&answer, 0, sizeof(answer));
		if (ioctl(fds[0], SECCOMP_IOCTL_NOTIF_RECV, &request))
			return 3;
		if (request.data.nr != SYS_getppid || (pid_t)request.pid != pid)
			return 4;
		answer.id = request.id;
		answer.val = 4242 + i;
		if (ioctl(fds[0], SECCOMP_IOCTL_NOTIF_SEND, &answer))
			return 5;
	}
	status = check_wait(pid);
	return status;
}

int main(void)
{
	int status;

	if (prctl(PR_GET_SECCOMP, 0, 0, 0, 0) < 0) {
		CHECK(errno == EINVAL, "PR_GET_SECCOMP: %s", strerror(errno));
		check_remark("this kernel has no seccomp");
		return check_done("seccomp_in");
	}
	status = in_child(error_child);
	CHECK(status == 0, "errors: %d", status);
	status = in_child(trap_child);
	CHECK(status == 0, "traps: %d", status);
	status = in_child(kill_child);
	CHECK(status == 1000 + SIGSYS, "kill: %d", status);
	status = in_child(kill_thread_child);
	CHECK(status == 0, "kill of a thread: %d", status);
	status = in_child(thread_sync_child);
	CHECK(status == 0, "all threads: %d", status);
	status = in_child(strict_child);
	CHECK(status == 1000 + SIGKILL, "strict mode: %d", status);
	status = in_child(argument_child);
	CHECK(status == 0, "arguments: %d", status);
	status = in_child(notify_child);
	CHECK(status == 0, "notification: %d", status);
	return check_done("seccomp_in");
}
