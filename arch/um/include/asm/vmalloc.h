/* SPDX-License-Identifier: GPL-2.0 */
/*
 * asm/vmalloc.h - large areas get pages of 2 MiB: one host mapping instead of many, of which the host allows a limited number
 */
#ifndef _ASM_UM_VMALLOC_H
#define _ASM_UM_VMALLOC_H

#include <asm/page.h>

#define arch_vmap_pmd_supported arch_vmap_pmd_supported
static inline bool arch_vmap_pmd_supported(pgprot_t prot)
{
	return true;
}

#endif /* _ASM_UM_VMALLOC_H */
