/* SPDX-License-Identifier: GPL-2.0 */
/*
 * um/cpu.h - virtual CPUs: host threads that run guest kernel code
 *
 * What:     vCPU n is one host thread of the kernel process. %gs of that thread is based at the per-CPU offset of n, so
 *           that a per-CPU variable is %gs:variable, and struct um_cpu (one for each vCPU) is %gs:um_cpu.
 * Irqs:     an interrupt is a bit in um_cpu.pending plus a host signal that makes the thread look. While um_cpu.irq_off is
 *           set the signal handler leaves it at the bit; who clears irq_off looks at the bits (asm/irqflags.h). Otherwise
 *           the handler makes the interrupted code call um_irq_entry (kernel/entry.S) with the interrupted registers on
 *           the interrupted stack, as a processor does; it never runs guest code on the signal stack.
 * Blocking: host_cpu_idle() and host_space_run() sleep; both return at once when a bit is pending.
 * Errors:   0 or negative Linux errno.
 */
#ifndef _UM_CPU_H
#define _UM_CPU_H

#include <um/types.h>

struct um_regs;

/* Bits of um_cpu.pending. */
#define UM_PEND_TIMER	0x01u	/* the vCPU's one-shot timer has expired */
#define UM_PEND_IPI	0x02u	/* another vCPU wants something: see the guest's own per-CPU mask */
#define UM_PEND_IRQ	0x04u	/* a line is set in um_irq_lines (vCPU 0 only) */
#define UM_PEND_SPACE	0x08u	/* a space died: host_space_run() looks; nothing for the guest to do */

/**
 * struct um_cpu - what the host side, assembly and the guest share about one vCPU
 * @pending:  UM_PEND_*; set atomically by anyone, cleared by the vCPU itself
 * @irq_off:  local interrupts are masked; written by the vCPU only
 * @current_task: the guest's struct task_struct
 * @id:       number of the vCPU
 * @host_tid: host thread id, for signals; 0 until the thread runs
 * @host:     the host side's own record
 */
struct um_cpu {
	__u32 pending;
	__u32 irq_off;
	void *current_task;
	__u32 id;
	__u32 host_tid;
	void *host;
};

/* One bit for each interrupt line of a device; see host_irq_raise(). */
#define UM_NR_LINES	64
extern __u64 um_irq_lines;

/**
 * host_cpu_init_boot() - make the calling thread vCPU 0
 * @cpu: its struct um_cpu; %gs is still based at 0, so this is the static copy
 *
 * Called once, on the main thread, before any guest code runs: signal stacks and handlers.
 */
int host_cpu_init_boot(struct um_cpu *cpu);

/**
 * host_cpu_set_base() - set the calling vCPU's %gs base
 * @offset: per-CPU offset
 * @cpu:    &um_cpu in the area now in force
 */
void host_cpu_set_base(unsigned long offset, struct um_cpu *cpu);

/**
 * host_cpu_start() - start vCPU @cpu->id on a new host thread
 * @cpu:    its struct um_cpu in its per-CPU area, @id and @current_task set, irq_off = 1
 * @offset: per-CPU offset
 * @stack:  initial stack pointer: top of the idle task's kernel stack
 * @entry:  guest function that never returns
 */
int host_cpu_start(struct um_cpu *cpu, unsigned long offset, void *stack, void (*entry)(void));

/**
 * host_cpu_idle() - sleep until a bit of this vCPU's pending mask is set
 *
 * Called with irq_off set; returns with it set. Race-free against bits set just before the sleep.
 */
void host_cpu_idle(void);

/**
 * host_cpu_raise() - set bits in a vCPU's pending mask and make it look
 * @cpu:  the target, which may be the caller's own
 * @bits: UM_PEND_*
 *
 * May be called by any host thread, with signals in any state. Costs a host signal only if no bit was pending before.
 */
void host_cpu_raise(struct um_cpu *cpu, __u32 bits);

/**
 * host_irq_raise() - raise a device's interrupt line
 * @line: 1 .. UM_NR_LINES - 1
 *
 * May be called by any host thread. The guest runs the line's handler on vCPU 0, once for any number of raises.
 */
void host_irq_raise(unsigned int line);

/**
 * host_cpu_relax() - a spinning vCPU gives its host CPU to whoever holds what it waits for
 */
void host_cpu_relax(void);

#endif /* _UM_CPU_H */
