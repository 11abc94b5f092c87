/* SPDX-License-Identifier: GPL-2.0 */
/*
 * asm/vdso/gettimeofday.h - reading the clock in a guest program
 *
 * The clock source counts host nanoseconds. The kernel gets them from host_clock_ns(), the vDSO computes the same
 * number from the TSC and the parameters in struct um_clock_params, so that a program reads the time without leaving
 * user mode. If the host's TSC is not to be trusted, the parameters say so and the vDSO does the system call.
 *
 * The TSCs of two host processors may differ by a few cycles. A value from before a base (the parameters' or the
 * timekeeper's) therefore counts as the base: time stands still for an instant and never goes back behind it.
 */
#ifndef _ASM_UM_VDSO_GETTIMEOFDAY_H
#define _ASM_UM_VDSO_GETTIMEOFDAY_H

#ifndef __ASSEMBLY__

#include <linux/compiler.h>
#include <linux/types.h>
#include <asm/barrier.h>
#include <asm/unistd.h>
#include <uapi/linux/time.h>
#include <vdso/limits.h>
#include <vdso/processor.h>
#include <um/clock.h>

#define VDSO_HAS_TIME		1
#define VDSO_HAS_CLOCK_GETRES	1

/* Placed by vdso.lds.S. Not const: it changes while we look. */
extern struct um_clock_params _um_clock_params __attribute__((visibility("hidden")));

static __always_inline const struct vdso_data *__arch_get_vdso_data(void)
{
	return _vdso_data;
}

#ifdef CONFIG_TIME_NS
static __always_inline const struct vdso_data *__arch_get_timens_vdso_data(const struct vdso_data *vd)
{
	return _timens_data;
}
#endif

/* The fence keeps the TSC from being read before the loads that precede it. */
static __always_inline u64 um_vdso_read_tsc(void)
{
	u32 lo, hi;

	asm volatile("lfence\n\trdtsc" : "=a" (lo), "=d" (hi) : : "memory");
	return lo | (u64)hi << 32;
}

#define UM_NO_COUNTER	ULLONG_MAX

static __always_inline u64 __arch_get_hw_counter(s32 clock_mode, const struct vdso_data *vd)
{
	const struct um_clock_params *p = &_um_clock_params;
	u64 delta, ns;
	u32 seq;

	do {
		while (unlikely((seq = READ_ONCE(p->seq)) & 1))
			cpu_relax();
		smp_rmb();
		if (unlikely(READ_ONCE(p->mode) != UM_CLOCK_TSC))
			return UM_NO_COUNTER;
		delta = um_vdso_read_tsc() - READ_ONCE(p->base_tsc);
		if (unlikely((s64)delta < 0))
			delta = 0;
		ns = READ_ONCE(p->base_ns);
		ns += (u64)(((unsigned __int128)delta * READ_ONCE(p->mult)) >> READ_ONCE(p->shift));
		smp_rmb();
	} while (unlikely(READ_ONCE(p->seq) != seq));

	return ns;
}

static __always_inline bool um_vdso_cycles_ok(u64 cycles)
{
	return cycles != UM_NO_COUNTER;
}
#define vdso_cycles_ok um_vdso_cycles_ok

/* In 128 bits, so that no time between two updates is too long, not even a night in which the host slept. */
static __always_inline u64 um_vdso_calc_ns(const struct vdso_data *vd, u64 cycles, u64 base)
{
	s64 delta = cycles - vd->cycle_last;

	if (unlikely(delta < 0))
		delta = 0;
	return (u64)(((unsigned __int128)delta * vd->mult + base) >> vd->shift);
}
#define vdso_calc_ns um_vdso_calc_ns

static __always_inline long um_vdso_syscall2(long nr, long a, long b)
{
	long ret;

	asm volatile("syscall" : "=a" (ret) : "0" (nr), "D" (a), "S" (b) : "rcx", "r11", "memory");
	return ret;
}

static __always_inline long clock_gettime_fallback(clockid_t clock, struct __kernel_timespec *ts)
{
	return um_vdso_syscall2(__NR_clock_gettime, clock, (long)ts);
}

static __always_inline long gettimeofday_fallback(struct __kernel_old_timeval *tv, struct timezone *tz)
{
	return um_vdso_syscall2(__NR_gettimeofday, (long)tv, (long)tz);
}

static __always_inline long clock_getres_fallback(clockid_t clock, struct __kernel_timespec *ts)
{
	return um_vdso_syscall2(__NR_clock_getres, clock, (long)ts);
}

#endif /* !__ASSEMBLY__ */

#endif /* _ASM_UM_VDSO_GETTIMEOFDAY_H */
