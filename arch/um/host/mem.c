// SPDX-License-Identifier: GPL-2.0
/*
 * host/mem.c - guest physical memory: the memory file, the image in it, the kernel's address space
 *
 * World: host. One sparse memfd is all of the guest's memory. Its first part becomes the kernel image: what the
 * host's execve() loaded is copied there and the file is mapped over it, by code that is itself in the image and runs
 * on the host's stack. Nothing may write to the image between the copy and the mapping.
 *
 * The image's text is mapped without write permission there; the direct map shows it writable (that is how jump
 * labels are patched). The ranges for vmalloc and modules are kept free by mappings without permissions, unless a
 * limit on address space forbids; the host places its own mappings far from them anyway.
 */
#include <asm/stat.h>
#include <linux/errno.h>
#include <linux/falloc.h>
#include <linux/fcntl.h>
#include <linux/memfd.h>
#include <linux/mman.h>
#include <linux/resource.h>
#include <linux/stat.h>

#include <um/boot.h>
#include <um/layout.h>
#include <um/log.h>
#include <um/mem.h>
#include <um/option.h>

#include "boot.h"
#include "hostcall.h"
#include "hostlib.h"

#ifndef MFD_EXEC
#define MFD_EXEC	0x0010U
#endif

#define MEM_DEFAULT	(512UL << 20)
#define MEM_LEAST	(32UL << 20)
#define MEM_SLACK	(1UL << 30)	/* address space for all else: stacks, control pages, tables */
#define INITRD_ROOM	(16UL << 20)	/* between the image and the initial RAM disk */

/* The linker script's; page aligned where a protection begins or ends. */
extern char _etext[], _sinittext[], _einittext[], __bss_start[], _end[];

unsigned long um_physmem_size = MEM_DEFAULT;
const char *host_initrd_path;

static int mem_fd = -1;
static int limited_address_space;	/* RLIMIT_AS: nothing is reserved */

static unsigned long page_up(unsigned long addr)
{
	return HOST_ALIGN_UP(addr, UM_PAGE_SIZE);
}

static unsigned long image_size(void)
{
	return page_up((unsigned long)_end) - UM_KERNEL_BASE;
}

/** host_mem_fd() - the memory file's descriptor; it stays ours */
int host_mem_fd(void)
{
	return mem_fd;
}

static int check_limits(void)
{
	struct rlimit limit;

	if (!HOST_CALL(__NR_prlimit64, 0, RLIMIT_FSIZE, NULL, &limit) && limit.rlim_cur < um_physmem_size) {
		host_error("mem=%luM: the limit on file sizes is %lu MiB; raise it with 'ulimit -f unlimited'",
			   um_physmem_size >> 20, (unsigned long)limit.rlim_cur >> 20);
		return -EFBIG;
	}
	if (HOST_CALL(__NR_prlimit64, 0, RLIMIT_AS, NULL, &limit) || limit.rlim_cur == RLIM_INFINITY)
		return 0;
	limited_address_space = 1;
	if (limit.rlim_cur < um_physmem_size + MEM_SLACK) {
		host_error("mem=%luM: the limit on address space is %lu MiB; raise it with 'ulimit -v unlimited'",
			   um_physmem_size >> 20, (unsigned long)limit.rlim_cur >> 20);
		return -ENOMEM;
	}
	return 0;
}

static int make_file(void)
{
	long ret;

	ret = HOST_CALL(__NR_memfd_create, "linux-mem", MFD_CLOEXEC | MFD_EXEC);
	if (ret == -EINVAL)	/* a host that does not know MFD_EXEC yet */
		ret = HOST_CALL(__NR_memfd_create, "linux-mem", MFD_CLOEXEC);
	if (ret == -EACCES) {
		host_error("the host's vm.memfd_noexec=2 forbids memory that can be executed; set it to 0 or 1");
		return -EACCES;
	}
	if (host_is_error(ret)) {
		host_error("cannot make a memory file (memfd_create: error %ld); it takes Linux 5.9 on the host", -ret);
		return (int)ret;
	}
	mem_fd = (int)ret;
	ret = HOST_CALL(__NR_ftruncate, mem_fd, um_physmem_size);
	if (ret)
		host_error("mem=%luM: the host refuses a memory file of this size (error %ld); give less",
			   um_physmem_size >> 20, -ret);
	return (int)ret;
}

static int map_direct(void)
{
	long ret = HOST_CALL(__NR_mmap, UM_DIRECT_BASE, um_physmem_size, PROT_READ | PROT_WRITE,
			     MAP_SHARED | MAP_FIXED | MAP_NORESERVE, mem_fd, 0);

	if (host_is_error(ret)) {
		host_error("mem=%luM: the host gives no address space for it (error %ld); give less, or raise 'ulimit -v'",
			   um_physmem_size >> 20, -ret);
		return (int)ret;
	}
	/* where the host's administrator allows it for memory files */
	HOST_CALL(__NR_madvise, UM_DIRECT_BASE, um_physmem_size, MADV_HUGEPAGE);
	return 0;
}

static int reserve(unsigned long start, unsigned long end, int prot)
{
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE;
	long ret = HOST_CALL(__NR_mmap, start, end - start, prot, flags, -1, 0);

	return host_is_error(ret) ? (int)ret : 0;
}

/**
 * host_shadow_init() - zeroed memory for the address sanitizer's shadow, where the guest is built with it
 *
 * The string functions that both sides use are checked ones then, so nothing else comes before this, and a failure is told without them.
 */
void host_shadow_init(void)
{
	static const char said[] =
		"linux: the host refuses 16 TiB of address space for KASAN; look at 'ulimit -v' and at vm.overcommit_memory\n";

	if (!&um_kasan_enabled || !um_kasan_enabled)
		return;
	if (!reserve(UM_KASAN_SHADOW, UM_KASAN_SHADOW + UM_KASAN_SHADOW_SIZE, PROT_READ | PROT_WRITE))
		return;
	HOST_CALL(__NR_write, 2, said, sizeof(said) - 1);
	for (;;)
		HOST_CALL(__NR_exit_group, 1);
}

static int reserve_ranges(void)
{
	int ret = 0;

	if (!limited_address_space) {
		ret = reserve(UM_MODULES_START, UM_MODULES_END, PROT_NONE);
		if (!ret)
			ret = reserve(UM_VMALLOC_START, UM_VMALLOC_END, PROT_NONE);
	}
	if (ret)
		host_error("the host refuses to reserve address space (error %d); look at 'ulimit -v' and at "
			   "vm.overcommit_memory, which must not be 2", -ret);
	return ret;
}

/* From text to data; there may be holes between the program's segments. */
static long copy_loaded(unsigned long size)
{
	unsigned long done = 0;
	long n;

	while (done < size) {
		n = HOST_CALL(__NR_pwrite64, mem_fd, UM_KERNEL_BASE + done, size - done, done);
		if (n > 0)
			done += n;
		else if (n == -EFAULT)
			done = page_up(done + 1);
		else if (n != -EINTR)
			return n;
	}
	return 0;
}

/* Zero pages stay holes in the file. */
static long copy_bss(unsigned long from, unsigned long to)
{
	unsigned long addr, i;
	const __u64 *words;
	long n;

	for (addr = from; addr < to; addr += UM_PAGE_SIZE) {
		words = (const __u64 *)addr;
		for (i = 0; i < UM_PAGE_SIZE / sizeof(*words) && !words[i]; i++)
			;
		if (i == UM_PAGE_SIZE / sizeof(*words))
			continue;
		n = HOST_CALL(__NR_pwrite64, mem_fd, addr, UM_PAGE_SIZE, addr - UM_KERNEL_BASE);
		if (n != (long)UM_PAGE_SIZE)
			return n < 0 ? n : -EIO;
	}
	return 0;
}

static long map_image(unsigned long start, unsigned long end, int prot)
{
	/* What is never written is mapped privately, or a debugger could not put its breakpoints there. */
	int share = prot & PROT_WRITE ? MAP_SHARED : MAP_PRIVATE;
	long ret;

	if (start >= end)
		return 0;
	ret = HOST_CALL(__NR_mmap, start, end - start, prot, share | MAP_FIXED, mem_fd, start - UM_KERNEL_BASE);
	return host_is_error(ret) ? ret : 0;
}

/* Init text ends within a page of data if the linker script has it so: that page stays writable, as does all else. */
static int move_image(void)
{
	unsigned long text_end = page_up((unsigned long)_etext);
	unsigned long init = HOST_ALIGN_DOWN((unsigned long)_sinittext, UM_PAGE_SIZE);
	unsigned long init_full = HOST_ALIGN_DOWN((unsigned long)_einittext, UM_PAGE_SIZE);
	unsigned long init_end = page_up((unsigned long)_einittext);
	unsigned long bss = HOST_ALIGN_DOWN((unsigned long)__bss_start, UM_PAGE_SIZE);
	unsigned long end = UM_KERNEL_BASE + image_size();
	long ret;

	ret = copy_loaded(bss - UM_KERNEL_BASE);
	if (!ret)
		ret = copy_bss(bss, end);
	if (ret) {
		host_error("the host has no memory left for the kernel image (error %ld)", -ret);
		return (int)ret;
	}
	ret = map_image(UM_KERNEL_BASE, text_end, PROT_READ | PROT_EXEC);
	if (!ret)
		ret = map_image(text_end, init, PROT_READ | PROT_WRITE);
	if (!ret)
		ret = map_image(init, init_full, PROT_READ | PROT_EXEC);
	if (!ret)
		ret = map_image(init_full, init_end, PROT_READ | PROT_WRITE | PROT_EXEC);
	if (!ret)
		ret = map_image(init_end, end, PROT_READ | PROT_WRITE);
	if (ret)
		host_error("the host refuses to map the memory file for execution (error %ld); look at vm.memfd_noexec and "
			   "at the rules of its security module", -ret);
	return (int)ret;
}

/**
 * host_mem_init() - make guest memory and move the image into it
 *
 * On the host's stack, the only thread. From its return on everything below um_physmem_size is there.
 *
 * Return: 0, or a negative errno after the reason was reported.
 */
int host_mem_init(void)
{
	int ret;

	if (image_size() + MEM_LEAST / 2 > um_physmem_size) {
		host_error("mem=%luM: this kernel's image alone takes %lu MiB; give mem=%luM or more", um_physmem_size >> 20,
			   image_size() >> 20, (image_size() + MEM_LEAST) >> 20);
		return -ENOMEM;
	}
	ret = check_limits();
	if (!ret)
		ret = make_file();
	if (!ret)
		ret = map_direct();
	if (!ret)
		ret = reserve_ranges();
	if (!ret)
		ret = move_image();
	return ret;
}

/* Read all of @fd to the direct map. */
static long read_initrd(int fd, unsigned long gpo, unsigned long size)
{
	unsigned long done = 0;
	long n;

	while (done < size) {
		n = HOST_CALL(__NR_read, fd, UM_DIRECT_BASE + gpo + done, size - done);
		if (n > 0)
			done += n;
		else if (n == 0)
			return -EIO;
		else if (n != -EINTR)
			return n;
	}
	return 0;
}

/**
 * host_initrd_load() - copy the file of initrd= to the end of guest memory
 *
 * Return: 0, or a negative errno after the reason was reported.
 */
int host_initrd_load(void)
{
	unsigned long room = um_physmem_size - image_size();
	unsigned long size;
	struct stat st;
	long fd, ret;

	if (!host_initrd_path)
		return 0;
	fd = HOST_CALL(__NR_openat, AT_FDCWD, host_initrd_path, O_RDONLY | O_CLOEXEC, 0);
	ret = fd < 0 ? fd : HOST_CALL(__NR_fstat, fd, &st);
	if (ret < 0) {
		host_error("initrd=%s: cannot be opened (error %ld)", host_initrd_path, -ret);
		return (int)ret;
	}
	size = st.st_size;
	if (!S_ISREG(st.st_mode) || !size) {
		host_error("initrd=%s: is no file, or empty; give a cpio archive or a disk image", host_initrd_path);
		return -EINVAL;
	}
	if (size > room || page_up(size) + INITRD_ROOM > room) {
		host_error("initrd=%s: its %lu MiB do not fit into mem=%luM; give more", host_initrd_path, size >> 20,
			   um_physmem_size >> 20);
		return -ENOMEM;
	}
	um_boot.initrd_gpo = um_physmem_size - page_up(size);
	um_boot.initrd_size = size;
	ret = read_initrd((int)fd, um_boot.initrd_gpo, size);
	HOST_CALL(__NR_close, fd);
	if (ret)
		host_error("initrd=%s: cannot be read (error %ld)", host_initrd_path, -ret);
	return (int)ret;
}

/**
 * host_mem_map_kernel() - map guest memory at an address of the vmalloc or module range
 * @addr: page aligned
 * @gpo:  offset of the memory
 * @len:  bytes
 * @prot: UM_PROT_*
 *
 * Return: 0 or negative errno.
 */
int host_mem_map_kernel(unsigned long addr, um_gpo_t gpo, unsigned long len, unsigned int prot)
{
	long ret = HOST_CALL(__NR_mmap, addr, len, prot, MAP_SHARED | MAP_FIXED, mem_fd, gpo);

	return host_is_error(ret) ? (int)ret : 0;
}

/**
 * host_mem_unmap_kernel() - the range faults again
 * @addr: page aligned
 * @len:  bytes
 *
 * Return: 0 or negative errno.
 */
int host_mem_unmap_kernel(unsigned long addr, unsigned long len)
{
	if (limited_address_space)
		return (int)HOST_CALL(__NR_munmap, addr, len);
	return reserve(addr, addr + len, PROT_NONE);
}

/**
 * host_mem_protect_kernel() - change the protection of mapped kernel addresses
 * @addr: page aligned
 * @len:  bytes
 * @prot: UM_PROT_*
 *
 * Return: 0 or negative errno.
 */
int host_mem_protect_kernel(unsigned long addr, unsigned long len, unsigned int prot)
{
	return (int)HOST_CALL(__NR_mprotect, addr, len, prot);
}

/**
 * host_mem_discard() - give pages back to the host
 * @gpo: offset, page aligned
 * @len: bytes
 *
 * Return: 0 or negative errno; on success they read as zeroes.
 */
int host_mem_discard(um_gpo_t gpo, unsigned long len)
{
	return (int)HOST_CALL(__NR_fallocate, mem_fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, gpo, len);
}

/**
 * host_mem_populate() - have the host back pages, and map them in the direct map
 * @gpo: offset, page aligned
 * @len: bytes
 *
 * What it cannot do, for lack of memory or of the call (before Linux 5.14), is left to faults.
 */
void host_mem_populate(um_gpo_t gpo, unsigned long len)
{
	HOST_CALL(__NR_madvise, UM_DIRECT_BASE + gpo, len, MADV_POPULATE_WRITE);
}

static int parse_mem(const struct um_option *opt, const char *suffix, const char *value)
{
	__u64 bytes = 0;
	int ret;

	(void)opt;
	(void)suffix;
	ret = um_parse_size(value, &bytes);
	if (ret == -EINVAL) {
		host_error("mem=%s: is no size; give a number with k, M or G behind it, as in mem=512M", value);
		return -EINVAL;
	}
	if (!ret && bytes < MEM_LEAST) {
		host_error("mem=%s: is too little; the least is mem=%luM", value, MEM_LEAST >> 20);
		return -EINVAL;
	}
	if (ret || bytes > UM_DIRECT_MAX) {
		host_error("mem=%s: is too much; the most is mem=%luG", value, UM_DIRECT_MAX >> 30);
		return -EINVAL;
	}
	um_physmem_size = HOST_ALIGN_DOWN(bytes, UM_PAGE_SIZE);
	return 0;
}

static int parse_initrd(const struct um_option *opt, const char *suffix, const char *value)
{
	(void)opt;
	(void)suffix;
	host_initrd_path = value;
	return 0;
}

UM_OPTION(mem) = {
	.name = "mem", .arg = "SIZE", .parse = parse_mem,
	.help = "Memory of the guest, as in 512M or 2G; default 512M. The host lends it page by page as it is "
		"used, so it may be more than the host has free.",
};

UM_OPTION(initrd) = {
	.name = "initrd", .arg = "FILE", .parse = parse_initrd,
	.help = "Boot from this initial RAM disk: a cpio archive, compressed or not.",
};
