/* SPDX-License-Identifier: GPL-2.0 */
/*
 * um/layout.h - where things are in the two kinds of address space
 *
 * The kernel process (one for each running kernel):
 *
 *   0x0000_4000_0000  the image (text, data, bss); low, so that the small code model reaches it and the modules
 *   0x0000_5000_0000  modules, BPF programs                                         (512 MiB)
 *   0x1000_0000_0000  direct map: the memory file from offset 0. The image is the file's first part, seen twice.
 *   0x3000_0000_0000  vmalloc                                                       (16 TiB)
 *   0x5000_0000_0000  KASAN shadow of all of it, where configured                   (16 TiB)
 *   (top)             what the host put there: stack, vdso; thread stacks, control memory
 *
 * A space (one process for each guest address space):
 *
 *   0 .. UM_STUB_START     the guest program
 *   UM_STUB_START ..       the stub's code, its command page, its context areas (see stub/abi.h)
 *   UM_SITES               in a program with patched call sites (mm/sites.c): the table that they jump through. The place is given by the two bytes
 *                          0f 05 of the system call instruction, which are the end of the jump as well.
 */
#ifndef _UM_LAYOUT_H
#define _UM_LAYOUT_H

#ifdef __ASSEMBLY__
#define _UML(x)			x
#else
#define _UML(x)			x##UL
#endif

#define UM_KERNEL_BASE		_UML(0x40000000)
#define UM_MODULES_START	_UML(0x50000000)
#define UM_MODULES_END		_UML(0x70000000)
#define UM_DIRECT_BASE		_UML(0x100000000000)
#define UM_DIRECT_MAX		_UML(0x200000000000)	/* bytes of guest memory at the most */
#define UM_VMALLOC_START	_UML(0x300000000000)
#define UM_VMALLOC_END		_UML(0x400000000000)
#define UM_KASAN_SHADOW		_UML(0x500000000000)
#define UM_KASAN_SHADOW_SIZE	_UML(0x100000000000)

#define UM_STUB_START		_UML(0x7fffff000000)	/* end of the guest program's address space */
#define UM_STUB_END		_UML(0x7ffffffff000)

#define UM_SITES		_UML(0x050f0000)
#define UM_NR_SITES		256		/* in a program; 8 bytes each in the table, which is a page */
#define UM_STUB_SITES		_UML(0x7fffff008000)	/* where its entries lead: in the stub's code, */
#define UM_STUB_SITE_SIZE	16			/* bytes for each */

#define UM_PAGE_SIZE		_UML(4096)
#define UM_NR_CPUS_MAX		64

#endif /* _UM_LAYOUT_H */
