/* SPDX-License-Identifier: GPL-2.0 */
/*
 * asm/timex.h - a cycle counter: the host's time-stamp counter, for entropy and rough measurements (time is um/clock.h)
 */
#ifndef _ASM_UM_TIMEX_H
#define _ASM_UM_TIMEX_H

typedef unsigned long long cycles_t;

#define get_cycles get_cycles
static __always_inline cycles_t get_cycles(void)
{
	unsigned int low, high;

	asm volatile("rdtsc" : "=a" (low), "=d" (high));
	return ((cycles_t)high << 32) | low;
}

#define random_get_entropy()	((unsigned long)get_cycles())

#include <asm-generic/timex.h>

#endif /* _ASM_UM_TIMEX_H */
