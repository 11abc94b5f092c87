/* SPDX-License-Identifier: GPL-2.0 */
/*
 * asm/timex.h - a cycle counter: the host's time-stamp counter, for entropy and rough measurements (time is um/clock.h)
 */
#ifndef _ASM_UM_TIMEX_H
#define _ASM_UM_TIMEX_H

#define get_cycles get_cycles
static __always_inline unsigned long get_cycles(void)
{
	unsigned int low, high;

	asm volatile("rdtsc" : "=a" (low), "=d" (high));
	return ((unsigned long)high << 32) | low;
}

#define random_get_entropy()	get_cycles()

#include <asm-generic/timex.h>

#endif /* _ASM_UM_TIMEX_H */
