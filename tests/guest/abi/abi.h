/* SPDX-License-Identifier: GPL-2.0 */
/*
 * abi.h - the processor's state as the ABI tests look at it: XSAVE images, vector registers, raw system calls
 */
#ifndef _ABI_H
#define _ABI_H

#include <cpuid.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MAGIC1		0x46505853u	/* FP_XSTATE_MAGIC1 */
#define MAGIC2		0x46505845u
#define XSTATE_SW	464		/* where software keeps its own words in an image */
#define XSTATE_HEADER	512
#define XFEATURE_AVX	4ull

#ifndef AT_MINSIGSTKSZ
#define AT_MINSIGSTKSZ	51
#endif

static inline uint64_t load64(const void *at)
{
	uint64_t v;

	memcpy(&v, at, sizeof(v));
	return v;
}

static inline uint32_t load32(const void *at)
{
	uint32_t v;

	memcpy(&v, at, sizeof(v));
	return v;
}

static inline uint64_t xcr0(void)
{
	uint32_t a, b, c, d, lo, hi;

	__cpuid(1, a, b, c, d);
	if (!(c & bit_OSXSAVE))
		return 3;
	__asm__ volatile("xgetbv" : "=a"(lo), "=d"(hi) : "c"(0));
	return lo | (uint64_t)hi << 32;
}

static inline int have_avx(void)
{
	return (xcr0() & 6) == 6;
}

/* Offset in an image of the upper halves of the ymm registers. */
static inline unsigned int ymmh_offset(void)
{
	uint32_t a, b, c, d;

	__cpuid_count(0xd, 2, a, b, c, d);
	return b;
}

/* A system call as the kernel answers it, without the C library's errno. */
static inline long raw6(long nr, long a, long b, long c, long d, long e, long f)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	long ret;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return ret;
}

static inline long raw2(long nr, long a, long b)
{
	return raw6(nr, a, b, 0, 0, 0, 0);
}

#endif /* _ABI_H */
