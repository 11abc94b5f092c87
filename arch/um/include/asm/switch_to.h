/* SPDX-License-Identifier: GPL-2.0 */
/* asm/switch_to.h - from one kernel stack to another (kernel/entry.S, kernel/process.c) */
#ifndef _ASM_UM_SWITCH_TO_H
#define _ASM_UM_SWITCH_TO_H

struct task_struct;

struct task_struct *__switch_to_asm(unsigned long *prev_sp, unsigned long next_sp,
				    struct task_struct *prev, struct task_struct *next);

#define switch_to(prev, next, last)								\
do {												\
	(last) = __switch_to_asm(&(prev)->thread.sp, (next)->thread.sp, (prev), (next));	\
} while (0)

#endif /* _ASM_UM_SWITCH_TO_H */
