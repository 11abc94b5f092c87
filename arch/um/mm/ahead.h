/* SPDX-License-Identifier: GPL-2.0 */
/*
 * mm/ahead.h - between fault.c, ahead.c and what belongs to it: grow.c, gather.c
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

/**
 * struct um_growth - how the memory of an mm grows; threads that fault at once may lose each other's notes
 * @brk:         the end of its heap when brk() was last called, or 0
 * @blocks:      how many blocks it got at once the last time
 * @zero_reads:  pages of zeroes that it got of late for memory that it had not written to
 * @zero_writes: how many of them it wrote to later
 * @mmap:        address that mmap() returned last and left untouched, or 0
 * @mmaps:       how many of these there were of late
 * @mmaps_used:  how many of them were written to at their beginning, before the next one
 * @mmaps_taken: areas whose beginning was taken ahead
 * @is_watched:  it may want to know of the first touch of what it maps: it, or its parent, has called userfaultfd()
 */
struct um_growth {
	unsigned long brk;
	unsigned int blocks;
	unsigned int zero_reads;
	unsigned int zero_writes;
	unsigned long mmap;
	unsigned int mmaps;
	unsigned int mmaps_used;
	unsigned int mmaps_taken;
	bool is_watched;
};

enum um_page_state um_page_state(struct vm_area_struct *vma, unsigned long addr);
void um_ahead_init(struct mm_struct *mm, struct mm_struct *parent);
void um_ahead_exit(struct mm_struct *mm);
void um_ahead_fault(struct vm_area_struct *vma, unsigned long addr, enum um_page_state state, bool write);
bool um_ahead_take(struct vm_area_struct *vma, unsigned long addr, bool write);
struct um_growth *um_growth_of(struct mm_struct *mm);

bool um_counts_as_write(struct vm_area_struct *vma, enum um_page_state state);
void um_grow_fault(struct vm_area_struct *vma, unsigned long addr, enum um_page_state state, bool write);
void um_grow_brk(struct vm_area_struct *vma, unsigned long addr);
void um_grow_mmap(struct vm_area_struct *vma, unsigned long addr);

#ifdef CONFIG_MIGRATION
bool um_gather(struct file *file, pgoff_t pgoff);
#else
static inline bool um_gather(struct file *file, pgoff_t pgoff) { return false; }
#endif

#endif /* _UM_MM_AHEAD_H */
