// SPDX-License-Identifier: GPL-2.0
/*
 * smp.c - more than one vCPU: start, inter-processor interrupts, stop
 *
 * An inter-processor interrupt is a bit in the target's `ipi` mask plus UM_PEND_IPI; the host side sends a signal only if none was pending.
 */

#include <linux/cpu.h>
#include <linux/interrupt.h>
#include <linux/irq_work.h>
#include <linux/kexec.h>
#include <linux/sched/hotplug.h>
#include <linux/sched/mm.h>
#include <linux/sched/task_stack.h>
#include <linux/smp.h>
#include <asm/smp.h>
#include <um/cpu.h>

#include "core.h"

enum ipi { IPI_RESCHEDULE, IPI_CALL, IPI_WORK, IPI_STOP, IPI_NR };

static DEFINE_PER_CPU(unsigned long, ipi);

static void send_ipi(int cpu, enum ipi what)
{
	set_bit(what, &per_cpu(ipi, cpu));
	host_cpu_raise(&per_cpu(um_cpu, cpu), UM_PEND_IPI);
}

/* This vCPU will never run again; its host thread sleeps until the process ends. */
static void __noreturn stop_this_cpu(void)
{
	local_irq_disable();
	set_cpu_online(smp_processor_id(), false);
	for (;;) {
		this_cpu_write(um_cpu.pending, 0);
		host_cpu_idle();
	}
}

/** um_ipi_interrupt() - UM_PEND_IPI on this vCPU; interrupts off. */
void um_ipi_interrupt(void)
{
	unsigned long what = xchg(this_cpu_ptr(&ipi), 0);

	if (what & BIT(IPI_RESCHEDULE)) {
		inc_irq_stat(resched_irqs);
		scheduler_ipi();
	}
	if (what & BIT(IPI_CALL)) {
		inc_irq_stat(call_irqs);
		generic_smp_call_function_interrupt();
	}
	if (what & BIT(IPI_WORK)) {
		inc_irq_stat(work_irqs);
		irq_work_run();
	}
	if (what & BIT(IPI_STOP))
		stop_this_cpu();
}

void arch_smp_send_reschedule(int cpu)
{
	send_ipi(cpu, IPI_RESCHEDULE);
}

void arch_send_call_function_single_ipi(int cpu)
{
	send_ipi(cpu, IPI_CALL);
}

void arch_send_call_function_ipi_mask(const struct cpumask *mask)
{
	int cpu;

	for_each_cpu(cpu, mask)
		send_ipi(cpu, IPI_CALL);
}

#ifdef CONFIG_IRQ_WORK
void arch_irq_work_raise(void)
{
	send_ipi(smp_processor_id(), IPI_WORK);
}
#endif

void smp_send_stop(void)
{
	int cpu;

	for_each_online_cpu(cpu)
		if (cpu != smp_processor_id())
			send_ipi(cpu, IPI_STOP);
}

void __init smp_prepare_boot_cpu(void)
{
	struct um_cpu *cpu = &per_cpu(um_cpu, 0);

	host_cpu_set_base(per_cpu_offset(0), cpu);
}

void __init smp_prepare_cpus(unsigned int max_cpus)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu)
		if (cpu < max_cpus || !cpu)
			set_cpu_present(cpu, true);
}

/* A secondary vCPU's first guest code, on the idle task's stack, interrupts off. */
static void secondary_begin(void)
{
	unsigned int cpu = smp_processor_id();

	mmgrab(&init_mm);
	current->active_mm = &init_mm;
	notify_cpu_starting(cpu);
	um_timer_setup_cpu();
	set_cpu_online(cpu, true);
	local_irq_enable();
	cpu_startup_entry(CPUHP_AP_ONLINE_IDLE);
}

int __cpu_up(unsigned int cpu, struct task_struct *idle)
{
	struct um_cpu *record = &per_cpu(um_cpu, cpu);
	unsigned long patience = jiffies + 10 * HZ;
	int ret;

	*record = (struct um_cpu) {
		.id = cpu,
		.irq_off = 1,
		.current_task = idle,
	};
	task_thread_info(idle)->cpu = cpu;
	ret = host_cpu_start(record, per_cpu_offset(cpu), task_pt_regs(idle), secondary_begin);
	if (ret) {
		pr_err("um-smp: the host gives no thread for CPU %u (error %d)\n", cpu, -ret);
		return ret;
	}
	while (!cpu_online(cpu)) {
		if (time_after(jiffies, patience))
			return -EIO;
		cond_resched();
	}
	return 0;
}

void __init smp_cpus_done(unsigned int max_cpus)
{
}

#ifdef CONFIG_HOTPLUG_CPU
#error "vCPUs cannot be unplugged"
#endif
