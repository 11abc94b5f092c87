/* SPDX-License-Identifier: GPL-2.0 */
/*
 * asm/cacheflush.h - caches are coherent; what must be told is that kernel addresses got pages
 *
 * vmalloc() and friends write init_mm's tables and then call flush_cache_vmap(), which makes the host mappings; their
 * counterpart is flush_tlb_kernel_range().
 */
#ifndef _ASM_UM_CACHEFLUSH_H
#define _ASM_UM_CACHEFLUSH_H

#include <linux/mm.h>

#define flush_cache_vmap(start, end)		um_kernel_map(start, end)
#define flush_cache_vmap_early(start, end)	um_kernel_map(start, end)

#include <asm-generic/cacheflush.h>

#endif /* _ASM_UM_CACHEFLUSH_H */
