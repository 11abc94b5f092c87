/* SPDX-License-Identifier: GPL-2.0 */
/*
 * asm/pgalloc.h - pages for page tables
 *
 * A table has entries for programs or for the kernel, never both: the kernel's addresses are found in init_mm alone. Tables are freed
 * after an RCU grace period (MMU_GATHER_RCU_TABLE_FREE), because walkers without a lock exist (gup_fast, uaccess).
 */
#ifndef _ASM_UM_PGALLOC_H
#define _ASM_UM_PGALLOC_H

#include <linux/mm.h>

#include <asm-generic/pgalloc.h>

static inline void pmd_populate_kernel(struct mm_struct *mm, pmd_t *pmdp, pte_t *table)
{
	set_pmd(pmdp, __pmd(__pa(table) | _PAGE_TABLE));
}

static inline void pmd_populate(struct mm_struct *mm, pmd_t *pmdp, pgtable_t table)
{
	set_pmd(pmdp, __pmd(page_to_phys(table) | _PAGE_TABLE));
}

static inline void pud_populate(struct mm_struct *mm, pud_t *pudp, pmd_t *table)
{
	set_pud(pudp, __pud(__pa(table) | _PAGE_TABLE));
}

static inline void p4d_populate(struct mm_struct *mm, p4d_t *p4dp, pud_t *table)
{
	set_p4d(p4dp, (p4d_t) { __pgd(__pa(table) | _PAGE_TABLE) });
}

static inline pgd_t *pgd_alloc(struct mm_struct *mm)
{
	return (pgd_t *)__get_free_page(GFP_PGTABLE_USER);
}

#define __pte_free_tlb(tlb, pte, addr)						\
do {										\
	pagetable_pte_dtor(page_ptdesc(pte));					\
	tlb_remove_ptdesc(tlb, page_ptdesc(pte));				\
} while (0)

#define __pmd_free_tlb(tlb, pmd, addr)						\
do {										\
	pagetable_pmd_dtor(virt_to_ptdesc(pmd));				\
	tlb_remove_ptdesc(tlb, virt_to_ptdesc(pmd));				\
} while (0)

#define __pud_free_tlb(tlb, pud, addr)						\
do {										\
	pagetable_pud_dtor(virt_to_ptdesc(pud));				\
	tlb_remove_ptdesc(tlb, virt_to_ptdesc(pud));				\
} while (0)

#endif /* _ASM_UM_PGALLOC_H */
