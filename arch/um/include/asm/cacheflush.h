/* SPDX-License-Identifier: GPL-2.0 */
/*
 * asm/cacheflush.h - caches are coherent; what must be told is that kernel addresses got pages, and that text has changed
 *
 * flush_dcache_folio() is called after the kernel has written to a page that programs may have mapped: copies of text are out of date then
 * (mm/sites.c). vmalloc() and friends write init_mm's tables and then call flush_cache_vmap(), which makes the host mappings; their
 * counterpart is flush_tlb_kernel_range().
 */
#ifndef _ASM_UM_CACHEFLUSH_H
#define _ASM_UM_CACHEFLUSH_H

#include <linux/mm.h>

#define flush_cache_vmap(start, end)		um_kernel_map(start, end)
#define flush_cache_vmap_early(start, end)	um_kernel_map(start, end)

void um_sites_written(struct folio *folio);

#define ARCH_IMPLEMENTS_FLUSH_DCACHE_PAGE 1

#define flush_dcache_folio flush_dcache_folio
static inline void flush_dcache_folio(struct folio *folio)
{
	if (unlikely(test_bit(PG_arch_1, &folio->flags)))
		um_sites_written(folio);
}

static inline void flush_dcache_page(struct page *page)
{
	flush_dcache_folio(page_folio(page));
}

#include <asm-generic/cacheflush.h>

#endif /* _ASM_UM_CACHEFLUSH_H */
