/* SPDX-License-Identifier: GPL-2.0 */
/*
 * asm/pgtable-track.h - bits for those who watch a program's memory: userfaultfd and soft-dirty; part of asm/pgtable.h
 */
#ifndef _ASM_UM_PGTABLE_TRACK_H
#define _ASM_UM_PGTABLE_TRACK_H

#ifdef CONFIG_HAVE_ARCH_USERFAULTFD_WP

static inline int pte_uffd_wp(pte_t pte)
{
	return !!(pte_val(pte) & _PAGE_UFFD_WP);
}

static inline pte_t pte_mkuffd_wp(pte_t pte)
{
	return pte_wrprotect(__pte_set(pte, _PAGE_UFFD_WP));
}

static inline pte_t pte_clear_uffd_wp(pte_t pte)
{
	return __pte_clear(pte, _PAGE_UFFD_WP);
}

static inline int pmd_uffd_wp(pmd_t pmd)
{
	return pte_uffd_wp(pmd_pte(pmd));
}

static inline pmd_t pmd_mkuffd_wp(pmd_t pmd)
{
	return pte_pmd(pte_mkuffd_wp(pmd_pte(pmd)));
}

static inline pmd_t pmd_clear_uffd_wp(pmd_t pmd)
{
	return pte_pmd(pte_clear_uffd_wp(pmd_pte(pmd)));
}

static inline int pte_swp_uffd_wp(pte_t pte)
{
	return !!(pte_val(pte) & _PAGE_SWP_UFFD_WP);
}

static inline pte_t pte_swp_mkuffd_wp(pte_t pte)
{
	return __pte_set(pte, _PAGE_SWP_UFFD_WP);
}

static inline pte_t pte_swp_clear_uffd_wp(pte_t pte)
{
	return __pte_clear(pte, _PAGE_SWP_UFFD_WP);
}

static inline int pmd_swp_uffd_wp(pmd_t pmd)
{
	return pte_swp_uffd_wp(pmd_pte(pmd));
}

static inline pmd_t pmd_swp_mkuffd_wp(pmd_t pmd)
{
	return pte_pmd(pte_swp_mkuffd_wp(pmd_pte(pmd)));
}

static inline pmd_t pmd_swp_clear_uffd_wp(pmd_t pmd)
{
	return pte_pmd(pte_swp_clear_uffd_wp(pmd_pte(pmd)));
}

#endif /* CONFIG_HAVE_ARCH_USERFAULTFD_WP */

#ifdef CONFIG_HAVE_ARCH_SOFT_DIRTY

static inline int pte_soft_dirty(pte_t pte)
{
	return !!(pte_val(pte) & _PAGE_SOFT_DIRTY);
}

static inline pte_t pte_mksoft_dirty(pte_t pte)
{
	return __pte_set(pte, _PAGE_SOFT_DIRTY);
}

static inline pte_t pte_clear_soft_dirty(pte_t pte)
{
	return __pte_clear(pte, _PAGE_SOFT_DIRTY);
}

static inline int pmd_soft_dirty(pmd_t pmd)
{
	return pte_soft_dirty(pmd_pte(pmd));
}

static inline pmd_t pmd_mksoft_dirty(pmd_t pmd)
{
	return pte_pmd(pte_mksoft_dirty(pmd_pte(pmd)));
}

static inline pmd_t pmd_clear_soft_dirty(pmd_t pmd)
{
	return pte_pmd(pte_clear_soft_dirty(pmd_pte(pmd)));
}

static inline int pte_swp_soft_dirty(pte_t pte)
{
	return !!(pte_val(pte) & _PAGE_SWP_SOFT_DIRTY);
}

static inline pte_t pte_swp_mksoft_dirty(pte_t pte)
{
	return __pte_set(pte, _PAGE_SWP_SOFT_DIRTY);
}

static inline pte_t pte_swp_clear_soft_dirty(pte_t pte)
{
	return __pte_clear(pte, _PAGE_SWP_SOFT_DIRTY);
}

#ifdef CONFIG_ARCH_ENABLE_THP_MIGRATION
static inline int pmd_swp_soft_dirty(pmd_t pmd)
{
	return pte_swp_soft_dirty(pmd_pte(pmd));
}

static inline pmd_t pmd_swp_mksoft_dirty(pmd_t pmd)
{
	return pte_pmd(pte_swp_mksoft_dirty(pmd_pte(pmd)));
}

static inline pmd_t pmd_swp_clear_soft_dirty(pmd_t pmd)
{
	return pte_pmd(pte_swp_clear_soft_dirty(pmd_pte(pmd)));
}
#endif

#endif /* CONFIG_HAVE_ARCH_SOFT_DIRTY */

#endif /* _ASM_UM_PGTABLE_TRACK_H */
