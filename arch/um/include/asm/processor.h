/* SPDX-License-Identifier: GPL-2.0 */
/*
 * asm/processor.h - what a task has beside its general registers, and the shape of its address space
 */
#ifndef _ASM_UM_PROCESSOR_H
#define _ASM_UM_PROCESSOR_H

#include <um/layout.h>

/* The whole 47 bits except for the stub's pages at the top. */
#define TASK_SIZE		UM_STUB_START
#define TASK_SIZE_MAX		TASK_SIZE
#define DEFAULT_MAP_WINDOW	TASK_SIZE
#define STACK_TOP		TASK_SIZE
#define STACK_TOP_MAX		STACK_TOP
#define TASK_UNMAPPED_BASE	PAGE_ALIGN(TASK_SIZE / 3)

#ifndef __ASSEMBLY__

#include <linux/cache.h>
#include <linux/types.h>
#include <asm/cpufeature.h>
#include <asm/fpu.h>
#include <asm/page.h>
#include <asm/ptrace.h>
#include <asm/vdso/processor.h>

struct mm_struct;
struct task_struct;

/**
 * struct thread_struct - machine state of a task that is not in its struct pt_regs
 * @sp:          kernel stack pointer while it is switched out (entry code)
 * @fsbase:      thread pointer
 * @gsbase:      %gs base
 * @trap_nr:     number of the last exception, for signal frames
 * @error_code:  its error code
 * @cr2:         the address of the last page fault
 * @fp_in_context: the FP state is in the parked context of this vCPU, not in @fpu (kernel/process.c)
 * @single_step: the program runs one instruction at a time for its tracer
 * @fpu:         FP and vector state
 */
struct thread_struct {
	unsigned long sp;
	unsigned long fsbase;
	unsigned long gsbase;
	unsigned long trap_nr;
	unsigned long error_code;
	unsigned long cr2;
	bool single_step;
	bool fp_in_context;
	struct um_fpu fpu;
};

#define INIT_THREAD { }

/* Nothing in struct thread_struct is copied to or from user memory as a whole. */
static inline void arch_thread_struct_whitelist(unsigned long *offset, unsigned long *size)
{
	*offset = 0;
	*size = 0;
}

void start_thread(struct pt_regs *regs, unsigned long ip, unsigned long sp);
unsigned long __get_wchan(struct task_struct *task);

#define KSTK_EIP(task)		(task_pt_regs(task)->ip)
#define KSTK_ESP(task)		(task_pt_regs(task)->sp)

/* Prefetching is the compiler's builtin; a prefetch of a bad address does nothing. */
#define ARCH_HAS_PREFETCH
#define ARCH_HAS_PREFETCHW

static inline void prefetch(const void *x)
{
	__builtin_prefetch(x);
}

static __always_inline void prefetchw(const void *x)
{
	asm volatile("prefetcht0 %0" : : "m" (*(const char *)x));
}

#endif /* __ASSEMBLY__ */

#endif /* _ASM_UM_PROCESSOR_H */
