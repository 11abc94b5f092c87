/* SPDX-License-Identifier: GPL-2.0 */
/*
 * asm/thread_info.h - per-task flags that entry code looks at, and the size of a kernel stack
 */
#ifndef _ASM_UM_THREAD_INFO_H
#define _ASM_UM_THREAD_INFO_H

#include <linux/const.h>
#include <asm/page.h>

/* Host code, signal frames excepted, runs on these stacks too. */
#ifdef CONFIG_KASAN
#define THREAD_SIZE_ORDER	3
#else
#define THREAD_SIZE_ORDER	2
#endif
#define THREAD_SIZE		(PAGE_SIZE << THREAD_SIZE_ORDER)
#define THREAD_ALIGN		THREAD_SIZE

#ifndef __ASSEMBLY__

#include <linux/types.h>

/**
 * struct thread_info - embedded at the start of struct task_struct
 * @flags:         TIF_*
 * @syscall_work:  SYSCALL_WORK_*
 * @preempt_count: 0 is preemptible
 * @cpu:           the vCPU it runs on, or ran last
 */
struct thread_info {
	unsigned long flags;
	unsigned long syscall_work;
	int preempt_count;
#ifdef CONFIG_SMP
	u32 cpu;
#endif
};

#define INIT_THREAD_INFO(tsk)			\
{						\
	.flags		= 0,			\
	.preempt_count	= INIT_PREEMPT_COUNT,	\
}

#endif /* __ASSEMBLY__ */

#define TIF_NOTIFY_RESUME	0	/* callback before it returns to user mode */
#define TIF_SIGPENDING		1
#define TIF_NEED_RESCHED	2
#define TIF_SINGLESTEP		3	/* report the step when the system call returns */
#define TIF_NOTIFY_SIGNAL	4	/* signal-like notifications exist */
#define TIF_UPROBE		5
#define TIF_MEMDIE		6	/* the OOM killer has chosen it */
#define TIF_POLLING_NRFLAG	7	/* idle, and looks at TIF_NEED_RESCHED by itself */

#define _TIF_NOTIFY_RESUME	BIT(TIF_NOTIFY_RESUME)
#define _TIF_SIGPENDING		BIT(TIF_SIGPENDING)
#define _TIF_NEED_RESCHED	BIT(TIF_NEED_RESCHED)
#define _TIF_SINGLESTEP		BIT(TIF_SINGLESTEP)
#define _TIF_NOTIFY_SIGNAL	BIT(TIF_NOTIFY_SIGNAL)
#define _TIF_UPROBE		BIT(TIF_UPROBE)
#define _TIF_POLLING_NRFLAG	BIT(TIF_POLLING_NRFLAG)

#endif /* _ASM_UM_THREAD_INFO_H */
