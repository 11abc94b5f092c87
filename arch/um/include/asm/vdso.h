/* SPDX-License-Identifier: GPL-2.0 */
/*
 * asm/vdso.h - the vDSO: code that the kernel maps into every program, and the data that it reads there
 *
 *	[vvar]	page 0	struct vdso_data: the timekeeper's parameters
 *		page 1	the same, where page 0 belongs to a time namespace
 *		page 2	struct um_clock_params (um/clock.h): how to make host nanoseconds from the TSC
 *	[vdso]	the shared object (x86/vdso/), which finds these pages just below itself
 */
#ifndef _ASM_UM_VDSO_H
#define _ASM_UM_VDSO_H

#define UM_VVAR_DATA_PAGE	0
#define UM_VVAR_TIMENS_PAGE	1
#define UM_VVAR_CLOCK_PAGE	2
#define UM_VVAR_PAGES		3

#ifndef __ASSEMBLY__

struct um_clock_params;

/* The page that holds nothing but the clock's parameters: kernel/time.c */
extern struct um_clock_params *um_clock_params;

#endif /* !__ASSEMBLY__ */

#endif /* _ASM_UM_VDSO_H */
