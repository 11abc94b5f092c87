/* SPDX-License-Identifier: GPL-2.0 */
/*
 * mm/ahead.h - between fault.c and ahead.c
 */
#ifndef _UM_MM_AHEAD_H
#define _UM_MM_AHEAD_H

#include <linux/mm_types.h>

/**
 * enum um_page_state - what the page table has at an address
 * @UM_PAGE_NONE:   nothing yet
 * @UM_PAGE_OTHER:  something that faults must be taken for: swapped out, huge, not of the area
 * @UM_PAGE_READ:   a page that must not be written to: of a file, or zeroes
 * @UM_PAGE_SHARED: anonymous memory of a parent or child as yet
 * @UM_PAGE_CLEAN:  a page that may be written to, and has not been yet
 * @UM_PAGE_OWN:    a page that was written to
 */
enum um_page_state { UM_PAGE_NONE, UM_PAGE_OTHER, UM_PAGE_READ, UM_PAGE_SHARED, UM_PAGE_CLEAN, UM_PAGE_OWN };

enum um_page_state um_page_state(struct vm_area_struct *vma, unsigned long addr);
bool um_counts_as_write(struct vm_area_struct *vma, enum um_page_state state);
void um_ahead_init(struct mm_struct *mm, struct mm_struct *parent);
void um_ahead_exit(struct mm_struct *mm);
void um_ahead_fault(struct vm_area_struct *vma, unsigned long addr, enum um_page_state state, bool write);

#ifdef CONFIG_MIGRATION
bool um_gather(struct address_space *mapping, pgoff_t pgoff);
#else
static inline bool um_gather(struct address_space *mapping, pgoff_t pgoff) { return false; }
#endif

#endif /* _UM_MM_AHEAD_H */
