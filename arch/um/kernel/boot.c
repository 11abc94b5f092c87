// SPDX-License-Identifier: GPL-2.0
/*
 * boot.c - the first function of the guest kernel
 *
 * The host side has made memory, the first vCPU and the command line ready (um/boot.h) and calls guest_boot() on
 * the init task's stack, with %gs based at 0: per-CPU variables are then their static copies, until
 * setup_per_cpu_areas(). Nothing here may be instrumented.
 */

#include <linux/init.h>
#include <linux/init_task.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/start_kernel.h>
#include <linux/string.h>
#include <asm/setup.h>
#include <um/boot.h>
#include <um/cpu.h>

DEFINE_PER_CPU_ALIGNED(struct um_cpu, um_cpu) = {
	.irq_off = 1,
	.current_task = &init_task,
};
EXPORT_PER_CPU_SYMBOL(um_cpu);

const unsigned int um_nr_cpus_max = NR_CPUS;

static_assert(COMMAND_LINE_SIZE == UM_COMMAND_LINE_SIZE);
static_assert(NR_CPUS <= UM_NR_CPUS_MAX);

/**
 * guest_boot() - where the host side enters the guest kernel, for ever
 */
void __ref __noreturn guest_boot(void)
{
	struct um_cpu *cpu = raw_cpu_ptr(&um_cpu);

	cpu->current_task = &init_task;
	cpu->irq_off = 1;
	memcpy(boot_command_line, um_boot.command_line, COMMAND_LINE_SIZE);
	start_kernel();
}
