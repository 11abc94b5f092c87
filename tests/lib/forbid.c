// SPDX-License-Identifier: GPL-2.0
/*
 * forbid PROGRAM [ARG...]: run a program under a seccomp filter that refuses what the product must not need
 *
 * ptrace and its kin fail with EPERM, and so does every way into a new user namespace (clone and unshare with CLONE_NEWUSER, setns).
 * clone3 fails with ENOSYS, because its flags lie in memory where a filter cannot see them; programs then use clone. The filter is
 * inherited by everything that the program starts, and no_new_privs makes setuid helpers useless to it.
 *
 * forbid --check: exit 0 if the calls are really refused here.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LOAD(field)	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define REFUSE(error)	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (error))
#define DENY(nr, error)	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, nr, 0, 1), REFUSE(error)
/* flags are the first argument of both; its low half is at args[0] on a little-endian machine */
#define DENY_NEWUSER(nr)						\
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, nr, 0, 4),			\
	LOAD(args[0]),							\
	BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, CLONE_NEWUSER, 0, 1),	\
	REFUSE(EPERM),							\
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

static struct sock_filter code[] = {
	LOAD(arch),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0),
	REFUSE(EPERM),
	LOAD(nr),
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x40000000, 0, 1),		/* x32 */
	REFUSE(EPERM),
	DENY(__NR_ptrace, EPERM),
	DENY(__NR_process_vm_readv, EPERM),
	DENY(__NR_process_vm_writev, EPERM),
	DENY(__NR_setns, EPERM),
	DENY(__NR_clone3, ENOSYS),
	DENY_NEWUSER(__NR_clone),
	DENY_NEWUSER(__NR_unshare),
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
};

static int install(void)
{
	struct sock_fprog program = { .len = sizeof(code) / sizeof(code[0]), .filter = code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -1;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

static int check(void)
{
	int bad = 0;

	if (ptrace(PTRACE_TRACEME, 0, 0, 0) != -1 || errno != EPERM)
		bad |= fprintf(stderr, "forbid: ptrace was not refused\n");
	if (unshare(CLONE_NEWUSER) != -1 || errno != EPERM)
		bad |= fprintf(stderr, "forbid: a user namespace was not refused\n");
	return bad != 0;
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		fprintf(stderr, "usage: forbid PROGRAM [ARG...]\n");
		return 2;
	}
	if (install()) {
		fprintf(stderr, "forbid: cannot install the filter: %s\n", strerror(errno));
		return 2;
	}
	if (!strcmp(argv[1], "--check"))
		return check();
	execvp(argv[1], argv + 1);
	fprintf(stderr, "forbid: %s: %s\n", argv[1], strerror(errno));
	return 127;
}
