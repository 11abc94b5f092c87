// SPDX-License-Identifier: GPL-2.0
/*
 * step.c - one instruction at a time, for a tracer
 *
 * Stepping is the processor's trap flag, TF in the user's flags: the execution core loads it with the other flags
 * and the program traps after one instruction. Two marks keep the tracer's use of TF apart from the program's own:
 *
 *   TIF_SINGLESTEP       a tracer steps the thread; with it goes SYSCALL_EXIT_TRAP, which reports the step over a
 *                        system call at its end
 *   thread.single_step   TF in the flags was set here and not by the program: it is hidden from who reads the flags,
 *                        left out of signal frames, and taken away when stepping ends
 *
 * If the instruction to be stepped is a popf or an iret, the program itself decides about TF, so it is then the
 * program's.
 */

#include <linux/mm.h>
#include <linux/ptrace.h>
#include <linux/sched.h>
#include <linux/sched/task_stack.h>
#include <linux/thread_info.h>
#include <uapi/asm/processor-flags.h>

#define INSN_BYTES_MAX	15

static bool is_prefix(u8 byte)
{
	switch (byte) {
	case 0x26: case 0x2e: case 0x36: case 0x3e:	/* segments */
	case 0x64: case 0x65:
	case 0x66: case 0x67:				/* operand and address size */
	case 0xf0: case 0xf2: case 0xf3:		/* lock, repeat */
	case 0x40 ... 0x4f:				/* REX */
		return true;
	default:
		return false;
	}
}

/* Is the next instruction one that loads the flags? */
static bool next_insn_loads_flags(struct task_struct *child, unsigned long ip)
{
	u8 insn[INSN_BYTES_MAX];
	int i, nr = access_process_vm(child, ip, insn, sizeof(insn), FOLL_FORCE);

	for (i = 0; i < nr && is_prefix(insn[i]); i++)
		;
	return i < nr && (insn[i] == 0x9d || insn[i] == 0xcf);
}

/**
 * user_enable_single_step() - the thread shall trap after its next instruction
 * @child: stopped by its tracer
 */
void user_enable_single_step(struct task_struct *child)
{
	struct pt_regs *regs = task_pt_regs(child);

	set_tsk_thread_flag(child, TIF_SINGLESTEP);
	set_task_syscall_work(child, SYSCALL_EXIT_TRAP);

	if (next_insn_loads_flags(child, regs->ip))
		child->thread.single_step = false;
	else if (!(regs->flags & X86_EFLAGS_TF))
		child->thread.single_step = true;
	regs->flags |= X86_EFLAGS_TF;
}

/**
 * user_disable_single_step() - undo user_enable_single_step(); the program's own TF stays
 * @child: current, or stopped by its tracer
 */
void user_disable_single_step(struct task_struct *child)
{
	clear_tsk_thread_flag(child, TIF_SINGLESTEP);
	clear_task_syscall_work(child, SYSCALL_EXIT_TRAP);
	if (child->thread.single_step)
		task_pt_regs(child)->flags &= ~X86_EFLAGS_TF;
	child->thread.single_step = false;
}
