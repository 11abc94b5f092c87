/* SPDX-License-Identifier: GPL-2.0 */
/*
 * asm/ptrace.h - the registers of an interrupted context
 *
 * struct pt_regs is x86-64's, field for field, and is struct um_regs of the host side (um/regs.h). cs tells what was interrupted:
 * UM_USER_CS in a guest program, UM_KERNEL_CS in the guest kernel. In a kernel frame, flags has X86_EFLAGS_IF set exactly if
 * interrupts were on, though the real flags word of a host thread always has it set.
 */
#ifndef _ASM_UM_PTRACE_H
#define _ASM_UM_PTRACE_H

#include <asm/page.h>
#include <asm/processor-flags.h>
#include <asm/thread_info.h>
#include <uapi/asm/ptrace.h>

#ifndef __ASSEMBLY__

#include <linux/types.h>
#include <um/regs.h>

struct pt_regs {
	unsigned long r15;
	unsigned long r14;
	unsigned long r13;
	unsigned long r12;
	unsigned long bp;
	unsigned long bx;
	unsigned long r11;
	unsigned long r10;
	unsigned long r9;
	unsigned long r8;
	unsigned long ax;
	unsigned long cx;
	unsigned long dx;
	unsigned long si;
	unsigned long di;
	unsigned long orig_ax;
	unsigned long ip;
	unsigned long cs;
	unsigned long flags;
	unsigned long sp;
	unsigned long ss;
};

struct task_struct;

#define user_mode(regs)			(((regs)->cs & 3) == 3)

#define instruction_pointer(regs)	((regs)->ip)
#define kernel_stack_pointer(regs)	((regs)->sp)
#define user_stack_pointer(regs)	((regs)->sp)
#define frame_pointer(regs)		((regs)->bp)
#define profile_pc(regs)		instruction_pointer(regs)

/* The frame that a system call or another entry from user mode leaves at the very top of the task's kernel stack. */
#define task_pt_regs(task)							\
	((struct pt_regs *)((unsigned long)task_stack_page(task) + THREAD_SIZE) - 1)
#define current_pt_regs()		task_pt_regs(current)
#define current_user_stack_pointer()	(current_pt_regs()->sp)

#define arch_has_single_step()		(1)

static inline void instruction_pointer_set(struct pt_regs *regs, unsigned long ip)
{
	regs->ip = ip;
}

static inline void user_stack_pointer_set(struct pt_regs *regs, unsigned long sp)
{
	regs->sp = sp;
}

static inline void frame_pointer_set(struct pt_regs *regs, unsigned long bp)
{
	regs->bp = bp;
}

static inline unsigned long regs_return_value(struct pt_regs *regs)
{
	return regs->ax;
}

static inline void regs_set_return_value(struct pt_regs *regs, unsigned long value)
{
	regs->ax = value;
}

static __always_inline bool regs_irqs_disabled(struct pt_regs *regs)
{
	return !(regs->flags & X86_EFLAGS_IF);
}

/* The n-th argument of a function or of a system call differ in one register only: the fourth. */
static inline unsigned long regs_get_kernel_argument(struct pt_regs *regs, unsigned int n)
{
	switch (n) {
	case 0: return regs->di;
	case 1: return regs->si;
	case 2: return regs->dx;
	case 3: return regs->cx;
	case 4: return regs->r8;
	case 5: return regs->r9;
	default: return 0;
	}
}

#define MAX_REG_OFFSET	offsetof(struct pt_regs, ss)

static inline unsigned long regs_get_register(struct pt_regs *regs, unsigned int offset)
{
	if (unlikely(offset > MAX_REG_OFFSET))
		return 0;
	return *(unsigned long *)((unsigned long)regs + offset);
}

/* True if @addr lies on the same kernel stack as the frame's stack pointer. */
static inline bool regs_within_kernel_stack(struct pt_regs *regs, unsigned long addr)
{
	return (addr & ~(THREAD_SIZE - 1)) == (kernel_stack_pointer(regs) & ~(THREAD_SIZE - 1));
}

int regs_query_register_offset(const char *name);
const char *regs_query_register_name(unsigned int offset);
unsigned long regs_get_kernel_stack_nth(struct pt_regs *regs, unsigned int n);

#endif /* __ASSEMBLY__ */

#endif /* _ASM_UM_PTRACE_H */
