/* SPDX-License-Identifier: GPL-2.0 */
/*
 * cpuid.h - the CPUID and XGETBV instructions, which a host process may execute as well as its kernel
 */
#ifndef _UM_X86_CPUID_H
#define _UM_X86_CPUID_H

#include <linux/types.h>

struct um_cpuid {
	u32 eax, ebx, ecx, edx;
};

static inline struct um_cpuid um_cpuid(u32 leaf, u32 subleaf)
{
	struct um_cpuid r;

	asm volatile("cpuid"
		     : "=a" (r.eax), "=b" (r.ebx), "=c" (r.ecx), "=d" (r.edx)
		     : "a" (leaf), "c" (subleaf));
	return r;
}

/* Highest basic leaf. */
static inline u32 um_cpuid_max(void)
{
	return um_cpuid(0, 0).eax;
}

/* XCR0: the state components that the host's kernel has enabled for its programs. */
static inline u64 um_xgetbv0(void)
{
	u32 lo, hi;

	asm volatile("xgetbv" : "=a" (lo), "=d" (hi) : "c" (0));
	return lo | (u64)hi << 32;
}

#endif /* _UM_X86_CPUID_H */
