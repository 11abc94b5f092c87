// SPDX-License-Identifier: GPL-2.0
/*
 * host/check.c - what the host must have, each with one line that names the lack and the remedy
 *
 * World: host. Runs first, on the host's stack. What can only be found out by doing it (a memory file that may be
 * executed, the zygote) is reported where it is done.
 */
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/mman.h>
#include <linux/prctl.h>
#include <linux/resource.h>
#include <linux/seccomp.h>

#include <um/layout.h>
#include <um/log.h>
#include <um/option.h>
#include <um/space.h>

#include "boot.h"
#include "hostcall.h"
#include "hostlib.h"

#define CPUID_XSAVE	(1u << 26)
#define CPUID_OSXSAVE	(1u << 27)
#define HWCAP2_FSGSBASE	(1ul << 1)
#define NR_STDIO	3

int um_fsgsbase;

static int check_processor(void)
{
	__u32 eax = 1, ebx, ecx = 0, edx;

	__asm__ volatile("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
	if ((ecx & (CPUID_XSAVE | CPUID_OSXSAVE)) != (CPUID_XSAVE | CPUID_OSXSAVE)) {
		host_error("this processor, or its hypervisor, does not offer XSAVE; choose a CPU model that has it");
		return -ENODEV;
	}
	um_fsgsbase = !!(host_start.hwcap2 & HWCAP2_FSGSBASE);
	return 0;
}

/* The host looks at the filter's address before anything else, if it knows filters at all. */
static int check_seccomp(void)
{
	long ret = HOST_CALL(__NR_prctl, PR_SET_SECCOMP, SECCOMP_MODE_FILTER, NULL);

	if (ret == -EFAULT)
		return 0;
	host_error("the host offers no seccomp filters (error %ld); it takes CONFIG_SECCOMP_FILTER, and a container that lets "
		   "prctl() through", -ret);
	return -ENOSYS;
}

/*
 * Spaces have the stub at the end of 47 bits. A host whose programs end before that is a kernel of this port itself, or an emulation. Where the
 * host has put our stack there, the page is taken (-EEXIST), which proves as much.
 */
static int check_address_space(void)
{
	unsigned long addr = UM_STUB_END - UM_PAGE_SIZE;
	long ret = HOST_CALL(__NR_mmap, addr, UM_PAGE_SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	if (ret == (long)addr) {
		HOST_CALL(__NR_munmap, addr, UM_PAGE_SIZE);
		return 0;
	}
	if (ret == -EEXIST)
		return 0;
	host_error("the host's programs have less than 47 bits of address space (error %ld), as inside another User-Mode Linux; "
		   "start it on the host itself", -ret);
	return -ENOMEM;
}

/* A descriptor below 3 that we opened for ourselves would be taken for the terminal. */
static void open_stdio(void)
{
	long fd;

	do {
		fd = HOST_CALL(__NR_openat, AT_FDCWD, "/dev/null", O_RDWR, 0);
	} while (fd >= 0 && fd < NR_STDIO);
	if (fd >= NR_STDIO)
		HOST_CALL(__NR_close, fd);
}

static void raise_limit(int what)
{
	struct rlimit limit;

	if (HOST_CALL(__NR_prlimit64, 0, what, NULL, &limit) < 0 || limit.rlim_cur == limit.rlim_max)
		return;
	limit.rlim_cur = limit.rlim_max;
	HOST_CALL(__NR_prlimit64, 0, what, &limit, NULL);
}

/**
 * host_check() - is this a host that we can run on? Also puts descriptors and limits in order.
 *
 * Return: 0, or a negative errno after the reason was reported.
 */
int host_check(void)
{
	int ret;

	open_stdio();
	ret = check_processor();
	if (ret)
		return ret;
	ret = check_seccomp();
	if (ret)
		return ret;
	raise_limit(RLIMIT_NOFILE);
	raise_limit(RLIMIT_FSIZE);
	raise_limit(RLIMIT_AS);
	return check_address_space();
}

static int parse_nofsgsbase(const struct um_option *opt, const char *suffix, const char *value)
{
	(void)opt;
	(void)suffix;
	(void)value;
	um_fsgsbase = 0;
	return 0;
}

UM_OPTION(nofsgsbase) = {
	.name = "nofsgsbase", .flags = UM_OPT_BARE, .parse = parse_nofsgsbase,
	.help = "Programs are not told of the FSGSBASE instructions, and the kernel does without them, as on a host that has none.",
};
