/* SPDX-License-Identifier: GPL-2.0 */
/*
 * asm/mmu_context.h - life of an mm's space; the guest kernel itself needs no switch, since it reaches user memory by walking page tables
 */
#ifndef _ASM_UM_MMU_CONTEXT_H
#define _ASM_UM_MMU_CONTEXT_H

#include <linux/mm_types.h>

int um_context_init(struct mm_struct *mm);
void um_context_destroy(struct mm_struct *mm);
void um_context_exit(struct mm_struct *mm);

#define init_new_context init_new_context
static inline int init_new_context(struct task_struct *tsk, struct mm_struct *mm)
{
	return um_context_init(mm);
}

#define destroy_context destroy_context
static inline void destroy_context(struct mm_struct *mm)
{
	um_context_destroy(mm);
}

static inline void switch_mm(struct mm_struct *prev, struct mm_struct *next, struct task_struct *tsk)
{
}

/* fork: the parent's writable pages have become read-only; see flush_tlb_mm() */
static inline int arch_dup_mmap(struct mm_struct *oldmm, struct mm_struct *mm)
{
	oldmm->context.forking = true;
	return 0;
}

/* The last user of the mm has left user mode for good: forget all mappings before the pages are freed. */
static inline void arch_exit_mmap(struct mm_struct *mm)
{
	um_context_exit(mm);
}

static inline void arch_unmap(struct mm_struct *mm, unsigned long start, unsigned long end)
{
}

static inline bool arch_vma_access_permitted(struct vm_area_struct *vma, bool write, bool execute, bool foreign)
{
	return true;
}

#include <asm-generic/mmu_context.h>

#endif /* _ASM_UM_MMU_CONTEXT_H */
