/* SPDX-License-Identifier: GPL-2.0 */
/*
 * asm/page.h - pages, and the two places where guest physical memory is seen
 *
 * Physical address 0 is offset 0 of the memory file. All of the file is mapped at UM_DIRECT_BASE; its first part is the kernel image, which is
 * also mapped where it was linked, at UM_KERNEL_BASE (um/layout.h).
 */
#ifndef _ASM_UM_PAGE_H
#define _ASM_UM_PAGE_H

#include <linux/const.h>
#include <um/layout.h>

#define PAGE_SHIFT	CONFIG_PAGE_SHIFT
#define PAGE_SIZE	(_AC(1, UL) << PAGE_SHIFT)
#define PAGE_MASK	(~(PAGE_SIZE - 1))

#define HPAGE_SHIFT	21
#define HPAGE_SIZE	(_AC(1, UL) << HPAGE_SHIFT)
#define HPAGE_MASK	(~(HPAGE_SIZE - 1))
#define HUGETLB_PAGE_ORDER (HPAGE_SHIFT - PAGE_SHIFT)

#define PAGE_OFFSET	UM_DIRECT_BASE

/* um/layout.h: UM_DIRECT_MAX */
#define MAX_PHYSMEM_BITS	45

#ifndef __ASSEMBLY__

#include <linux/pfn.h>
#include <linux/types.h>

struct page;

static inline void clear_page(void *page)
{
	unsigned long words = PAGE_SIZE / 8;

	asm volatile("rep stosq" : "+D" (page), "+c" (words) : "a" (0L) : "memory");
}

static inline void copy_page(void *to, void *from)
{
	unsigned long words = PAGE_SIZE / 8;

	asm volatile("rep movsq" : "+D" (to), "+S" (from), "+c" (words) : : "memory");
}

#define clear_user_page(page, vaddr, pg)	clear_page(page)
#define copy_user_page(to, from, vaddr, pg)	copy_page(to, from)

typedef struct { unsigned long pte; } pte_t;
typedef struct { unsigned long pmd; } pmd_t;
typedef struct { unsigned long pud; } pud_t;
typedef struct { unsigned long pgd; } pgd_t;
typedef struct { unsigned long pgprot; } pgprot_t;
typedef struct page *pgtable_t;

#define pte_val(x)	((x).pte)
#define pmd_val(x)	((x).pmd)
#define pud_val(x)	((x).pud)
#define pgd_val(x)	((x).pgd)
#define pgprot_val(x)	((x).pgprot)

#define __pte(x)	((pte_t) { (x) })
#define __pmd(x)	((pmd_t) { (x) })
#define __pud(x)	((pud_t) { (x) })
#define __pgd(x)	((pgd_t) { (x) })
#define __pgprot(x)	((pgprot_t) { (x) })

static __always_inline unsigned long __um_virt_to_phys(unsigned long virt)
{
	return virt >= UM_DIRECT_BASE ? virt - UM_DIRECT_BASE : virt - UM_KERNEL_BASE;
}

#define __pa(x)			__um_virt_to_phys((unsigned long)(x))
#define __pa_symbol(x)		((unsigned long)(x) - UM_KERNEL_BASE)
#define __va(x)			((void *)((unsigned long)(x) + UM_DIRECT_BASE))

#define pfn_to_kaddr(pfn)	__va((pfn) << PAGE_SHIFT)
#define virt_to_pfn(kaddr)	(__pa(kaddr) >> PAGE_SHIFT)
#define page_to_phys(page)	PFN_PHYS(page_to_pfn(page))
#define phys_to_page(phys)	pfn_to_page(PHYS_PFN(phys))
#define virt_to_page(kaddr)	pfn_to_page(virt_to_pfn(kaddr))
#define page_to_virt(page)	pfn_to_kaddr(page_to_pfn(page))

/* mm/populate.c */
#define HAVE_ARCH_ALLOC_PAGE
void arch_alloc_page(struct page *page, int order);

bool um_virt_addr_valid(unsigned long virt);

#define virt_addr_valid(kaddr)	um_virt_addr_valid((unsigned long)(kaddr))

#define VM_DATA_DEFAULT_FLAGS	VM_DATA_FLAGS_TSK_EXEC

#include <asm-generic/memory_model.h>

#endif /* __ASSEMBLY__ */

#include <asm-generic/getorder.h>

#endif /* _ASM_UM_PAGE_H */
