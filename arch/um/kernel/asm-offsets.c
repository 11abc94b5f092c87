// SPDX-License-Identifier: GPL-2.0
/*
 * asm-offsets.c - offsets of C structures for assembly: include/generated/asm-offsets.h
 */
#define COMPILE_OFFSETS

#include <linux/kbuild.h>
#include <linux/ptrace.h>
#include <linux/sched.h>
#include <um/cpu.h>

static void __used um_offsets(void)
{
	COMMENT("struct pt_regs");
	OFFSET(PT_R15, pt_regs, r15);
	OFFSET(PT_R14, pt_regs, r14);
	OFFSET(PT_R13, pt_regs, r13);
	OFFSET(PT_R12, pt_regs, r12);
	OFFSET(PT_BP, pt_regs, bp);
	OFFSET(PT_BX, pt_regs, bx);
	OFFSET(PT_R11, pt_regs, r11);
	OFFSET(PT_R10, pt_regs, r10);
	OFFSET(PT_R9, pt_regs, r9);
	OFFSET(PT_R8, pt_regs, r8);
	OFFSET(PT_AX, pt_regs, ax);
	OFFSET(PT_CX, pt_regs, cx);
	OFFSET(PT_DX, pt_regs, dx);
	OFFSET(PT_SI, pt_regs, si);
	OFFSET(PT_DI, pt_regs, di);
	OFFSET(PT_ORIG_AX, pt_regs, orig_ax);
	OFFSET(PT_IP, pt_regs, ip);
	OFFSET(PT_CS, pt_regs, cs);
	OFFSET(PT_FLAGS, pt_regs, flags);
	OFFSET(PT_SP, pt_regs, sp);
	OFFSET(PT_SS, pt_regs, ss);
	DEFINE(PT_SIZE, sizeof(struct pt_regs));

	BLANK();
	COMMENT("struct task_struct");
	OFFSET(TASK_STACK, task_struct, stack);
	OFFSET(TASK_THREAD_SP, task_struct, thread.sp);
	OFFSET(TASK_FLAGS, task_struct, thread_info.flags);
	OFFSET(TASK_PREEMPT_COUNT, task_struct, thread_info.preempt_count);

	BLANK();
	COMMENT("struct um_cpu");
	OFFSET(UM_CPU_PENDING, um_cpu, pending);
	OFFSET(UM_CPU_IRQ_OFF, um_cpu, irq_off);
	OFFSET(UM_CPU_CURRENT, um_cpu, current_task);
	OFFSET(UM_CPU_ID, um_cpu, id);
	OFFSET(UM_CPU_HOST, um_cpu, host);
}
