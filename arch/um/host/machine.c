// SPDX-License-Identifier: GPL-2.0
/*
 * host/machine.c - options for the machine as a whole: how many processors, how guest code is run
 *
 * World: host. The values are read by the execution core (space*.c, cpu.c) and by the guest through um_boot.
 */
#include <linux/errno.h>

#include <um/boot.h>
#include <um/layout.h>
#include <um/log.h>
#include <um/option.h>

#include "host.h"
#include "hostcall.h"
#include "hostlib.h"

#define AFFINITY_WORDS	(8192 / 64)

struct um_boot um_boot = { .nr_cpus = 1, .patch = 1 };

/** host_cpus_allowed() - how many CPUs of the host this process may use */
unsigned int host_cpus_allowed(void)
{
	unsigned long mask[AFFINITY_WORDS];
	unsigned int n = 0;
	long i, len;

	len = HOST_CALL(__NR_sched_getaffinity, 0, sizeof(mask), mask);
	for (i = 0; i < len / (long)sizeof(mask[0]); i++)
		for (; mask[i]; mask[i] &= mask[i] - 1)
			n++;
	return n ? n : 1;
}

static unsigned int most_cpus(void)
{
	return um_nr_cpus_max < UM_NR_CPUS_MAX ? um_nr_cpus_max : UM_NR_CPUS_MAX;
}

/* Decimal digits only; 0 for anything else. */
static unsigned int parse_number(const char *s)
{
	unsigned int n = 0;

	for (; host_is_digit(*s) && n < 100000; s++)
		n = n * 10 + (unsigned int)(*s - '0');
	return *s ? 0 : n;
}

static int parse_ncpus(const struct um_option *opt, const char *suffix, const char *value)
{
	unsigned int n;

	(void)opt;
	(void)suffix;
	if (strcmp(value, "host") == 0) {
		n = host_cpus_allowed();
		n = n < most_cpus() ? n : most_cpus();
	} else {
		n = parse_number(value);
	}
	if (!n || n > most_cpus()) {
		host_error("ncpus=%s: give a number from 1 to %u, or ncpus=host", value, most_cpus());
		return -EINVAL;
	}
	um_boot.nr_cpus = n;
	um_ncpus = n;
	return 0;
}

static int parse_mode(const struct um_option *opt, const char *suffix, const char *value)
{
	(void)opt;
	(void)suffix;
	if (strcmp(value, "skas") == 0)
		return 0;
	host_error("mode=%s: this kernel has mode=skas only (the guest kernel in an address space of its own); leave it out",
		   value);
	return -EINVAL;
}

static int parse_patch(const struct um_option *opt, const char *suffix, const char *value)
{
	(void)opt;
	(void)suffix;
	um_boot.patch = strcmp(value, "on") == 0;
	if (um_boot.patch || strcmp(value, "off") == 0)
		return 0;
	host_error("patch=%s: give on or off", value);
	return -EINVAL;
}

UM_OPTION(ncpus) = {
	.name = "ncpus", .arg = "N|host", .parse = parse_ncpus,
	.help = "Virtual processors; default 1. \"host\": as many as this process may use of the host's.",
};

UM_OPTION(mode) = {
	.name = "mode", .arg = "skas", .parse = parse_mode,
	.help = "How guest programs are separated from the guest kernel; skas, the default, is the only one.",
};

UM_OPTION(patch) = {
	.name = "patch", .arg = "on|off", .parse = parse_patch,
	.help = "Where programs make many system calls, jump to the kernel instead of trapping; on (the default) works with ncpus=1 only. A program's "
		"file, and what a debugger sees, stay as they are.",
};
