// SPDX-License-Identifier: GPL-2.0
/*
 * dumpstack.c - registers and call traces for people
 */

#include <linux/kallsyms.h>
#include <linux/kernel.h>
#include <linux/ptrace.h>
#include <linux/sched.h>
#include <linux/sched/debug.h>
#include <linux/sched/task_stack.h>
#include <linux/uaccess.h>
#include <linux/utsname.h>
#include <asm/stacktrace.h>

#define CODE_BYTES	32
#define CODE_BEFORE	20

/* The instruction and its surroundings, its first byte in brackets. */
static void show_code(struct pt_regs *regs)
{
	u8 code[CODE_BYTES];
	char text[CODE_BYTES * 3 + 3], *p = text;
	unsigned long start = regs->ip - CODE_BEFORE;
	unsigned int i;

	if (user_mode(regs) || copy_from_kernel_nofault(code, (void *)start, sizeof(code)))
		return;
	for (i = 0; i < CODE_BYTES; i++)
		p += sprintf(p, i == CODE_BEFORE ? " <%02x>" : " %02x", code[i]);
	printk("Code:%s\n", text);
}

/**
 * show_regs() - all registers of a frame, and where it is
 */
void show_regs(struct pt_regs *regs)
{
	show_regs_print_info(KERN_DEFAULT);
	if (user_mode(regs))
		printk("RIP: %04lx:%016lx\n", regs->cs, regs->ip);
	else
		printk("RIP: %04lx:%pS\n", regs->cs, (void *)regs->ip);
	printk("RSP: %04lx:%016lx EFLAGS: %08lx ORIG_RAX: %016lx\n", regs->ss, regs->sp, regs->flags, regs->orig_ax);
	printk("RAX: %016lx RBX: %016lx RCX: %016lx\n", regs->ax, regs->bx, regs->cx);
	printk("RDX: %016lx RSI: %016lx RDI: %016lx\n", regs->dx, regs->si, regs->di);
	printk("RBP: %016lx R08: %016lx R09: %016lx\n", regs->bp, regs->r8, regs->r9);
	printk("R10: %016lx R11: %016lx R12: %016lx\n", regs->r10, regs->r11, regs->r12);
	printk("R13: %016lx R14: %016lx R15: %016lx\n", regs->r13, regs->r14, regs->r15);
	show_code(regs);
	if (!user_mode(regs))
		show_trace(current, regs, KERN_DEFAULT);
}

/**
 * show_trace() - the call trace of a task
 * @task:   whose
 * @regs:   where to begin; NULL: at the caller, or where the task was switched out
 * @loglvl: KERN_*
 */
void show_trace(struct task_struct *task, struct pt_regs *regs, const char *loglvl)
{
	struct um_unwind u;

	printk("%sCall Trace:\n", loglvl);
	um_unwind_start(&u, task, regs);
	if (u.ip)
		do
			printk("%s %pBb\n", loglvl, (void *)u.ip);
		while (um_unwind_next(&u));
}

/**
 * show_stack() - what "show stack" means to generic code: the call trace
 */
void show_stack(struct task_struct *task, unsigned long *sp, const char *loglvl)
{
	if (!task)
		task = current;
	if (!try_get_task_stack(task))
		return;
	show_trace(task, NULL, loglvl);
	put_task_stack(task);
}
