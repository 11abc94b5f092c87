// SPDX-License-Identifier: GPL-2.0
/*
 * traps.c - exceptions other than page faults of programs: signals for programs, fixups and oopses for the kernel
 */

#include <linux/bug.h>
#include <linux/entry-common.h>
#include <linux/extable.h>
#include <linux/kdebug.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/notifier.h>
#include <linux/sched/debug.h>
#include <linux/sched/signal.h>
#include <linux/sched/task_stack.h>
#include <asm/vsyscall.h>
#include <um/space.h>
#include <um/trap.h>

#include "core.h"

static DEFINE_RAW_SPINLOCK(die_lock);
static int die_count;

/**
 * um_user_trap() - a program's exception becomes its signal
 * @regs: registers
 * @ev:   what the host reported; code and address are the hardware's, as a native kernel would pass them on
 */
void um_user_trap(struct pt_regs *regs, const struct um_event *ev)
{
	struct task_struct *tsk = current;
	kernel_siginfo_t info;

	tsk->thread.trap_nr = ev->trapno;
	tsk->thread.error_code = ev->error;
	clear_siginfo(&info);
	info.si_signo = ev->sig;
	info.si_code = ev->code;
	info.si_addr = (void __user *)ev->addr;

	switch (ev->sig) {
	case SIGSYS:		/* int 0x80 and the like: a 64-bit kernel without 32-bit support has no such gate */
		info.si_signo = SIGSEGV;
		info.si_code = SI_KERNEL;
		info.si_addr = NULL;
		break;
	case SIGBUS:
		if (ev->trapno == UM_TRAP_PAGE_FAULT) {
			pr_err_ratelimited("um-mem: the host has no memory left for a page of %s[%d]\n", tsk->comm, task_pid_nr(tsk));
			info.si_code = BUS_ADRERR;
		}
		break;
	case SIGSEGV:
	case SIGILL:
	case SIGFPE:
	case SIGTRAP:
		break;
	default:
		info.si_signo = SIGSEGV;
		info.si_code = SI_KERNEL;
		info.si_addr = NULL;
	}
	if (info.si_code == SI_KERNEL)
		info.si_addr = NULL;
	force_sig_info(&info);
}

/**
 * die() - oops: say what is known, end the task, or panic
 * @str:  what happened
 * @regs: where
 * @err:  number that goes with it
 */
void __noreturn die(const char *str, struct pt_regs *regs, long err)
{
	unsigned long flags;

	oops_enter();
	raw_spin_lock_irqsave(&die_lock, flags);
	console_verbose();
	bust_spinlocks(1);
	pr_emerg("%s: %04lx [#%d]\n", str, err & 0xffff, ++die_count);
	notify_die(DIE_OOPS, str, regs, err, current->thread.trap_nr, SIGSEGV);
	print_modules();
	show_regs(regs);
	bust_spinlocks(0);
	add_taint(TAINT_DIE, LOCKDEP_NOW_UNRELIABLE);
	raw_spin_unlock_irqrestore(&die_lock, flags);
	oops_exit();
	if (in_interrupt())
		panic("Fatal exception in interrupt");
	if (panic_on_oops)
		panic("Fatal exception");
	make_task_dead(SIGSEGV);
}

static void __noreturn die_of_fault(struct pt_regs *regs, unsigned long addr)
{
	pr_emerg("BUG: kernel %s at %016lx\n", addr < PAGE_SIZE ? "NULL pointer dereference" : "paging request failed", addr);
	current->thread.cr2 = addr;
	die("Oops", regs, regs->orig_ax);
}

static void kernel_exception(struct pt_regs *regs, unsigned int trapno, unsigned int sig, unsigned long addr)
{
	if (trapno == UM_TRAP_INVALID_OPCODE && report_bug(regs->ip, regs) == BUG_TRAP_TYPE_WARN) {
		regs->ip += UM_UD2_SIZE;
		return;
	}
	if (trapno == UM_TRAP_PAGE_FAULT)
		die_of_fault(regs, addr);
	die(trapno == UM_TRAP_INVALID_OPCODE ? "invalid opcode" :
	    sig == SIGSEGV ? "general protection fault" :
	    sig == SIGFPE ? "divide error" :
	    sig == SIGBUS ? "memory that the host cannot give" : "trap", regs, regs->orig_ax);
}

/**
 * um_do_exception() - an exception in guest kernel code; called by um_exception_entry
 * @regs: the frame; orig_ax is the error code
 * @trap: exception number, and the host's signal in the next byte
 * @addr: fault address
 */
void um_do_exception(struct pt_regs *regs, unsigned long trap, unsigned long addr)
{
	irqentry_state_t state;

	if (fixup_exception(regs))
		return;
	state = irqentry_enter(regs);
	kernel_exception(regs, trap & 0xff, trap >> 8 & 0xff, addr);
	irqentry_exit(regs, state);
}

int is_valid_bugaddr(unsigned long addr)
{
	return addr >= UM_KERNEL_BASE && addr < UM_MODULES_END;
}

void __init trap_init(void)
{
}
