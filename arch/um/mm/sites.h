/* SPDX-License-Identifier: GPL-2.0 */
/*
 * mm/sites.h - between tlb.c, fault.c and sites.c
 */
#ifndef _UM_MM_SITES_H
#define _UM_MM_SITES_H

#include <linux/mm_types.h>

bool um_sites_fault(struct mm_struct *mm, unsigned long addr);
void um_sites_map(struct mm_struct *mm, unsigned long addr, unsigned long pfn, unsigned long len);
void um_sites_forget(struct mm_struct *mm, unsigned long start, unsigned long end);
void um_sites_exit(struct mm_struct *mm);
void um_tlb_map(struct mm_struct *mm, unsigned long addr, unsigned long pfn, unsigned long len, unsigned int prot);

#endif /* _UM_MM_SITES_H */
