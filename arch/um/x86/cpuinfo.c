// SPDX-License-Identifier: GPL-2.0
/*
 * cpuinfo.c - the host's processor as the guest describes it: feature bits, and /proc/cpuinfo
 *
 * A guest program executes CPUID itself and sees the host's answers; /proc/cpuinfo tells the same, less what works
 * only with a kernel on the bare processor (virtualization, protection keys, shadow stacks), since this kernel
 * offers none of that.
 */

#include <linux/bitmap.h>
#include <linux/cpu.h>
#include <linux/delay.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/seq_file.h>
#include <linux/smp.h>
#include <linux/string.h>
#include <asm/cpufeature.h>
#include <asm/processor.h>

#include "cpuid.h"

#define NCAPBITS	(NCAPINTS * 32)

/* Generated from arch/x86's cpufeatures.h. */
extern const char * const x86_cap_flags[NCAPBITS];

static struct {
	char model_name[49];
	unsigned int family, model, stepping;
	unsigned int clflush_bytes;
	unsigned int phys_bits, virt_bits;
	DECLARE_BITMAP(features, NCAPBITS);
} host_cpu __ro_after_init;

/* Where cpufeatures.h has the words of CPUID. */
enum cpuid_reg { EAX, EBX, ECX, EDX };

static const struct {
	unsigned int word;
	u32 leaf, subleaf;
	enum cpuid_reg reg;
} words[] __initconst = {
	{ 0, 0x00000001, 0, EDX },
	{ 1, 0x80000001, 0, EDX },
	{ 4, 0x00000001, 0, ECX },
	{ 6, 0x80000001, 0, ECX },
	{ 9, 0x00000007, 0, EBX },
	{ 10, 0x0000000d, 1, EAX },
	{ 12, 0x00000007, 1, EAX },
	{ 13, 0x80000008, 0, EBX },
	{ 16, 0x00000007, 0, ECX },
	{ 18, 0x00000007, 0, EDX },
};

static const unsigned int hidden[] __initconst = {
	X86_FEATURE_VMX, X86_FEATURE_SVM, X86_FEATURE_SMX, X86_FEATURE_MWAIT, X86_FEATURE_X2APIC,
	X86_FEATURE_TSC_DEADLINE_TIMER, X86_FEATURE_DCA, X86_FEATURE_SKINIT, X86_FEATURE_HYPERVISOR,
	X86_FEATURE_PKU, X86_FEATURE_OSPKE, X86_FEATURE_SHSTK, X86_FEATURE_IBT, X86_FEATURE_SGX,
	X86_FEATURE_PCID, X86_FEATURE_INVPCID, X86_FEATURE_SMEP, X86_FEATURE_SMAP, X86_FEATURE_UMIP,
	X86_FEATURE_XSAVES, X86_FEATURE_ENQCMD, X86_FEATURE_WAITPKG, X86_FEATURE_PCONFIG, X86_FEATURE_LA57,
};

static u32 __init cpuid_word(u32 leaf, u32 subleaf, enum cpuid_reg reg)
{
	struct um_cpuid r;

	if (um_cpuid(leaf & 0x80000000, 0).eax < leaf)
		return 0;
	r = um_cpuid(leaf, subleaf);
	return reg == EAX ? r.eax : reg == EBX ? r.ebx : reg == ECX ? r.ecx : r.edx;
}

static void __init identify_features(void)
{
	unsigned int i, bit;
	u32 word;

	for (i = 0; i < ARRAY_SIZE(words); i++) {
		word = cpuid_word(words[i].leaf, words[i].subleaf, words[i].reg);
		for (bit = 0; bit < 32; bit++)
			if (word & BIT(bit))
				__set_bit(words[i].word * 32 + bit, host_cpu.features);
	}
	for (i = 0; i < ARRAY_SIZE(hidden); i++)
		__clear_bit(hidden[i], host_cpu.features);
}

static void __init identify_model(void)
{
	struct um_cpuid r = um_cpuid(1, 0);
	u32 brand[12] = { };
	unsigned int i;

	host_cpu.stepping = r.eax & 0xf;
	host_cpu.model = (r.eax >> 4 & 0xf) | (r.eax >> 12 & 0xf0);
	host_cpu.family = (r.eax >> 8 & 0xf);
	if (host_cpu.family == 0xf)
		host_cpu.family += r.eax >> 20 & 0xff;
	host_cpu.clflush_bytes = (r.ebx >> 8 & 0xff) * 8;

	if (um_cpuid(0x80000000, 0).eax >= 0x80000004)
		for (i = 0; i < 3; i++) {
			r = um_cpuid(0x80000002 + i, 0);
			memcpy(&brand[i * 4], &r, sizeof(r));
		}
	memcpy(host_cpu.model_name, brand, sizeof(brand));
	strim(host_cpu.model_name);

	r.eax = cpuid_word(0x80000008, 0, EAX);
	host_cpu.phys_bits = r.eax & 0xff;
	host_cpu.virt_bits = r.eax >> 8 & 0xff;
}

/**
 * um_cpu_identify() - read CPUID, once; until then the processor seems to have no features
 */
void __init um_cpu_identify(void)
{
	identify_model();
	identify_features();
}

/**
 * um_cpu_has() - has the processor a feature, and may guest programs use it?
 * @bit: X86_FEATURE_*
 */
bool um_cpu_has(unsigned int bit)
{
	return bit < NCAPBITS && test_bit(bit, host_cpu.features);
}
EXPORT_SYMBOL(um_cpu_has);

static void show_flags(struct seq_file *m)
{
	unsigned int bit;

	seq_puts(m, "flags\t\t:");
	for_each_set_bit(bit, host_cpu.features, NCAPBITS)
		if (x86_cap_flags[bit])
			seq_printf(m, " %s", x86_cap_flags[bit]);
	seq_putc(m, '\n');
}

static int show_cpuinfo(struct seq_file *m, void *v)
{
	unsigned int cpu = (unsigned long)v - 1;

	seq_printf(m, "processor\t: %u\n", cpu);
	/* by this systemd-detect-virt and others know us; cpuid still tells programs the processor's */
	seq_puts(m, "vendor_id\t: User Mode Linux\n");
	seq_printf(m, "cpu family\t: %u\n", host_cpu.family);
	seq_printf(m, "model\t\t: %u\n", host_cpu.model);
	seq_printf(m, "model name\t: %s\n", host_cpu.model_name);
	seq_printf(m, "stepping\t: %u\n", host_cpu.stepping);
	seq_puts(m, "physical id\t: 0\n");
	seq_printf(m, "siblings\t: %u\n", num_online_cpus());
	seq_printf(m, "core id\t\t: %u\n", cpu);
	seq_printf(m, "cpu cores\t: %u\n", num_online_cpus());
	seq_puts(m, "fpu\t\t: yes\n");
	seq_puts(m, "wp\t\t: yes\n");
	show_flags(m);
	seq_printf(m, "bogomips\t: %lu.%02lu\n", loops_per_jiffy / (500000 / HZ), loops_per_jiffy / (5000 / HZ) % 100);
	seq_printf(m, "clflush size\t: %u\n", host_cpu.clflush_bytes);
	seq_printf(m, "address sizes\t: %u bits physical, %u bits virtual\n\n", host_cpu.phys_bits, host_cpu.virt_bits);
	return 0;
}

/* The iterator's value is the CPU's number plus 1. */
static void *cpuinfo_start(struct seq_file *m, loff_t *pos)
{
	*pos = cpumask_next(*pos - 1, cpu_online_mask);
	return *pos < nr_cpu_ids ? (void *)(unsigned long)(*pos + 1) : NULL;
}

static void *cpuinfo_next(struct seq_file *m, void *v, loff_t *pos)
{
	(*pos)++;
	return cpuinfo_start(m, pos);
}

static void cpuinfo_stop(struct seq_file *m, void *v)
{
}

const struct seq_operations cpuinfo_op = {
	.start = cpuinfo_start,
	.next = cpuinfo_next,
	.stop = cpuinfo_stop,
	.show = show_cpuinfo,
};
