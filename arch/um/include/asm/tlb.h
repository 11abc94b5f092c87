/* SPDX-License-Identifier: GPL-2.0 */
/*
 * asm/tlb.h - mmu_gather on this machine
 *
 * exit_mmap() needs no flush of its own: arch_exit_mmap() has emptied the space, and no context runs in it any more.
 */
#ifndef _ASM_UM_TLB_H
#define _ASM_UM_TLB_H

#include <linux/mm.h>

#define tlb_flush tlb_flush
static inline void tlb_flush(struct mmu_gather *tlb);

#include <linux/mm_types.h>
#include <asm-generic/tlb.h>

/* A page-table page, after the grace period. */
static inline void __tlb_remove_table(void *table)
{
	pagetable_free(table);
}

static inline void tlb_flush(struct mmu_gather *tlb)
{
	if (tlb->fullmm)
		return;
	if (tlb->need_flush_all)
		um_tlb_flush(tlb->mm, 0, TASK_SIZE);
	else if (tlb->end)
		um_tlb_flush(tlb->mm, tlb->start, tlb->end);
}

#endif /* _ASM_UM_TLB_H */
