/* SPDX-License-Identifier: GPL-2.0 */
/*
 * asm/archrandom.h - random numbers from the processor, where it has the instructions
 */
#ifndef _ASM_UM_ARCHRANDOM_H
#define _ASM_UM_ARCHRANDOM_H

#include <asm/cpufeature.h>

#define UM_RDRAND_TRIES	10	/* by the manual, more than this means that it is broken */

static inline bool __must_check __um_rdrand(unsigned long *v)
{
	unsigned int tries = UM_RDRAND_TRIES;
	bool ok;

	do {
		asm volatile("rdrand %1" : "=@ccc" (ok), "=r" (*v));
	} while (!ok && --tries);
	return ok;
}

static inline size_t __must_check arch_get_random_longs(unsigned long *v, size_t max_longs)
{
	return max_longs && um_cpu_has(X86_FEATURE_RDRAND) && __um_rdrand(v) ? 1 : 0;
}

static inline size_t __must_check arch_get_random_seed_longs(unsigned long *v, size_t max_longs)
{
	bool ok;

	if (!max_longs || !um_cpu_has(X86_FEATURE_RDSEED))
		return 0;
	asm volatile("rdseed %1" : "=@ccc" (ok), "=r" (*v));
	return ok ? 1 : 0;
}

#endif /* _ASM_UM_ARCHRANDOM_H */
