/* SPDX-License-Identifier: GPL-2.0 */
/*
 * asm/tlbflush.h - a space's host mappings are a translation buffer: these make it forget (mm/tlb.c)
 *
 * All are synchronous: when they return, no guest code, however malicious, can reach the pages by the old translations.
 */
#ifndef _ASM_UM_TLBFLUSH_H
#define _ASM_UM_TLBFLUSH_H

#include <linux/mm_types.h>

struct mmu_gather;

void um_tlb_flush(struct mm_struct *mm, unsigned long start, unsigned long end);
void um_tlb_fill(struct mm_struct *mm, unsigned long addr);
void um_kernel_unmap(unsigned long start, unsigned long end);

void flush_tlb_mm(struct mm_struct *mm);

static inline void flush_tlb_range(struct vm_area_struct *vma, unsigned long start, unsigned long end)
{
	um_tlb_flush(vma->vm_mm, start, end);
}

static inline void flush_tlb_page(struct vm_area_struct *vma, unsigned long addr)
{
	um_tlb_flush(vma->vm_mm, addr & PAGE_MASK, (addr & PAGE_MASK) + PAGE_SIZE);
}

static inline void flush_tlb_kernel_range(unsigned long start, unsigned long end)
{
	um_kernel_unmap(start, end);
}

/* Kernel mappings are flushed by range only. */
static inline void flush_tlb_all(void)
{
}

#endif /* _ASM_UM_TLBFLUSH_H */
