/* SPDX-License-Identifier: GPL-2.0 */
/* asm/hardirq.h - per-CPU interrupt counts for /proc/interrupts */
#ifndef _ASM_UM_HARDIRQ_H
#define _ASM_UM_HARDIRQ_H

#include <linux/cache.h>
#include <linux/percpu.h>
#include <linux/threads.h>

typedef struct {
	unsigned int __softirq_pending;
	unsigned int timer_irqs;
	unsigned int resched_irqs;
	unsigned int call_irqs;
	unsigned int work_irqs;
} ____cacheline_aligned irq_cpustat_t;

DECLARE_PER_CPU_SHARED_ALIGNED(irq_cpustat_t, irq_stat);

#define __ARCH_IRQ_STAT
#define inc_irq_stat(member)	this_cpu_inc(irq_stat.member)

u64 arch_irq_stat_cpu(unsigned int cpu);
#define arch_irq_stat_cpu arch_irq_stat_cpu

#define arch_irq_stat_cpu arch_irq_stat_cpu
u64 arch_irq_stat_cpu(unsigned int cpu);

void ack_bad_irq(unsigned int irq);

#endif /* _ASM_UM_HARDIRQ_H */
