/* SPDX-License-Identifier: GPL-2.0 */
/*
 * um/boot.h - what the host side has made ready when the guest kernel starts, and where it enters it
 *
 * Order of start-up (host/main.c), all on the main thread: host checks and options on the host's stack; the memory
 * file; the image moved into it; the initial RAM disk copied to its end; the zygote of the spaces; vCPU 0; then
 * guest_boot() on the stack of the guest's init task. From guest_boot() on everything here is constant.
 */
#ifndef _UM_BOOT_H
#define _UM_BOOT_H

#include <um/types.h>

#define UM_COMMAND_LINE_SIZE	4096	/* the guest asserts that this is its COMMAND_LINE_SIZE */

/**
 * struct um_boot - what guest_boot() finds
 * @command_line: all arguments that are not for the host side alone, in order, quoted as the kernel's parser wants it; what
 *                /proc/cmdline shows (boot_command_line)
 * @parse_line:   the same without the arguments that a row of the option table has taken, so that the guest's parser does not
 *                hand umid= or ubd0= to init as environment (what setup_arch() returns in *cmdline_p)
 * @initrd_gpo:   where the initial RAM disk lies; the guest reserves it
 * @initrd_size:  its bytes, 0 if there is none
 * @nr_cpus:      virtual processors wanted, 1 .. um_nr_cpus_max
 * @patch:        call sites of programs may be patched (mm/sites.c)
 */
struct um_boot {
	char command_line[UM_COMMAND_LINE_SIZE];
	char parse_line[UM_COMMAND_LINE_SIZE];
	um_gpo_t initrd_gpo;
	unsigned long initrd_size;
	__u32 nr_cpus;
	__u32 patch;
};

extern struct um_boot um_boot;			/* host/main.c; see also um_physmem_size in um/mem.h */

/* From the guest. */
extern const unsigned int um_nr_cpus_max;	/* CONFIG_NR_CPUS, at most UM_NR_CPUS_MAX */
extern char um_init_stack_top[];		/* end of the init task's stack (linker script) */

/** guest_boot() - the guest kernel's first function: vCPU 0, init task's stack, interrupts off (um_cpu.irq_off is set). */
void guest_boot(void) __attribute__((noreturn));

/*
 * Facts of the image, absent in an image that has not got them: bytes of the embedded root, from the link script; the
 * kernel was compiled with KASAN and wants its shadow mapped (mm/kasan.c).
 */
extern unsigned long um_initramfs_size;
#pragma weak um_initramfs_size
extern const unsigned int um_kasan_enabled;
#pragma weak um_kasan_enabled

#endif /* _UM_BOOT_H */
