/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ASM_UM_ARCH_HWEIGHT_H
#define _ASM_UM_ARCH_HWEIGHT_H

/* popcnt is not in the x86-64 baseline that the kernel is built for. */
#include <asm-generic/bitops/arch_hweight.h>

#endif /* _ASM_UM_ARCH_HWEIGHT_H */
