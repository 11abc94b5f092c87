/* SPDX-License-Identifier: GPL-2.0 */
/*
 * asm/kasan.h - the shadow: one byte for eight, from address 0, so that every address of the process has one
 *
 * All of it is zeroed, writable host memory before the first checked instruction runs (host/mem.c), so there is no early
 * shadow to replace; only vmalloc's part is then backed page by page.
 */
#ifndef _ASM_UM_KASAN_H
#define _ASM_UM_KASAN_H

#include <linux/const.h>
#include <um/layout.h>

#define KASAN_SHADOW_SCALE_SHIFT	3
#define KASAN_SHADOW_OFFSET	_AC(CONFIG_KASAN_SHADOW_OFFSET, UL)
#define KASAN_SHADOW_START	UM_KASAN_SHADOW
#define KASAN_SHADOW_END	(UM_KASAN_SHADOW + UM_KASAN_SHADOW_SIZE)

#ifndef __ASSEMBLY__
#ifdef CONFIG_KASAN
void kasan_init(void);
#else
static inline void kasan_init(void) { }
#endif
#endif /* __ASSEMBLY__ */

#endif /* _ASM_UM_KASAN_H */
