// SPDX-License-Identifier: GPL-2.0
/*
 * grow.c - anonymous memory is taken before it is touched, where a program works its way through it
 *
 * Memory comes in blocks of 64 KiB (folios.c). Where the blocks beside a fault are the program's own already, as many more of them are taken with it, up to
 * a limit; upwards, or downwards for who goes that way. A program that has come far once gets as much at the beginning of its next area.
 *
 *   brk()   what was added, if the heap before it has been used up.
 *   mmap()  the first block, if this program mostly writes to the beginning of what it maps, as every malloc() does: now and then an area is
 *           left alone to see whether that is still so. Not for programs that use userfaultfd(), which ask for notice only after mmap().
 *   reads   of memory that was never written to would get a page of zeroes. They count as writes if most of such pages are written to later (a compiler's
 *           allocator looks at its pages first); otherwise the pages that follow get theirs, too.
 *
 * Notes are kept for each program (struct um_growth). "Of late" means that sums are halved when they reach a limit.
 */

#include <linux/mm.h>
#include <linux/userfaultfd_k.h>

#include "ahead.h"

#define GROW_BLOCK	SZ_64K		/* see folios.c */
#define GROW_BLOCKS	16U
#define BRK_BLOCKS	3		/* malloc() asks for 132 KiB */
#define SMALL_AREA	(2UL << 20)
#define OF_LATE		16U
#define ZERO_TRIALS	4		/* reads of untouched memory that tell what the others are */
#define ZERO_RUN	16
#define MMAP_TRIALS	2
#define MMAP_AGAIN	16U		/* areas after which one is left alone */

/* One more of what is counted, some of which are good. */
static void count(unsigned int *all, unsigned int *good)
{
	if (++*all >= OF_LATE) {
		*all /= 2;
		*good /= 2;
	}
}

/* Of the pages of zeroes that this program got of late, did it write to most? Another one is counted if not. */
static bool zeroes_are_written(struct um_growth *g)
{
	if (!g)
		return false;
	if (g->zero_reads >= ZERO_TRIALS && g->zero_writes * 2 >= g->zero_reads)
		return true;
	count(&g->zero_reads, &g->zero_writes);
	return false;
}

/**
 * um_counts_as_write() - should this read be taken for a write?
 * @vma:   where
 * @state: of the page
 *
 * A fault costs more than a page's copy, or its zeroing. So it should where the program may write to the page, and only the sharing with a parent or child
 * forbids that, or the page is not there yet and will be written to, or is in a small area.
 */
bool um_counts_as_write(struct vm_area_struct *vma, enum um_page_state state)
{
	if ((vma->vm_flags & (VM_WRITE | VM_SHARED)) != VM_WRITE || userfaultfd_armed(vma))
		return false;
	if (state == UM_PAGE_SHARED)
		return true;
	if (state != UM_PAGE_NONE || !vma_is_anonymous(vma))
		return false;
	return vma->vm_end - vma->vm_start <= SMALL_AREA || zeroes_are_written(um_growth_of(vma->vm_mm));
}

/*
 * The rest of a block that is being written to. Where it is whole, the fault has brought all of it; at the ends of an area, and where some of it was there
 * already, smaller folios. A rest of the area that is less than a block comes with its last block.
 */
static void fill_block(struct vm_area_struct *vma, unsigned long block)
{
	unsigned long start = max(block, vma->vm_start), end = min(block + GROW_BLOCK, vma->vm_end), addr;

	if (vma->vm_end - end < GROW_BLOCK)
		end = vma->vm_end;
	for (addr = start; addr < end; addr += PAGE_SIZE)
		if (um_page_state(vma, addr) == UM_PAGE_NONE && !um_ahead_take(vma, addr, true))
			return;
}

/* How many blocks beside @block, in steps of @step bytes, are the program's own, by the page of them that is nearest to it? */
static unsigned int own_blocks(struct vm_area_struct *vma, unsigned long block, long step)
{
	unsigned long addr = step < 0 ? block - PAGE_SIZE : block + GROW_BLOCK;
	unsigned int n;

	for (n = 0; n < GROW_BLOCKS && um_page_state(vma, addr) == UM_PAGE_OWN; n++)
		addr += step;
	return n;
}

/* Take up to @nr whole blocks that follow @block in steps of @step bytes. */
static void take_blocks(struct vm_area_struct *vma, unsigned long block, long step, unsigned int nr)
{
	while (nr--) {
		block += step;
		if (block < vma->vm_start || block + GROW_BLOCK > vma->vm_end || um_page_state(vma, block) != UM_PAGE_NONE ||
		    !um_ahead_take(vma, block, true))
			return;
	}
}

static void grow(struct vm_area_struct *vma, unsigned long addr, struct um_growth *g)
{
	unsigned long block = ALIGN_DOWN(addr, GROW_BLOCK);
	unsigned int below, above;

	if (userfaultfd_armed(vma) || (vma->vm_flags & VM_NOHUGEPAGE))
		return;
	fill_block(vma, block);
	below = own_blocks(vma, block, -(long)GROW_BLOCK);
	above = own_blocks(vma, block, GROW_BLOCK);
	if (g && !below && !above && addr < vma->vm_start + GROW_BLOCK)
		below = g->blocks;
	if (below >= above)
		take_blocks(vma, block, GROW_BLOCK, below);
	else
		take_blocks(vma, block, -(long)GROW_BLOCK, above);
	if (g && max(below, above))
		g->blocks = max(below, above);
}

/* A program that reads its way through what was never written to. */
static void read_run(struct vm_area_struct *vma, unsigned long addr)
{
	unsigned int i;

	if (userfaultfd_armed(vma) || um_page_state(vma, addr - PAGE_SIZE) != UM_PAGE_READ)
		return;
	for (i = 1; i < ZERO_RUN; i++) {
		addr += PAGE_SIZE;
		if (um_page_state(vma, addr) != UM_PAGE_NONE || handle_mm_fault(vma, addr, FAULT_FLAG_USER, NULL))
			return;
	}
}

/**
 * um_grow_fault() - a fault of a program on anonymous memory was handled
 * @vma:   where; the mmap lock is held
 * @addr:  its address
 * @state: of the page, before
 * @write: it was, or counted as, a write
 */
void um_grow_fault(struct vm_area_struct *vma, unsigned long addr, enum um_page_state state, bool write)
{
	struct um_growth *g = um_growth_of(vma->vm_mm);

	if (g && write && state == UM_PAGE_READ)
		g->zero_writes++;
	if (state != UM_PAGE_NONE)
		return;
	if (g && write && (addr & PAGE_MASK) == g->mmap) {
		g->mmaps_used++;
		g->mmap = 0;
	}
	if (write)
		grow(vma, addr, g);
	else
		read_run(vma, addr);
}

/**
 * um_grow_brk() - a heap has grown
 * @vma:  its last area; the mmap lock is held
 * @addr: its end before, inside of @vma
 */
void um_grow_brk(struct vm_area_struct *vma, unsigned long addr)
{
	unsigned int i;

	if (userfaultfd_armed(vma) || um_page_state(vma, addr - PAGE_SIZE) != UM_PAGE_OWN)
		return;
	for (i = 0; i < BRK_BLOCKS && addr < vma->vm_end && um_page_state(vma, addr) == UM_PAGE_NONE; i++) {
		fill_block(vma, ALIGN_DOWN(addr, GROW_BLOCK));
		addr = ALIGN_DOWN(addr, GROW_BLOCK) + GROW_BLOCK;
	}
}

/**
 * um_grow_mmap() - a program has mapped anonymous memory
 * @vma:  where it lies now; the mmap lock is held
 * @addr: its beginning; it may have been joined with areas before and behind it
 */
void um_grow_mmap(struct vm_area_struct *vma, unsigned long addr)
{
	struct um_growth *g = um_growth_of(vma->vm_mm);
	bool is_used;

	if (!g || g->is_watched || (vma->vm_flags & (VM_WRITE | VM_SHARED | VM_NOHUGEPAGE)) != VM_WRITE || userfaultfd_armed(vma))
		return;
	is_used = g->mmaps >= MMAP_TRIALS && g->mmaps_used * 2 >= g->mmaps;
	if (is_used && ++g->mmaps_taken % MMAP_AGAIN) {
		if (um_page_state(vma, addr) == UM_PAGE_NONE && um_ahead_take(vma, addr, true))
			grow(vma, addr, g);
		return;
	}
	count(&g->mmaps, &g->mmaps_used);
	g->mmap = addr;
}
