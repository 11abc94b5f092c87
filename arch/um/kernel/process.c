// SPDX-License-Identifier: GPL-2.0
/*
 * process.c - tasks: fork, switch, exec, idle
 *
 * A task's user registers live in struct pt_regs at the top of its kernel stack. Below it a new task has a frame as __switch_to_asm() leaves it, which
 * returns to um_ret_from_fork. A kernel thread starts with a function; if that returns, it has become a user process.
 *
 * FP state: kernel code uses none, so a program's state stays in its context while the kernel works for it. thread.fp_in_context says that it is
 * there, in the parked context of this vCPU, rather than in thread.fpu.image. When the task is switched out it is fetched, since the
 * context will run others, and the task may go on elsewhere.
 */

#include <linux/cpu.h>
#include <linux/elf.h>
#include <linux/entry-common.h>
#include <linux/export.h>
#include <linux/ptrace.h>
#include <linux/sched.h>
#include <linux/sched/debug.h>
#include <linux/sched/task.h>
#include <linux/sched/task_stack.h>
#include <linux/slab.h>
#include <linux/tick.h>
#include <asm/fpu.h>
#include <um/cpu.h>
#include <um/regs.h>
#include <um/space.h>
#include <um/trap.h>

#include "core.h"

/* What __switch_to_asm() pops. */
struct switch_frame {
	unsigned long r15, r14, r13, r12, bx, bp;
	void (*ret)(void);
};

/**
 * um_fpu_sync() - bring a task's live FP state into its image
 * @tsk: current, or a task that does not run
 *
 * The image is then loaded when the task returns to user mode.
 */
void um_fpu_sync(struct task_struct *tsk)
{
	struct host_space *space;
	unsigned long flags;

	local_irq_save(flags);
	if (tsk->thread.fp_in_context) {
		space = tsk->mm ? tsk->mm->context.space : NULL;
		if (space && tsk->thread.fpu.image) {
			memcpy(tsk->thread.fpu.image, host_space_fp(space, task_cpu(tsk)), um_xstate_size);
			um_fpu_check(tsk->thread.fpu.image);
		}
		tsk->thread.fp_in_context = false;
	}
	local_irq_restore(flags);
}

struct task_struct *__switch_to(struct task_struct *prev, struct task_struct *next)
{
	if (prev->thread.fp_in_context)
		um_fpu_sync(prev);
	raw_cpu_write(um_cpu.current_task, next);
	return prev;
}

int arch_dup_task_struct(struct task_struct *dst, struct task_struct *src)
{
	um_fpu_sync(src);
	memcpy(dst, src, arch_task_struct_size);
	dst->thread.fpu.image = NULL;
	if (um_fpu_alloc(&dst->thread.fpu))
		return -ENOMEM;
	if (src->thread.fpu.image)
		um_fpu_copy(&dst->thread.fpu, &src->thread.fpu);
	return 0;
}

void arch_release_task_struct(struct task_struct *tsk)
{
	um_fpu_free(&tsk->thread.fpu);
}

void __init arch_task_cache_init(void)
{
	um_fpu_init_boot();
}

int copy_thread(struct task_struct *p, const struct kernel_clone_args *args)
{
	struct pt_regs *regs = task_pt_regs(p);
	struct switch_frame *frame = (struct switch_frame *)regs - 1;

	memset(frame, 0, sizeof(*frame));
	frame->ret = um_ret_from_fork;
	p->thread.sp = (unsigned long)frame;
	p->thread.fp_in_context = false;

	if (args->fn) {
		memset(regs, 0, sizeof(*regs));
		regs->cs = UM_USER_CS;
		regs->ss = UM_USER_SS;
		regs->flags = UM_FLAGS_IF;
		frame->r12 = (unsigned long)args->fn;
		frame->r13 = (unsigned long)args->fn_arg;
		return 0;
	}
	*regs = *current_pt_regs();
	regs->ax = 0;
	if (args->stack)
		regs->sp = args->stack;
	if (args->flags & CLONE_SETTLS)
		p->thread.fsbase = args->tls;
	return 0;
}

/* A new task begins here, on its own stack; called by um_ret_from_fork. */
void um_task_begin(struct task_struct *prev, struct pt_regs *regs, int (*fn)(void *arg), void *arg)
{
	schedule_tail(prev);
	if (fn) {
		fn(arg);
		regs->ax = 0;
	}
	um_ahead_return(regs);
	syscall_exit_to_user_mode(regs);
	um_run_user(regs);
}

void start_thread(struct pt_regs *regs, unsigned long ip, unsigned long sp)
{
	memset(regs, 0, sizeof(*regs));
	regs->ip = ip;
	regs->sp = sp;
	regs->cs = UM_USER_CS;
	regs->ss = UM_USER_SS;
	regs->flags = UM_FLAGS_IF;
}
EXPORT_SYMBOL_GPL(start_thread);

void flush_thread(void)
{
	struct thread_struct *t = &current->thread;

	t->fsbase = 0;
	t->gsbase = 0;
	t->single_step = false;
	t->fp_in_context = false;
	um_fpu_reset(&t->fpu);
}

/* Interrupts are off and stay off; the idle loop switches them on, and then takes what came. */
void arch_cpu_idle(void)
{
	host_cpu_idle();
}

