/* SPDX-License-Identifier: GPL-2.0 */
/*
 * asm/vdso/clocksource.h - the ways in which the vDSO can read a clock source
 *
 * VDSO_CLOCKMODE_UM: host nanoseconds, from the page struct um_clock_params (um/clock.h).
 */
#ifndef _ASM_UM_VDSO_CLOCKSOURCE_H
#define _ASM_UM_VDSO_CLOCKSOURCE_H

#define VDSO_ARCH_CLOCKMODES	\
	VDSO_CLOCKMODE_UM

#endif /* _ASM_UM_VDSO_CLOCKSOURCE_H */
