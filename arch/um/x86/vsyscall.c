// SPDX-License-Identifier: GPL-2.0
/*
 * vsyscall.c - the three system calls that programs of the years before 2012 make by calling a fixed address
 *
 * gettimeofday, time and getcpu stand 1 KiB apart in a page above all user addresses. That page is the host's and
 * cannot be replaced in a space, so a call of it ends in one of two ways:
 *
 *   vsyscall=none     there is no page: a fault with ip in it; the call is done here, and returns to its caller as "ret"
 *                     would
 *   emulated          the host first asks the context's seccomp filter, which makes it a trapped system call like any
 *                     other, with ip behind the program's call already
 *
 * Some hosts execute the page's own code, "mov $nr,%rax; syscall; ret"; then the trapped call has its ip there, and
 * all that follows is the ret: also done here.
 */

#include <linux/errno.h>
#include <linux/ptrace.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/seccomp.h>
#include <linux/syscalls.h>
#include <linux/uaccess.h>
#include <asm/syscall.h>
#include <asm/unistd.h>
#include <asm/vsyscall.h>
#include <uapi/asm/vsyscall.h>

#define ENTRY_BYTES	1024UL
#define ENTRY_CODE	9	/* mov $nr,%rax and syscall */

static const unsigned int entries[] = { __NR_gettimeofday, __NR_time, __NR_getcpu };

/* Which call an address of the page stands for; -1 for none. */
static int vsyscall_nr(unsigned long ip)
{
	unsigned long offset = ip - VSYSCALL_ADDR;

	if (offset >= ARRAY_SIZE(entries) * ENTRY_BYTES)
		return -1;
	if (offset % ENTRY_BYTES != 0 && offset % ENTRY_BYTES != ENTRY_CODE)
		return -1;
	return entries[offset / ENTRY_BYTES];
}

/* seccomp may refuse the call, but not turn it into another one. */
static bool is_allowed(struct pt_regs *regs, int nr)
{
	regs->orig_ax = nr;
	regs->ax = -ENOSYS;
	if (secure_computing() == -1)
		return false;
	if ((int)regs->orig_ax != nr) {
		force_exit_sig(SIGSYS);
		return false;
	}
	return true;
}

/**
 * um_vsyscall_emulate() - a program is in the vsyscall page: do its call and return to the caller
 * @regs: the program's, as the fault or the trap left them
 *
 * Return: false if it is no such call, or has no caller to return to; it is then a bad address like any other.
 */
bool um_vsyscall_emulate(struct pt_regs *regs)
{
	int nr = vsyscall_nr(regs->ip);
	unsigned long caller;
	long ret;

	if (nr < 0 || get_user(caller, (unsigned long __user *)regs->sp))
		return false;

	if (is_allowed(regs, nr)) {
		ret = um_syscall(regs, nr);
		/* With real code there, a bad pointer would be a fault. */
		if (ret == -EFAULT) {
			force_sig(SIGSEGV);
			return true;
		}
		regs->ax = ret;
	}
	regs->orig_ax = -1;
	regs->ip = caller;
	regs->sp += sizeof(long);
	return true;
}
