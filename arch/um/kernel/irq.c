// SPDX-License-Identifier: GPL-2.0
/*
 * irq.c - interrupts: from bits in um_cpu.pending to handlers
 *
 * Three kinds: the vCPU's timer, inter-processor interrupts, and the lines of devices (um/lines.h), which are Linux interrupt numbers as
 * they stand and are all handled on vCPU 0. They are taken in three places: in guest kernel code, by the host's signal handler through
 * um_irq_entry; where interrupts are switched on and something waits (um_irq_replay()); and while a guest program runs (kernel/user.c).
 */

#include <linux/entry-common.h>
#include <linux/hardirq.h>
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/irq_work.h>
#include <linux/kernel_stat.h>
#include <linux/seq_file.h>
#include <linux/smp.h>
#include <asm/irq_regs.h>
#include <um/cpu.h>
#include <um/trap.h>

#include "core.h"

DEFINE_PER_CPU_SHARED_ALIGNED(irq_cpustat_t, irq_stat);
EXPORT_PER_CPU_SYMBOL(irq_stat);

static_assert(offsetof(struct um_cpu, pending) == 0);
static_assert(offsetof(struct um_cpu, irq_off) == 4);
static_assert(sizeof(struct pt_regs) == sizeof(struct um_regs));
static_assert(offsetof(struct pt_regs, flags) == offsetof(struct um_regs, flags));

static void handle_lines(void)
{
	unsigned long lines = xchg(&um_irq_lines, 0);
	unsigned int line;

	for_each_set_bit(line, &lines, UM_NR_LINES)
		generic_handle_irq(line);
}

/**
 * um_irq_handle_pending() - handle everything that is pending on this vCPU
 * @regs: what was interrupted
 *
 * Called with interrupts off, after irqentry_enter().
 */
void um_irq_handle_pending(struct pt_regs *regs)
{
	struct pt_regs *old = set_irq_regs(regs);
	u32 bits;

	irq_enter_rcu();
	while ((bits = xchg(this_cpu_ptr(&um_cpu.pending), 0))) {
		if (bits & UM_PEND_TIMER) {
			inc_irq_stat(timer_irqs);
			um_timer_interrupt();
		}
		if (bits & UM_PEND_IPI)
			um_ipi_interrupt();
		if (bits & UM_PEND_IRQ)
			handle_lines();
	}
	irq_exit_rcu();
	set_irq_regs(old);
}

/**
 * um_do_irq() - an interrupt in guest kernel code; called by um_irq_entry
 * @regs: the interrupted frame, of code that had interrupts on
 */
void um_do_irq(struct pt_regs *regs)
{
	irqentry_state_t state = irqentry_enter(regs);

	um_irq_handle_pending(regs);
	irqentry_exit(regs, state);
}

/**
 * um_irq_replay() - interrupts were just switched on, and some are pending
 *
 * As if the host's signal had come now. The frame says who called, which is what profiles and stack traces want.
 */
void um_irq_replay(void)
{
	struct pt_regs regs = {
		.ip = _RET_IP_,
		.bp = (unsigned long)__builtin_frame_address(0),
		.sp = (unsigned long)__builtin_frame_address(0),
		.cs = UM_KERNEL_CS,
		.ss = UM_USER_SS,
		.flags = UM_FLAGS_IF,
	};

	do {
		raw_cpu_write(um_cpu.irq_off, 1);
		um_do_irq(&regs);
		raw_cpu_write(um_cpu.irq_off, 0);
		barrier();
	} while (raw_cpu_read(um_cpu.pending));
}
EXPORT_SYMBOL(um_irq_replay);

static void line_nothing(struct irq_data *data)
{
}

/* A line that is raised while its handler may not run is raised again by the core when it may. */
static int line_retrigger(struct irq_data *data)
{
	host_irq_raise(data->irq);
	return 1;
}

static struct irq_chip line_chip = {
	.name = "um",
	.irq_ack = line_nothing,
	.irq_mask = line_nothing,
	.irq_unmask = line_nothing,
	.irq_retrigger = line_retrigger,
};

void __init init_IRQ(void)
{
	unsigned int line;

	for (line = 1; line < UM_NR_LINES; line++)
		irq_set_chip_and_handler(line, &line_chip, handle_edge_irq);
}

void ack_bad_irq(unsigned int irq)
{
	pr_crit("um-irq: interrupt on line %u, which nobody has asked for\n", irq);
}

static void show_row(struct seq_file *p, int prec, const char *name, size_t offset, const char *text)
{
	int cpu;

	seq_printf(p, "%*s: ", prec, name);
	for_each_online_cpu(cpu)
		seq_put_decimal_ull_width(p, " ", *(unsigned int *)((void *)&per_cpu(irq_stat, cpu) + offset), 10);
	seq_printf(p, "  %s\n", text);
}

/* The end of /proc/interrupts. */
int arch_show_interrupts(struct seq_file *p, int prec)
{
	show_row(p, prec, "TIM", offsetof(irq_cpustat_t, timer_irqs), "Timer interrupts");
	show_row(p, prec, "RES", offsetof(irq_cpustat_t, resched_irqs), "Rescheduling interrupts");
	show_row(p, prec, "CAL", offsetof(irq_cpustat_t, call_irqs), "Function call interrupts");
	show_row(p, prec, "IWI", offsetof(irq_cpustat_t, work_irqs), "IRQ work interrupts");
	return 0;
}

u64 arch_irq_stat_cpu(unsigned int cpu)
{
	const irq_cpustat_t *stat = &per_cpu(irq_stat, cpu);

	return stat->timer_irqs + stat->resched_irqs + stat->call_irqs + stat->work_irqs;
}
