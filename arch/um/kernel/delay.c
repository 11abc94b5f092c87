// SPDX-License-Identifier: GPL-2.0
/*
 * delay.c - udelay() and friends: look at the host's clock until the time has passed
 *
 * The wait is never shorter than asked for, whatever the host does with the vCPU meanwhile.
 */

#include <linux/delay.h>
#include <linux/export.h>
#include <linux/jiffies.h>
#include <linux/math64.h>
#include <linux/processor.h>
#include <linux/time64.h>
#include <asm/barrier.h>
#include <um/clock.h>

static void wait_ns(u64 ns)
{
	u64 end = host_clock_ns() + ns;
	unsigned int turns = 0;

	while ((s64)(host_clock_ns() - end) < 0)
		um_spin_wait(turns);
}

void __ndelay(unsigned long nsecs)
{
	wait_ns(nsecs);
}
EXPORT_SYMBOL(__ndelay);

void __udelay(unsigned long usecs)
{
	wait_ns((u64)usecs * NSEC_PER_USEC);
}
EXPORT_SYMBOL(__udelay);

/* @xloops: 2^-32 seconds */
void __const_udelay(unsigned long xloops)
{
	wait_ns(mul_u64_u32_shr(xloops, NSEC_PER_SEC, 32) + 1);
}
EXPORT_SYMBOL(__const_udelay);

/* @loops: of calibrate_delay()'s loops_per_jiffy */
void __delay(unsigned long loops)
{
	wait_ns(mul_u64_u64_div_u64(loops, TICK_NSEC, loops_per_jiffy));
}
EXPORT_SYMBOL(__delay);
