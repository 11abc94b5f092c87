// SPDX-License-Identifier: GPL-2.0
/*
 * folios.c - anonymous memory in folios of 64 KiB
 *
 * A fault costs three switches between host threads, whatever its size, and mapping 16 contiguous pages costs the host little more than mapping one.
 * So the first touch of anonymous memory gets 64 KiB where the area allows. It is the default of the generic control,
 * /sys/kernel/mm/transparent_hugepage/hugepages-64kB/enabled, where it can be changed.
 */

#include <linux/init.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/sizes.h>

#ifdef CONFIG_TRANSPARENT_HUGEPAGE
static int __init um_folios_init(void)
{
	huge_anon_orders_always |= BIT(ilog2(SZ_64K) - PAGE_SHIFT);
	return 0;
}
fs_initcall(um_folios_init);
#endif
