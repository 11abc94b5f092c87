// SPDX-License-Identifier: GPL-2.0
/*
 * mmap.c - mmap() as x86-64 has it, and the search for free addresses
 *
 * The layout of a program's address space is the generic top-down one (mm/util.c). The only thing that x86-64 adds
 * is MAP_32BIT, by which programs ask for memory that code of the small model can reach: it is looked for bottom-up
 * between 1 and 2 GiB, as on the real thing. MAP_ABOVE4G needs nothing: the top-down search starts far above and
 * falls that low only when 128 TiB are full.
 */

#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/sizes.h>
#include <linux/syscalls.h>

#define LOW_BEGIN	0x40000000UL
#define LOW_END		0x80000000UL

SYSCALL_DEFINE6(mmap, unsigned long, addr, unsigned long, len, unsigned long, prot,
		unsigned long, flags, unsigned long, fd, unsigned long, offset)
{
	if (offset_in_page(offset))
		return -EINVAL;
	return ksys_mmap_pgoff(addr, len, prot, flags, fd, offset >> PAGE_SHIFT);
}

static unsigned long find_low_area(unsigned long hint, unsigned long len)
{
	struct vm_unmapped_area_info info = {
		.length = len,
		.low_limit = LOW_BEGIN,
		.high_limit = LOW_END,
	};
	struct vm_area_struct *vma;

	if (len > LOW_END - LOW_BEGIN)
		return -ENOMEM;
	hint = PAGE_ALIGN(hint);
	if (hint >= mmap_min_addr && hint <= LOW_END - len) {
		vma = find_vma(current->mm, hint);
		if (!vma || hint + len <= vm_start_gap(vma))
			return hint;
	}
	if (current->flags & PF_RANDOMIZE)
		info.low_limit = randomize_page(LOW_BEGIN, SZ_32M);
	return vm_unmapped_area(&info);
}

static bool wants_low(unsigned long flags)
{
	return (flags & MAP_32BIT) && !(flags & MAP_FIXED);
}

/**
 * arch_get_unmapped_area() - find free addresses, for programs with the bottom-up layout
 * @filp, @addr, @len, @pgoff, @flags, @vm_flags: as generic_get_unmapped_area()
 */
unsigned long arch_get_unmapped_area(struct file *filp, unsigned long addr, unsigned long len,
				     unsigned long pgoff, unsigned long flags, vm_flags_t vm_flags)
{
	if (wants_low(flags))
		return find_low_area(addr, len);
	return generic_get_unmapped_area(filp, addr, len, pgoff, flags, vm_flags);
}

/**
 * arch_get_unmapped_area_topdown() - the same, for programs with the top-down layout
 * @filp, @addr, @len, @pgoff, @flags, @vm_flags: as generic_get_unmapped_area_topdown()
 */
unsigned long arch_get_unmapped_area_topdown(struct file *filp, unsigned long addr, unsigned long len,
					     unsigned long pgoff, unsigned long flags, vm_flags_t vm_flags)
{
	if (wants_low(flags))
		return find_low_area(addr, len);
	return generic_get_unmapped_area_topdown(filp, addr, len, pgoff, flags, vm_flags);
}
