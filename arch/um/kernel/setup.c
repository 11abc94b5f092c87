// SPDX-License-Identifier: GPL-2.0
/*
 * setup.c - setup_arch(): from what the host side left (um/boot.h) to what generic Linux wants to know
 *
 * Memory is one range from 0; the image is its beginning, an initial RAM disk its end. All of it is in one zone.
 * Before the console driver exists, printk() goes to the terminal through an early console.
 */
#define pr_fmt(fmt) "um: " fmt

#include <linux/console.h>
#include <linux/cpu.h>
#include <linux/delay.h>
#include <linux/init.h>
#include <linux/initrd.h>
#include <linux/memblock.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/sched/mm.h>
#include <linux/string.h>
#include <asm/cpufeature.h>
#include <asm/fpu.h>
#include <asm/kasan.h>
#include <asm/pgtable.h>
#include <asm/sections.h>
#include <asm/setup.h>
#include <um/boot.h>
#include <um/cpu.h>
#include <um/log.h>
#include <um/mem.h>

static char parse_line[COMMAND_LINE_SIZE] __initdata;

/* While one hands over to the other both are registered; what the true console says is on the same terminal. */
static bool true_console_registered(void)
{
	struct console *con;

	for_each_console_srcu(con)
		if (!(console_srcu_read_flags(con) & CON_BOOT))
			return true;
	return false;
}

static void early_console_write(struct console *con, const char *s, unsigned int n)
{
	if (!true_console_registered())
		host_console_write(s, n);
}

static struct console um_early_console = {
	.name = "um",
	.write = early_console_write,
	.flags = CON_PRINTBUFFER | CON_BOOT | CON_ANYTIME,
	.index = -1,
};

/* After parse_early_param(), so that "quiet" is heard; what was said before then comes out now. */
static void __init early_console_init(void)
{
	register_console(&um_early_console);
}

static void __init memory_init(void)
{
	memblock_add(0, um_physmem_size);
	memblock_reserve(0, PAGE_ALIGN(__pa_symbol(_end)));
	if (IS_ENABLED(CONFIG_BLK_DEV_INITRD) && um_boot.initrd_size) {
		memblock_reserve(um_boot.initrd_gpo, PAGE_ALIGN(um_boot.initrd_size));
		initrd_start = (unsigned long)__va(um_boot.initrd_gpo);
		initrd_end = initrd_start + um_boot.initrd_size;
	}
}

static void __init init_mm_init(void)
{
	setup_initial_init_mm(_text, _etext, _edata, _end);
}

#ifdef CONFIG_SMP
static void __init possible_cpus_init(void)
{
	unsigned int cpu, nr = clamp_t(unsigned int, um_boot.nr_cpus, 1, NR_CPUS);

	for (cpu = 0; cpu < NR_CPUS; cpu++) {
		set_cpu_possible(cpu, cpu < nr);
		set_cpu_present(cpu, cpu < nr);
	}
	set_nr_cpu_ids(nr);
}
#else
static inline void possible_cpus_init(void) { }
#endif

/**
 * setup_arch() - what must be known before memory can be allocated
 * @cmdline_p: gets the arguments that are for the guest kernel and its init
 */
void __init setup_arch(char **cmdline_p)
{
	um_cpu_identify();
	init_mm_init();
	strscpy(parse_line, um_boot.parse_line, sizeof(parse_line));
	*cmdline_p = parse_line;
	parse_early_param();
	early_console_init();
	memory_init();
	possible_cpus_init();
	paging_init();
	kasan_init();
	um_fpu_init_boot();
}

#ifdef CONFIG_SMP

unsigned long __per_cpu_offset[NR_CPUS] __read_mostly;
EXPORT_SYMBOL(__per_cpu_offset);

DEFINE_PER_CPU(unsigned long, this_cpu_off);
EXPORT_PER_CPU_SYMBOL(this_cpu_off);

/**
 * setup_per_cpu_areas() - give each possible vCPU its own copy of the per-CPU variables, and go over to that of vCPU 0
 *
 * Variables of modules get room in the first chunk, whose addresses the small code model reaches
 * (PERCPU_MODULE_RESERVE).
 */
void __init setup_per_cpu_areas(void)
{
	unsigned long delta;
	unsigned int cpu;
	int ret;

	ret = pcpu_embed_first_chunk(PERCPU_MODULE_RESERVE, PERCPU_DYNAMIC_RESERVE, PAGE_SIZE, NULL, NULL);
	if (ret < 0)
		panic("no memory for the per-CPU variables of %u processors (error %d); give more with mem=",
		      nr_cpu_ids, ret);
	delta = (unsigned long)pcpu_base_addr - (unsigned long)__per_cpu_start;
	for_each_possible_cpu(cpu) {
		__per_cpu_offset[cpu] = delta + pcpu_unit_offsets[cpu];
		per_cpu(this_cpu_off, cpu) = __per_cpu_offset[cpu];
		per_cpu(um_cpu, cpu).id = cpu;
	}
	host_cpu_set_base(__per_cpu_offset[0], &per_cpu(um_cpu, 0));
}

#endif /* CONFIG_SMP */

/*
 * Ten million turns a second is what a processor of today does at the least; waits go by the clock (delay.c) and not
 * by this.
 */
#define UM_LOOPS_PER_SECOND	10000000UL

/**
 * calibrate_delay() - the loops_per_jiffy that /proc/cpuinfo shows as bogomips
 */
void calibrate_delay(void)
{
	loops_per_jiffy = UM_LOOPS_PER_SECOND / HZ;
}

/**
 * arch_cpu_finalize_init() - after the boot processor is complete
 */
void __init arch_cpu_finalize_init(void)
{
}

#ifdef CONFIG_CONSTRUCTORS
/*
 * Constructors (of KASAN's red zones, of gcov): generic code has the start-up code of a C library call those of the image on this
 * architecture, and calls only those of modules. We have no such library.
 */
static int __init call_constructors(void)
{
	ctor_fn_t *fn;

	for (fn = (ctor_fn_t *)__ctors_start; fn < (ctor_fn_t *)__ctors_end; fn++)
		(*fn)();
	return 0;
}
pure_initcall(call_constructors);
#endif
