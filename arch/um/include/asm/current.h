/* SPDX-License-Identifier: GPL-2.0 */
/*
 * asm/current.h - the running task, kept in the vCPU's struct um_cpu
 */
#ifndef _ASM_UM_CURRENT_H
#define _ASM_UM_CURRENT_H

#ifndef __ASSEMBLY__

#include <linux/compiler.h>
#include <linux/cache.h>
#include <asm/percpu.h>
#include <um/cpu.h>

struct task_struct;

DECLARE_PER_CPU_ALIGNED(struct um_cpu, um_cpu);

/* One load. The compiler may keep the result: for a task it never changes, whatever CPU the task moves to. */
static __always_inline struct task_struct *get_current(void)
{
	struct task_struct *task;

	asm("movq %%gs:%c1, %0" : "=r" (task) : "i" (&um_cpu.current_task));
	return task;
}

#define current get_current()

#endif /* __ASSEMBLY__ */

#endif /* _ASM_UM_CURRENT_H */
