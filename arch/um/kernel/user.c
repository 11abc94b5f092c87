// SPDX-License-Identifier: GPL-2.0
/*
 * user.c - the loop that every user task runs at the bottom of its kernel stack: let the context run, handle why it stopped, again
 *
 *   um_run_user -> host_space_resume      the vCPU's context in this mm returns to guest code
 *               -> host_space_wait        sleeps until the context stops, or an interrupt is pending
 *                    interrupt            handled here while the context runs on, if nothing follows from it for this task;
 *                                         otherwise the context is stopped first
 *               -> system call, fault, trap
 *
 * The generic entry code does what follows from either: signals, rescheduling, ptrace, seccomp, audit, context tracking.
 */

#include <linux/entry-common.h>
#include <linux/mm.h>
#include <linux/nospec.h>
#include <linux/sched/signal.h>
#include <linux/syscalls.h>
#include <asm/syscall.h>
#include <asm/vsyscall.h>
#include <uapi/asm/vsyscall.h>
#include <um/regs.h>
#include <um/space.h>
#include <um/trap.h>

#include "core.h"

#define WORK_BEFORE_USER	EXIT_TO_USER_MODE_WORK

static struct um_regs *as_um_regs(struct pt_regs *regs)
{
	return (struct um_regs *)regs;
}

static int await_event(struct pt_regs *regs, struct um_event *ev)
{
	struct thread_struct *t = &current->thread;
	int ret = host_space_wait(current->mm->context.space, smp_processor_id(), as_um_regs(regs), &t->fsbase, &t->gsbase, ev);

	if (ret == UM_WAIT_EVENT && ev->site >= 0)
		um_sites_event(regs, ev);
	return ret;
}

static int stop_context(struct pt_regs *regs, struct um_event *ev)
{
	struct thread_struct *t = &current->thread;
	int ret = host_space_stop(current->mm->context.space, smp_processor_id(), as_um_regs(regs), &t->fsbase, &t->gsbase, ev);

	if (ret == UM_WAIT_EVENT && ev->site >= 0)
		um_sites_event(regs, ev);
	return ret;
}

/*
 * Interrupts while the context runs. Returns true if the context runs on; false if it had to be stopped, with the event filled in.
 * The generic exit path must not see a running context: it may schedule. Where the context stopped for a reason of its own, that is handled by
 * our caller as if no interrupt had been, because registers at a system call are not yet those that a signal may see.
 */
static bool handle_user_irq(struct pt_regs *regs, struct um_event *ev, int *ret)
{
	irqentry_enter_from_user_mode(regs);
	um_irq_handle_pending(regs);
	if (!(read_thread_flags() & WORK_BEFORE_USER)) {
		irqentry_exit_to_user_mode(regs);
		return true;
	}
	*ret = stop_context(regs, ev);
	if (!*ret && (ev->type == UM_EV_NONE || ev->type == UM_EV_KICK)) {
		um_space_stopped(current->mm);
		ev->type = UM_EV_NONE;
		irqentry_exit_to_user_mode(regs);
		return false;
	}
	um_space_stopped(current->mm);
	exit_to_user_mode();
	return false;
}

/* The space is gone, or its context has been tampered with: the task dies as if by a stray pointer. */
static void kill_task(struct pt_regs *regs, const char *why)
{
	irqentry_enter_from_user_mode(regs);
	local_irq_enable();
	pr_info_ratelimited("%s[%d]: killed: %s\n", current->comm, task_pid_nr(current), why);
	force_fatal_sig(SIGKILL);
	local_irq_disable();
	irqentry_exit_to_user_mode(regs);
}

/* iretq in the context would fault on an address that no program can have; the processor would say so after the return. */
static bool bad_ip(const struct pt_regs *regs)
{
	return regs->ip >= TASK_SIZE && regs->ip - VSYSCALL_ADDR >= PAGE_SIZE;
}

static void segfault(struct pt_regs *regs)
{
	irqentry_enter_from_user_mode(regs);
	local_irq_enable();
	force_sig(SIGSEGV);
	local_irq_disable();
	irqentry_exit_to_user_mode(regs);
}

static void do_syscall(struct pt_regs *regs, bool trapped)
{
	unsigned long ip = regs->ip;
	long nr;

	regs->orig_ax = (int)regs->ax;
	regs->ax = -ENOSYS;
	nr = syscall_enter_from_user_mode(regs, regs->orig_ax);
	if (likely(nr >= 0))
		regs->ax = um_syscall(regs, nr);
	um_ahead_return(regs);
	if (trapped)
		um_sites_trapped(ip, regs->orig_ax);
	if (unlikely(current->mm->context.sites))
		um_sites_check(current->mm);
	syscall_exit_to_user_mode(regs);
	regs->orig_ax = -1;
}

static void do_event(struct pt_regs *regs, const struct um_event *ev)
{
	switch (ev->type) {
	case UM_EV_NONE:
		break;
	case UM_EV_SYSCALL:
		do_syscall(regs, ev->site < 0);
		break;
	case UM_EV_KICK:
		irqentry_enter_from_user_mode(regs);
		irqentry_exit_to_user_mode(regs);
		break;
	case UM_EV_FAULT:
		irqentry_enter_from_user_mode(regs);
		local_irq_enable();
		um_user_fault(regs, ev);
		local_irq_disable();
		irqentry_exit_to_user_mode(regs);
		break;
	case UM_EV_TRAP:
		irqentry_enter_from_user_mode(regs);
		local_irq_enable();
		um_user_trap(regs, ev);
		local_irq_disable();
		irqentry_exit_to_user_mode(regs);
		break;
	default:
		kill_task(regs, ev->why);
	}
}

/**
 * um_run_user() - run the current task's program until the task ends
 * @regs: its registers, task_pt_regs(current)
 *
 * Called with interrupts off, after the generic code's exit to user mode.
 */
void um_run_user(struct pt_regs *regs)
{
	struct um_event ev;
	int ret;

	for (;;) {
		if (unlikely(bad_ip(regs))) {
			segfault(regs);
			continue;
		}
		ret = um_space_resume(current->mm, regs);
		if (ret) {
			kill_task(regs, ret == -EFAULT ? "the host refuses to map its memory" : "the host process of its address space is gone");
			continue;
		}
		do {
			ret = await_event(regs, &ev);
			if (ret != UM_WAIT_IRQ) {
				um_space_stopped(current->mm);
				break;
			}
		} while (handle_user_irq(regs, &ev, &ret));
		if (ret)
			kill_task(regs, "the host process of its address space is gone");
		else
			do_event(regs, &ev);
	}
}
