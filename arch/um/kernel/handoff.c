// SPDX-License-Identifier: GPL-2.0
/*
 * handoff.c - /proc/handoff: how guest programs and the guest kernel hand over to each other on each vCPU (host/handoff.c), and how many system calls
 * came by traps and from patched call sites (mm/sites.c)
 */

#include <linux/cpumask.h>
#include <linux/init.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include <um/place.h>

#include "core.h"

static int handoff_show(struct seq_file *m, void *v)
{
	const struct um_call_stats *calls;
	struct host_handoff_stats s;
	int cpu;

	seq_puts(m, "cpu now kernel_cpu user_cpu pair quick slept turns changes trapped patched\n");
	for_each_online_cpu(cpu) {
		host_handoff_stats(cpu, &s);
		calls = per_cpu_ptr(&um_call_stats, cpu);
		seq_printf(m, "%d %s %d %d %llu %llu %llu %llu %llu %llu %llu\n", cpu, s.apart ? "split" : "pair", s.kernel_cpu, s.user_cpu,
			   s.pair, s.quick, s.slept, s.turns, s.changes, calls->trapped, calls->patched);
	}
	return 0;
}

static int __init handoff_init(void)
{
	return proc_create_single("handoff", 0444, NULL, handoff_show) ? 0 : -ENOMEM;
}
fs_initcall(handoff_init);
