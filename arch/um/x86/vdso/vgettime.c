// SPDX-License-Identifier: GPL-2.0
/*
 * vgettime.c - the time functions of the vDSO
 *
 * The generic implementation, lib/vdso/gettimeofday.c, is put before this file by the Makefile. The weak names
 * without prefix are those that programs which link the vDSO by hand expect.
 */

#include <linux/time.h>
#include <linux/types.h>
#include <vdso/gettime.h>

int __vdso_clock_gettime(clockid_t clock, struct __kernel_timespec *ts)
{
	return __cvdso_clock_gettime(clock, ts);
}

int __vdso_clock_getres(clockid_t clock, struct __kernel_timespec *res)
{
	return __cvdso_clock_getres(clock, res);
}

int __vdso_gettimeofday(struct __kernel_old_timeval *tv, struct timezone *tz)
{
	return __cvdso_gettimeofday(tv, tz);
}

__kernel_old_time_t __vdso_time(__kernel_old_time_t *t)
{
	return __cvdso_time(t);
}

int clock_gettime(clockid_t clock, struct __kernel_timespec *ts) __weak __alias(__vdso_clock_gettime);
int clock_getres(clockid_t clock, struct __kernel_timespec *res) __weak __alias(__vdso_clock_getres);
int gettimeofday(struct __kernel_old_timeval *tv, struct timezone *tz) __weak __alias(__vdso_gettimeofday);
__kernel_old_time_t time(__kernel_old_time_t *t) __weak __alias(__vdso_time);
