// SPDX-License-Identifier: GPL-2.0
/*
 * kasan.c - the address sanitizer's shadow
 *
 * The host side maps all of the shadow as zeroed memory before it does anything else, because it finds um_kasan_enabled
 * in this kernel (host/mem.c). Zero means accessible, so code runs checked from its first instruction, and only
 * reports must wait. The red zones of global variables come with the constructors (call_constructors() in kernel/setup.c).
 */

#include <linux/init.h>
#include <linux/kasan.h>
#include <linux/printk.h>
#include <linux/sched/task.h>
#include <asm/kasan.h>
#include <um/boot.h>

static_assert(KASAN_SHADOW_OFFSET == UM_KASAN_SHADOW);

const unsigned int um_kasan_enabled = 1;

void __init kasan_init(void)
{
	init_task.kasan_depth = 0;
	pr_info("KernelAddressSanitizer initialized\n");
}
