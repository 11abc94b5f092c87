/* SPDX-License-Identifier: GPL-2.0 */
/*
 * asm/vdso/vsyscall.h - where the timekeeper writes what the vDSO reads
 */
#ifndef _ASM_UM_VDSO_VSYSCALL_H
#define _ASM_UM_VDSO_VSYSCALL_H

#ifndef __ASSEMBLY__

#include <vdso/datapage.h>

extern union vdso_data_store um_vdso_data;	/* x86/vdso.c */

static __always_inline struct vdso_data *um_kernel_vdso_data(void)
{
	return um_vdso_data.data;
}
#define __arch_get_k_vdso_data um_kernel_vdso_data

#include <asm-generic/vdso/vsyscall.h>

#endif /* !__ASSEMBLY__ */

#endif /* _ASM_UM_VDSO_VSYSCALL_H */
