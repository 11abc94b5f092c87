// SPDX-License-Identifier: GPL-2.0
/*
 * stacktrace.c - walking a kernel stack
 *
 * The kernel is compiled with frame pointers: %rbp points at the caller's %rbp, above which is the return address.
 * A walk goes up only, and within one kernel stack, so a damaged chain ends it and does no harm. A task that is
 * switched out has pushed %rbp first and then five other registers (__switch_to_asm in kernel/entry.S), so its
 * chain begins a little above thread.sp.
 */

#include <linux/export.h>
#include <linux/kallsyms.h>
#include <linux/perf_event.h>
#include <linux/sched.h>
#include <linux/sched/debug.h>
#include <linux/sched/task_stack.h>
#include <linux/stacktrace.h>
#include <linux/uaccess.h>
#include <asm/stacktrace.h>

#define SWITCH_FRAME	40	/* from thread.sp to the saved %rbp */

static unsigned long stack_word(unsigned long addr)
{
	return READ_ONCE_NOCHECK(*(unsigned long *)addr);
}

/* Take the frame that u->bp points at, if there can be one. */
bool um_unwind_next(struct um_unwind *u)
{
	unsigned long frame = u->bp;

	if (frame < u->low || frame & 7 || frame + 16 > u->high)
		return false;
	u->bp = stack_word(frame);
	u->ip = stack_word(frame + 8);
	u->low = frame + 16;
	return u->ip != 0;
}

/**
 * um_unwind_start() - begin a walk; u->ip is its first address, 0 if there is nothing to walk
 * @u:    the walk
 * @task: whose stack
 * @regs: where it was interrupted; NULL: where our caller was called if @task is
 *        current, else where @task was switched out
 */
noinline void um_unwind_start(struct um_unwind *u, struct task_struct *task, struct pt_regs *regs)
{
	unsigned long stack = (unsigned long)task_stack_page(task);

	u->ip = 0;
	u->high = stack + THREAD_SIZE;
	if (regs) {
		if (user_mode(regs))
			return;
		u->low = regs->sp & ~7UL;
		u->bp = regs->bp;
	} else if (task == current) {
		/*
		 * what the compiler's builtin for an outer frame does, without its warning: our own frame leads to
		 * it
		 */
		u->low = (unsigned long)__builtin_frame_address(0);
		u->bp = stack_word(u->low);
	} else {
		u->low = READ_ONCE(task->thread.sp);
		u->bp = u->low + SWITCH_FRAME;
	}
	if (u->low < stack || u->low >= u->high)
		return;
	if (regs)
		u->ip = regs->ip;
	else
		um_unwind_next(u);
}

/**
 * arch_stack_walk() - give each return address to a consumer, innermost first
 */
noinline void arch_stack_walk(stack_trace_consume_fn consume, void *cookie, struct task_struct *task,
			      struct pt_regs *regs)
{
	struct um_unwind u;

	um_unwind_start(&u, task, regs);
	if (!u.ip)
		return;
	do {
		if (!consume(cookie, u.ip))
			return;
	} while (um_unwind_next(&u));
}

/**
 * __get_wchan() - the function that a sleeping task waits in
 */
unsigned long __get_wchan(struct task_struct *task)
{
	unsigned long ip = 0;
	struct um_unwind u;

	if (!try_get_task_stack(task))
		return 0;
	um_unwind_start(&u, task, NULL);
	while (u.ip && in_sched_functions(u.ip) && um_unwind_next(&u))
		;
	if (u.ip && !in_sched_functions(u.ip))
		ip = u.ip;
	put_task_stack(task);
	return ip;
}

/* A program's frame, as a compiler with frame pointers lays it out. */
struct user_frame {
	const void __user *next;
	unsigned long ip;
};

#define USER_FRAMES_MAX	128

/**
 * arch_stack_walk_user() - give each return address of the current program to a consumer
 */
void arch_stack_walk_user(stack_trace_consume_fn consume, void *cookie, const struct pt_regs *regs)
{
	const void __user *fp = (const void __user *)regs->bp;
	unsigned int depth = USER_FRAMES_MAX;
	struct user_frame frame;

	if (!consume(cookie, regs->ip))
		return;
	while (depth-- && (unsigned long)fp >= regs->sp) {
		if (__copy_from_user_inatomic(&frame, fp, sizeof(frame)) || !frame.ip || !consume(cookie, frame.ip))
			return;
		if ((unsigned long)frame.next <= (unsigned long)fp)
			return;
		fp = frame.next;
	}
}
