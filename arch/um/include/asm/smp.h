/* SPDX-License-Identifier: GPL-2.0 */
/* asm/smp.h - inter-processor interrupts (kernel/smp.c) */
#ifndef _ASM_UM_SMP_H
#define _ASM_UM_SMP_H

#ifdef CONFIG_SMP

#include <linux/cpumask.h>
#include <linux/thread_info.h>

#define raw_smp_processor_id()	(current_thread_info()->cpu)

void arch_send_call_function_single_ipi(int cpu);
void arch_send_call_function_ipi_mask(const struct cpumask *mask);
void um_ipi_interrupt(void);

#else

static inline void um_ipi_interrupt(void)
{
}

#endif /* CONFIG_SMP */

#endif /* _ASM_UM_SMP_H */
