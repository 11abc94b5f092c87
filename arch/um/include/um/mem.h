/* SPDX-License-Identifier: GPL-2.0 */
/*
 * um/mem.h - guest physical memory: one sparse memory file, mapped once in the kernel process
 *
 * The file's first part is the kernel image (copied there before the guest starts, and mapped over the loaded image), so
 * every kernel address that Linux may ask __pa() of is guest physical memory. Offsets are um_gpo_t.
 */
#ifndef _UM_MEM_H
#define _UM_MEM_H

#include <um/types.h>

extern unsigned long um_physmem_size;	/* bytes, a multiple of the page size; set before the guest starts */

/**
 * host_mem_map_kernel() - map guest memory at an address of the kernel process (vmalloc, modules)
 * @addr: page aligned, within the vmalloc or module range
 * @gpo:  offset
 * @len:  bytes
 * @prot: UM_PROT_*
 */
int host_mem_map_kernel(unsigned long addr, um_gpo_t gpo, unsigned long len, unsigned int prot);

/** host_mem_unmap_kernel() - the range faults again; its addresses stay reserved. */
int host_mem_unmap_kernel(unsigned long addr, unsigned long len);

/** host_mem_protect_kernel() - change the protection of mapped kernel addresses (also of the image). */
int host_mem_protect_kernel(unsigned long addr, unsigned long len, unsigned int prot);

/** host_mem_discard() - give the pages back to the host; they read as zeroes afterwards. */
int host_mem_discard(um_gpo_t gpo, unsigned long len);

/** host_mem_populate() - have the host back these pages and map them in the direct map; what it cannot do is left to faults. */
void host_mem_populate(um_gpo_t gpo, unsigned long len);

#define UM_PROT_READ	1u	/* the host's PROT_* values */
#define UM_PROT_WRITE	2u
#define UM_PROT_EXEC	4u

#endif /* _UM_MEM_H */
