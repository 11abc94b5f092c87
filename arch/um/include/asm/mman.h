/* SPDX-License-Identifier: GPL-2.0 */
/*
 * asm/mman.h - x86-64's mmap flags; the search for free addresses is ours because of MAP_32BIT (x86/mmap.c)
 */
#ifndef _ASM_UM_MMAN_H
#define _ASM_UM_MMAN_H

#define HAVE_ARCH_UNMAPPED_AREA
#define HAVE_ARCH_UNMAPPED_AREA_TOPDOWN

#include <uapi/asm/mman.h>

#endif /* _ASM_UM_MMAN_H */
