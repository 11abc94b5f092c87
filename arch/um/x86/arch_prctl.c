// SPDX-License-Identifier: GPL-2.0
/*
 * arch_prctl.c - system calls about the processor itself
 *
 * arch_prctl() sets and reads the FS and GS bases (every thread does it once, for its TLS) and answers questions
 * about state components. The bases live in thread.fsbase and thread.gsbase while a task is in the kernel; where
 * programs may also write them with wrfsbase and wrgsbase (um_fsgsbase), the execution core reads them back on each entry.
 *
 * I/O ports are the host kernel's, so iopl() and ioperm() answer as a kernel that was built without them.
 */

#include <linux/errno.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/syscalls.h>
#include <linux/uaccess.h>
#include <asm/fpu.h>
#include <asm/prctl.h>
#include <asm/processor.h>
#include <asm/syscalls.h>

#include "arch_prctl.h"

static int set_base(unsigned long *base, unsigned long value)
{
	if (value >= TASK_SIZE)
		return -EPERM;
	*base = value;
	return 0;
}

/*
 * All components that an image can hold are usable without asking. AMX, the one that a program must ask for, is left
 * out of our images (fpu.c).
 */
static long request_component(unsigned long nr)
{
	return nr > ARCH_XCOMP_TILEDATA ? -EINVAL : -EOPNOTSUPP;
}

/**
 * um_arch_prctl() - arch_prctl() for @task, which is current or stopped by its tracer (PTRACE_ARCH_PRCTL)
 * @task:   whose registers
 * @option: ARCH_*
 * @arg:    the value, or where in the caller's memory to put it
 *
 * Shadow stacks, address tags and CPUID faulting are answered as by a processor that has none of them.
 */
long um_arch_prctl(struct task_struct *task, int option, unsigned long arg)
{
	switch (option) {
	case ARCH_SET_FS:
		return set_base(&task->thread.fsbase, arg);
	case ARCH_SET_GS:
		return set_base(&task->thread.gsbase, arg);
	case ARCH_GET_FS:
		return put_user(task->thread.fsbase, (unsigned long __user *)arg);
	case ARCH_GET_GS:
		return put_user(task->thread.gsbase, (unsigned long __user *)arg);
	default:
		return -EINVAL;
	}
}

SYSCALL_DEFINE2(arch_prctl, int, option, unsigned long, arg2)
{
	switch (option) {
	case ARCH_GET_CPUID:
		return 1;
	case ARCH_SET_CPUID:
		return -ENODEV;
	case ARCH_GET_XCOMP_SUPP:
	case ARCH_GET_XCOMP_PERM:
		return put_user(um_xfeatures, (u64 __user *)arg2);
	case ARCH_REQ_XCOMP_PERM:
		return request_component(arg2);
	default:
		return um_arch_prctl(current, option, arg2);
	}
}

SYSCALL_DEFINE1(iopl, unsigned int, level)
{
	return -ENOSYS;
}

SYSCALL_DEFINE3(ioperm, unsigned long, from, unsigned long, num, int, on)
{
	return -ENOSYS;
}
