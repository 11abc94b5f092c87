// SPDX-License-Identifier: GPL-2.0
/*
 * folios.c - anonymous memory in folios of up to 64 KiB
 *
 * A fault costs three switches between host threads, whatever its size, and mapping 16 contiguous pages costs the host little more than mapping one.
 * So the first touch of anonymous memory gets 64 KiB where the area allows, or 32 or 16. These are defaults of the generic controls,
 * /sys/kernel/mm/transparent_hugepage/hugepages-64kB/enabled and its like, where they can be changed.
 */

#include <linux/init.h>
#include <linux/mm.h>
#include <linux/sizes.h>

#ifdef CONFIG_TRANSPARENT_HUGEPAGE
static int __init um_folios_init(void)
{
	huge_anon_orders_always |= BIT(get_order(SZ_64K)) | BIT(get_order(SZ_32K)) | BIT(get_order(SZ_16K));
	return 0;
}
fs_initcall(um_folios_init);
#endif
