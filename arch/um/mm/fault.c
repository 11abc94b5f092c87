// SPDX-License-Identifier: GPL-2.0
/*
 * fault.c - page faults: of guest programs, and of the kernel on their behalf
 *
 * A program's fault arrives as an event of its context. The kernel's own access to user memory never faults on the host: uaccess.c finds
 * an entry missing and asks here. Either way generic Linux makes the page table right.
 *
 * A fault of a program costs a dozen microseconds more than on a processor, so many are taken before they come: see ahead.c and, for mappings, um_tlb_fill().
 */

#include <linux/mm.h>
#include <linux/perf_event.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>
#include <asm/tlbflush.h>
#include <asm/vsyscall.h>
#include <um/space.h>
#include <um/trap.h>

#include "../kernel/core.h"
#include "ahead.h"
#include "sites.h"

static bool access_allowed(const struct vm_area_struct *vma, unsigned int flags)
{
	if (flags & FAULT_FLAG_WRITE)
		return vma->vm_flags & VM_WRITE;
	if (flags & FAULT_FLAG_INSTRUCTION)
		return vma->vm_flags & VM_EXEC;
	return vma->vm_flags & (VM_READ | VM_WRITE | VM_EXEC);
}

/* Outcome of a fault beyond VM_FAULT_*: */
#define FAULT_MAPERR	((__force vm_fault_t)0x40000000)
#define FAULT_ACCERR	((__force vm_fault_t)0x20000000)
#define FAULT_KILLED	((__force vm_fault_t)0x10000000)

/* fault_signal_pending(), which wants registers; for the kernel's own access (@regs is NULL) only the death of the task counts. */
static bool interrupted(vm_fault_t fault, struct pt_regs *regs)
{
	if (regs)
		return fault_signal_pending(fault, regs);
	return (fault & VM_FAULT_RETRY) && fatal_signal_pending(current);
}

/* Returns 0, VM_FAULT_ERROR bits, or one of the above; the mmap lock is not held afterwards. */
static vm_fault_t handle_fault(struct mm_struct *mm, struct pt_regs *regs, unsigned long addr, unsigned int flags)
{
	struct vm_area_struct *vma;
	enum um_page_state state = UM_PAGE_OTHER;
	unsigned int access;
	vm_fault_t fault;

	for (;;) {
		vma = lock_mm_and_find_vma(mm, addr, regs);
		if (!vma)
			return FAULT_MAPERR;
		if (!access_allowed(vma, flags)) {
			mmap_read_unlock(mm);
			return FAULT_ACCERR;
		}
		access = flags;
		if (regs) {
			state = um_page_state(vma, addr);
			if (um_counts_as_write(vma, state))
				access |= FAULT_FLAG_WRITE;
		}
		fault = handle_mm_fault(vma, addr, access, regs);
		if (interrupted(fault, regs))
			return FAULT_KILLED;
		if (fault & VM_FAULT_COMPLETED)
			return 0;
		if (!(fault & VM_FAULT_RETRY)) {
			if (regs && !(fault & VM_FAULT_ERROR))
				um_ahead_fault(vma, addr, state, access & FAULT_FLAG_WRITE);
			mmap_read_unlock(mm);
			return fault & VM_FAULT_ERROR;
		}
		flags |= FAULT_FLAG_TRIED;
	}
}

int show_unhandled_signals = 1;		/* sysctl debug.exception-trace */

/* The line that tells a user which program died where, unless it handles the signal itself. */
static void report_segfault(struct pt_regs *regs, const struct um_event *ev)
{
	if (!show_unhandled_signals || !unhandled_signal(current, SIGSEGV) || !printk_ratelimit())
		return;
	pr_info("%s[%d]: segfault at %lx ip %px sp %px error %lx", current->comm, task_pid_nr(current), ev->addr,
		(void *)regs->ip, (void *)regs->sp, ev->error);
	print_vma_addr(KERN_CONT " in ", regs->ip);
	pr_cont("\n");
}

static void fault_signal(struct pt_regs *regs, const struct um_event *ev, vm_fault_t fault)
{
	struct thread_struct *t = &current->thread;
	void __user *addr = (void __user *)ev->addr;

	t->cr2 = ev->addr;
	t->trap_nr = UM_TRAP_PAGE_FAULT;
	t->error_code = (ev->error & ~(unsigned long)UM_PF_PROT) | (fault == FAULT_ACCERR ? UM_PF_PROT : 0);

	if (fault == FAULT_KILLED)
		return;
	if (fault & VM_FAULT_OOM) {
		pagefault_out_of_memory();
	} else if (fault & (VM_FAULT_SIGBUS | VM_FAULT_HWPOISON | VM_FAULT_HWPOISON_LARGE)) {
		force_sig_fault(SIGBUS, BUS_ADRERR, addr);
	} else {
		report_segfault(regs, ev);
		force_sig_fault(SIGSEGV, fault == FAULT_ACCERR ? SEGV_ACCERR : SEGV_MAPERR, addr);
	}
}

/**
 * um_user_fault() - a program has touched an address that its space does not map (so)
 * @regs: its registers
 * @ev:   UM_EV_FAULT
 */
void um_user_fault(struct pt_regs *regs, const struct um_event *ev)
{
	unsigned int flags = FAULT_FLAG_DEFAULT | FAULT_FLAG_USER;
	struct mm_struct *mm = current->mm;
	vm_fault_t fault;

	perf_sw_event(PERF_COUNT_SW_PAGE_FAULTS, 1, regs, ev->addr);
	if (ev->addr >= TASK_SIZE) {
		if (!um_vsyscall_emulate(regs))
			fault_signal(regs, ev, FAULT_MAPERR);
		return;
	}
	if (ev->error & UM_PF_WRITE)
		flags |= FAULT_FLAG_WRITE;
	if (ev->error & UM_PF_INSTR)
		flags |= FAULT_FLAG_INSTRUCTION;
	if (!(ev->error & (UM_PF_WRITE | UM_PF_INSTR)) && um_sites_fault(mm, ev->addr))
		return;
	fault = handle_fault(mm, regs, ev->addr, flags);
	if (fault)
		fault_signal(regs, ev, fault);
	else
		um_tlb_fill(mm, ev->addr);
}

/**
 * um_fault_in() - make an address of the current mm accessible to the kernel
 * @mm:    current's
 * @addr:  user address, below TASK_SIZE
 * @write: for writing
 *
 * Return: 0 or -EFAULT.
 */
int um_fault_in(struct mm_struct *mm, unsigned long addr, bool write)
{
	if (handle_fault(mm, NULL, addr, FAULT_FLAG_DEFAULT | (write ? FAULT_FLAG_WRITE : 0)))
		return -EFAULT;
	um_tlb_fill(mm, addr);		/* the program is likely to look there next */
	return 0;
}
