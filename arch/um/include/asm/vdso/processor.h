/* SPDX-License-Identifier: GPL-2.0 */
/*
 * asm/vdso/processor.h - what a spinning reader in the vDSO does between two looks
 */
#ifndef _ASM_UM_VDSO_PROCESSOR_H
#define _ASM_UM_VDSO_PROCESSOR_H

#ifndef __ASSEMBLY__

static __always_inline void cpu_relax(void)
{
	asm volatile("pause" ::: "memory");
}

#endif /* !__ASSEMBLY__ */

#endif /* _ASM_UM_VDSO_PROCESSOR_H */
