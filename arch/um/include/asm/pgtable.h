/* SPDX-License-Identifier: GPL-2.0 */
/*
 * asm/pgtable.h - page tables: four levels, as on x86-64, with leaves of 4 KiB and 2 MiB
 *
 * A space's host mappings are a cache of these tables, as a TLB is: filled after a fault (mm/fault.c) and revoked by the
 * flush_tlb_*() family (asm/tlbflush.h). HOSTED in a leaf says that the host mapping was made from it. Only the code that
 * fills sets it, atomically; every store of an entry here clears it, so that it never outlives what it was set for.
 * Comparisons of entries do not look at it. Atomic changes of single bits leave it: the host's mapping is still there.
 *
 * Several vCPUs use one table, so taking an entry out is an exchange.
 */
#ifndef _ASM_UM_PGTABLE_H
#define _ASM_UM_PGTABLE_H

#include <asm/page.h>
#include <asm/pgtable-bits.h>
#include <um/layout.h>

#define PUD_SHIFT		30
#define PUD_SIZE		(_AC(1, UL) << PUD_SHIFT)
#define PUD_MASK		(~(PUD_SIZE - 1))
#define PMD_SHIFT		21
#define PMD_SIZE		(_AC(1, UL) << PMD_SHIFT)
#define PMD_MASK		(~(PMD_SIZE - 1))
#define PGDIR_SHIFT		39
#define PGDIR_SIZE		(_AC(1, UL) << PGDIR_SHIFT)
#define PGDIR_MASK		(~(PGDIR_SIZE - 1))

#define PTRS_PER_PTE		512
#define PTRS_PER_PMD		512
#define PTRS_PER_PUD		512
#define PTRS_PER_PGD		512
#define USER_PTRS_PER_PGD	256

#include <asm-generic/pgtable-nop4d.h>

#define VMALLOC_START		UM_VMALLOC_START
#define VMALLOC_END		UM_VMALLOC_END
#define MODULES_VADDR		UM_MODULES_START
#define MODULES_END		UM_MODULES_END

#ifndef __ASSEMBLY__

#include <linux/bitops.h>
#include <linux/mm_types.h>
#include <asm/cmpxchg.h>

extern pgd_t swapper_pg_dir[PTRS_PER_PGD];
extern unsigned long empty_zero_page[PAGE_SIZE / sizeof(unsigned long)];

#define ZERO_PAGE(vaddr)	virt_to_page(empty_zero_page)

void paging_init(void);

/* Bring the kernel process' own mappings of [start, end) in line with init_mm (mm/kernmap.c). */
void um_kernel_map(unsigned long start, unsigned long end);
void um_kernel_unmap(unsigned long start, unsigned long end);

#define pte_ERROR(e)	pr_err("%s:%d: bad pte %016lx\n", __FILE__, __LINE__, pte_val(e))
#define pmd_ERROR(e)	pr_err("%s:%d: bad pmd %016lx\n", __FILE__, __LINE__, pmd_val(e))
#define pud_ERROR(e)	pr_err("%s:%d: bad pud %016lx\n", __FILE__, __LINE__, pud_val(e))
#define pgd_ERROR(e)	pr_err("%s:%d: bad pgd %016lx\n", __FILE__, __LINE__, pgd_val(e))

/*
 * Tables: pgd (p4d is folded into it), pud, pmd. An entry is none or points to the next level; only a pmd may be a leaf.
 */
#define _PAGE_TABLE_CHECK	(_PAGE_PRESENT | _PAGE_WRITE | _PAGE_PSE | _PAGE_PROTNONE)
#define _PAGE_TABLE_GOOD	(_PAGE_PRESENT | _PAGE_WRITE)

static inline int p4d_none(p4d_t p4d)
{
	return !pgd_val(p4d.pgd);
}

static inline int p4d_present(p4d_t p4d)
{
	return pgd_val(p4d.pgd) & _PAGE_PRESENT;
}

static inline int p4d_bad(p4d_t p4d)
{
	return (pgd_val(p4d.pgd) & _PAGE_TABLE_CHECK) != _PAGE_TABLE_GOOD;
}

static inline void set_p4d(p4d_t *p4dp, p4d_t p4d)
{
	WRITE_ONCE(*p4dp, p4d);
}

static inline void p4d_clear(p4d_t *p4dp)
{
	set_p4d(p4dp, (p4d_t) { __pgd(0) });
}

static inline unsigned long p4d_pfn(p4d_t p4d)
{
	return (pgd_val(p4d.pgd) & _PAGE_PFN_MASK) >> PAGE_SHIFT;
}

static inline pud_t *p4d_pgtable(p4d_t p4d)
{
	return __va(pgd_val(p4d.pgd) & _PAGE_PFN_MASK);
}

#define p4d_page(p4d)		pfn_to_page(p4d_pfn(p4d))

static inline int pud_none(pud_t pud)
{
	return !pud_val(pud);
}

static inline int pud_present(pud_t pud)
{
	return pud_val(pud) & _PAGE_PRESENT;
}

static inline int pud_bad(pud_t pud)
{
	return (pud_val(pud) & _PAGE_TABLE_CHECK) != _PAGE_TABLE_GOOD;
}

static inline void set_pud(pud_t *pudp, pud_t pud)
{
	WRITE_ONCE(*pudp, pud);
}

static inline void pud_clear(pud_t *pudp)
{
	set_pud(pudp, __pud(0));
}

static inline unsigned long pud_pfn(pud_t pud)
{
	return (pud_val(pud) & _PAGE_PFN_MASK) >> PAGE_SHIFT;
}

static inline pmd_t *pud_pgtable(pud_t pud)
{
	return __va(pud_val(pud) & _PAGE_PFN_MASK);
}

#define pud_page(pud)		pfn_to_page(pud_pfn(pud))

static inline int pmd_none(pmd_t pmd)
{
	return !(pmd_val(pmd) & ~_PAGE_HOSTED);
}

/* PSE alone keeps a leaf present while it is being split (pmd_mkinvalid()). */
static inline int pmd_present(pmd_t pmd)
{
	return !!(pmd_val(pmd) & (_PAGE_PRESENT | _PAGE_PROTNONE | _PAGE_PSE));
}

static inline int pmd_bad(pmd_t pmd)
{
	return (pmd_val(pmd) & _PAGE_TABLE_CHECK) != _PAGE_TABLE_GOOD;
}

#define pmd_leaf pmd_leaf
static inline bool pmd_leaf(pmd_t pmd)
{
	return pmd_val(pmd) & _PAGE_PSE;
}

static inline void set_pmd(pmd_t *pmdp, pmd_t pmd)
{
	WRITE_ONCE(*pmdp, __pmd(pmd_val(pmd) & ~_PAGE_HOSTED));
}

static inline void pmd_clear(pmd_t *pmdp)
{
	set_pmd(pmdp, __pmd(0));
}

static inline unsigned long pmd_pfn(pmd_t pmd)
{
	return (pmd_val(pmd) & _PAGE_PFN_MASK) >> PAGE_SHIFT;
}

static inline unsigned long pmd_page_vaddr(pmd_t pmd)
{
	return (unsigned long)__va(pmd_val(pmd) & _PAGE_PFN_MASK);
}

#define pmd_page(pmd)		pfn_to_page(pmd_pfn(pmd))

/*
 * Leaves of 4 KiB.
 */
#define PFN_PTE_SHIFT		PAGE_SHIFT

static inline pte_t __pte_set(pte_t pte, unsigned long bits)
{
	return __pte(pte_val(pte) | bits);
}

static inline pte_t __pte_clear(pte_t pte, unsigned long bits)
{
	return __pte(pte_val(pte) & ~bits);
}

static inline int pte_none(pte_t pte)
{
	return !(pte_val(pte) & ~_PAGE_HOSTED);
}

static inline int pte_present(pte_t pte)
{
	return !!(pte_val(pte) & (_PAGE_PRESENT | _PAGE_PROTNONE));
}

static inline unsigned long pte_pfn(pte_t pte)
{
	return (pte_val(pte) & _PAGE_PFN_MASK) >> PAGE_SHIFT;
}

static inline pte_t pfn_pte(unsigned long pfn, pgprot_t prot)
{
	return __pte((pfn << PAGE_SHIFT) | pgprot_val(prot));
}

#define pte_page(pte)		pfn_to_page(pte_pfn(pte))
#define mk_pte(page, prot)	pfn_pte(page_to_pfn(page), prot)
#define pte_pgprot pte_pgprot
static inline pgprot_t pte_pgprot(pte_t pte)
{
	return __pgprot(pte_val(pte) & ~(_PAGE_PFN_MASK | _PAGE_HOSTED));
}

static inline int pte_write(pte_t pte)
{
	return !!(pte_val(pte) & _PAGE_WRITE);
}

static inline int pte_dirty(pte_t pte)
{
	return !!(pte_val(pte) & _PAGE_DIRTY);
}

static inline int pte_young(pte_t pte)
{
	return !!(pte_val(pte) & _PAGE_ACCESSED);
}

static inline int pte_exec(pte_t pte)
{
	return !!(pte_val(pte) & _PAGE_EXEC);
}

static inline int pte_special(pte_t pte)
{
	return !!(pte_val(pte) & _PAGE_SPECIAL);
}

static inline int pte_hosted(pte_t pte)
{
	return !!(pte_val(pte) & _PAGE_HOSTED);
}

static inline pte_t pte_mkwrite_novma(pte_t pte)
{
	return __pte_set(pte, _PAGE_WRITE);
}

static inline pte_t pte_wrprotect(pte_t pte)
{
	return __pte_clear(pte, _PAGE_WRITE);
}

static inline pte_t pte_mkdirty(pte_t pte)
{
	return __pte_set(pte, _PAGE_DIRTY | _PAGE_SOFT_DIRTY);
}

static inline pte_t pte_mkclean(pte_t pte)
{
	return __pte_clear(pte, _PAGE_DIRTY);
}

static inline pte_t pte_mkyoung(pte_t pte)
{
	return __pte_set(pte, _PAGE_ACCESSED);
}

static inline pte_t pte_mkold(pte_t pte)
{
	return __pte_clear(pte, _PAGE_ACCESSED);
}

static inline pte_t pte_mkspecial(pte_t pte)
{
	return __pte_set(pte, _PAGE_SPECIAL);
}

static inline pte_t pte_modify(pte_t pte, pgprot_t prot)
{
	return __pte((pte_val(pte) & _PAGE_CHG_MASK) | (pgprot_val(prot) & ~_PAGE_CHG_MASK));
}

#define __HAVE_ARCH_PTE_SAME
static inline int pte_same(pte_t a, pte_t b)
{
	return !((pte_val(a) ^ pte_val(b)) & ~_PAGE_HOSTED);
}

static inline bool __um_access_permitted(unsigned long val, bool write)
{
	unsigned long need = _PAGE_PRESENT | _PAGE_USER | (write ? _PAGE_WRITE : 0);

	return (val & need) == need;
}

#define pte_access_permitted(pte, write)	__um_access_permitted(pte_val(pte), write)
#define pmd_access_permitted(pmd, write)	__um_access_permitted(pmd_val(pmd), write)

static inline bool __um_accessible(struct mm_struct *mm, unsigned long val)
{
	return (val & _PAGE_PRESENT) || ((val & _PAGE_PROTNONE) && atomic_read(&mm->tlb_flush_pending));
}

#define pte_accessible(mm, pte)			__um_accessible(mm, pte_val(pte))

static inline void set_pte(pte_t *ptep, pte_t pte)
{
	WRITE_ONCE(*ptep, __pte_clear(pte, _PAGE_HOSTED));
}

static inline void pte_clear(struct mm_struct *mm, unsigned long addr, pte_t *ptep)
{
	set_pte(ptep, __pte(0));
}

#define __HAVE_ARCH_PTEP_GET_AND_CLEAR
static inline pte_t ptep_get_and_clear(struct mm_struct *mm, unsigned long addr, pte_t *ptep)
{
	return __pte(xchg(&ptep->pte, 0));
}

#define __HAVE_ARCH_PTEP_SET_WRPROTECT
static inline void ptep_set_wrprotect(struct mm_struct *mm, unsigned long addr, pte_t *ptep)
{
	clear_bit(_PAGE_BIT_WRITE, &ptep->pte);
}

#define __HAVE_ARCH_PTEP_TEST_AND_CLEAR_YOUNG
static inline int ptep_test_and_clear_young(struct vm_area_struct *vma, unsigned long addr, pte_t *ptep)
{
	return pte_young(READ_ONCE(*ptep)) && test_and_clear_bit(_PAGE_BIT_ACCESSED, &ptep->pte);
}

/* The vCPUs fill their spaces by walking the table after a fault, so there is nothing to do when an entry is made. */
#define update_mmu_cache_range(vmf, vma, addr, ptep, nr)	do { } while (0)
#define update_mmu_cache(vma, addr, ptep)			do { } while (0)
#define update_mmu_cache_pmd(vma, addr, pmdp)			do { } while (0)
#define update_mmu_cache_pud(vma, addr, pudp)			do { } while (0)
#define flush_tlb_fix_spurious_fault(vma, addr, ptep)		do { } while (0)
#define flush_tlb_fix_spurious_fault_pmd(vma, addr, pmdp)	do { } while (0)

#ifdef CONFIG_NUMA_BALANCING
static inline int pte_protnone(pte_t pte)
{
	return (pte_val(pte) & (_PAGE_PROTNONE | _PAGE_PRESENT)) == _PAGE_PROTNONE;
}

static inline int pmd_protnone(pmd_t pmd)
{
	return (pmd_val(pmd) & (_PAGE_PROTNONE | _PAGE_PRESENT)) == _PAGE_PROTNONE;
}
#endif

/*
 * Swap entries. Migration entries of huge pages have the same format in a pmd.
 */
#define __SWP_TYPE_SHIFT	58
#define __SWP_TYPE_BITS		5
#define __SWP_OFFSET_SHIFT	12
#define __SWP_OFFSET_MASK	(_BITUL(__SWP_TYPE_SHIFT - __SWP_OFFSET_SHIFT) - 1)

#define __swp_type(entry)	(((entry).val >> __SWP_TYPE_SHIFT) & (_BITUL(__SWP_TYPE_BITS) - 1))
#define __swp_offset(entry)	(((entry).val >> __SWP_OFFSET_SHIFT) & __SWP_OFFSET_MASK)
#define __swp_entry(type, offset)						\
	((swp_entry_t) { ((unsigned long)(type) << __SWP_TYPE_SHIFT) |		\
			 (((unsigned long)(offset) & __SWP_OFFSET_MASK) << __SWP_OFFSET_SHIFT) })
#define __pte_to_swp_entry(pte)	((swp_entry_t) { pte_val(pte) })
#define __swp_entry_to_pte(entry) __pte((entry).val)
#define __pmd_to_swp_entry(pmd)	((swp_entry_t) { pmd_val(pmd) })
#define __swp_entry_to_pmd(entry) __pmd((entry).val)

static inline int pte_swp_exclusive(pte_t pte)
{
	return !!(pte_val(pte) & _PAGE_SWP_EXCLUSIVE);
}

static inline pte_t pte_swp_mkexclusive(pte_t pte)
{
	return __pte_set(pte, _PAGE_SWP_EXCLUSIVE);
}

static inline pte_t pte_swp_clear_exclusive(pte_t pte)
{
	return __pte_clear(pte, _PAGE_SWP_EXCLUSIVE);
}

#include <asm/pgtable-huge.h>
#include <asm/pgtable-track.h>

#endif /* __ASSEMBLY__ */

#endif /* _ASM_UM_PGTABLE_H */
