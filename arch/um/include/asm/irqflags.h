/* SPDX-License-Identifier: GPL-2.0 */
/*
 * asm/irqflags.h - interrupts are masked by a flag in struct um_cpu
 *
 * Off is one store. On is a store and a look at what came meanwhile: the signal handler has left it in um_cpu.pending.
 * Between store and look an interrupt may be taken, and the task may even move; the look then sees another
 * vCPU's bits, and um_irq_replay() finds nothing to do. The saved flags are the value of irq_off: nonzero is off.
 */
#ifndef _ASM_UM_IRQFLAGS_H
#define _ASM_UM_IRQFLAGS_H

#ifndef __ASSEMBLY__

#include <linux/compiler.h>
#include <asm/current.h>

/* Take the interrupts that are pending on this vCPU, as if they came now; called with interrupts on (kernel/irq.c). */
void um_irq_replay(void);

static __always_inline unsigned long arch_local_save_flags(void)
{
	unsigned int off;

	asm volatile("movl %%gs:%c1, %0" : "=r" (off) : "i" (&um_cpu.irq_off) : "memory");
	return off;
}

static __always_inline void arch_local_irq_disable(void)
{
	asm volatile("movl $1, %%gs:%c0" : : "i" (&um_cpu.irq_off) : "memory");
}

static __always_inline void arch_local_irq_enable(void)
{
	unsigned int pending;

	asm volatile("movl $0, %%gs:%c1\n\t"
		     "movl %%gs:%c2, %0"
		     : "=r" (pending)
		     : "i" (&um_cpu.irq_off), "i" (&um_cpu.pending)
		     : "memory");
	if (unlikely(pending))
		um_irq_replay();
}

static __always_inline unsigned long arch_local_irq_save(void)
{
	unsigned long flags = arch_local_save_flags();

	arch_local_irq_disable();
	return flags;
}

static __always_inline bool arch_irqs_disabled_flags(unsigned long flags)
{
	return flags != 0;
}

static __always_inline void arch_local_irq_restore(unsigned long flags)
{
	if (!arch_irqs_disabled_flags(flags))
		arch_local_irq_enable();
	else
		arch_local_irq_disable();
}

static __always_inline bool arch_irqs_disabled(void)
{
	return arch_irqs_disabled_flags(arch_local_save_flags());
}

#endif /* __ASSEMBLY__ */

#endif /* _ASM_UM_IRQFLAGS_H */
