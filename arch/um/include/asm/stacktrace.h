/* SPDX-License-Identifier: GPL-2.0 */
/*
 * asm/stacktrace.h - walking a kernel stack by its frame pointers (kernel/stacktrace.c)
 */
#ifndef _ASM_UM_STACKTRACE_H
#define _ASM_UM_STACKTRACE_H

#include <linux/sched.h>
#include <asm/ptrace.h>

/**
 * struct um_unwind - a position in a chain of frames
 * @ip:   return address, or where the stack was interrupted
 * @bp:   frame pointer of the function that @ip lies in
 * @low:  frames must lie above it, so that the walk ends
 * @high: end of the stack
 */
struct um_unwind {
	unsigned long ip;
	unsigned long bp;
	unsigned long low;
	unsigned long high;
};

void um_unwind_start(struct um_unwind *u, struct task_struct *task, struct pt_regs *regs);
bool um_unwind_next(struct um_unwind *u);

void show_trace(struct task_struct *task, struct pt_regs *regs, const char *loglvl);

#endif /* _ASM_UM_STACKTRACE_H */
