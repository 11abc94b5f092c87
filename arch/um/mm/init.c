// SPDX-License-Identifier: GPL-2.0
/*
 * init.c - memory at boot: zones, the kernel's page directory, the page of zeroes, and what is freed afterwards
 */

#include <linux/export.h>
#include <linux/init.h>
#include <linux/memblock.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/set_memory.h>
#include <asm/pgtable.h>
#include <asm/sections.h>
#include <um/mem.h>

#include "populate.h"

pgd_t swapper_pg_dir[PTRS_PER_PGD] __page_aligned_bss;

unsigned long empty_zero_page[PAGE_SIZE / sizeof(unsigned long)] __page_aligned_bss;
EXPORT_SYMBOL(empty_zero_page);

/* What can be executed can be read, as on x86 without protection keys; shared and writable means written in place. */
static const pgprot_t protection_map[16] = {
	[VM_NONE]					= PAGE_NONE,
	[VM_READ]					= PAGE_READONLY,
	[VM_WRITE]					= PAGE_COPY,
	[VM_WRITE | VM_READ]				= PAGE_COPY,
	[VM_EXEC]					= PAGE_READONLY_EXEC,
	[VM_EXEC | VM_READ]				= PAGE_READONLY_EXEC,
	[VM_EXEC | VM_WRITE]				= PAGE_COPY_EXEC,
	[VM_EXEC | VM_WRITE | VM_READ]			= PAGE_COPY_EXEC,
	[VM_SHARED]					= PAGE_NONE,
	[VM_SHARED | VM_READ]				= PAGE_READONLY,
	[VM_SHARED | VM_WRITE]				= PAGE_SHARED,
	[VM_SHARED | VM_WRITE | VM_READ]		= PAGE_SHARED,
	[VM_SHARED | VM_EXEC]				= PAGE_READONLY_EXEC,
	[VM_SHARED | VM_EXEC | VM_READ]			= PAGE_READONLY_EXEC,
	[VM_SHARED | VM_EXEC | VM_WRITE]		= PAGE_SHARED_EXEC,
	[VM_SHARED | VM_EXEC | VM_WRITE | VM_READ]	= PAGE_SHARED_EXEC,
};
DECLARE_VM_GET_PAGE_PROT

/**
 * um_virt_addr_valid() - is this an address that __pa() knows, of memory that exists?
 */
bool um_virt_addr_valid(unsigned long virt)
{
	if (virt >= UM_DIRECT_BASE)
		return virt - UM_DIRECT_BASE < um_physmem_size;
	return virt >= UM_KERNEL_BASE && virt < (unsigned long)_end;
}
EXPORT_SYMBOL(um_virt_addr_valid);

/**
 * paging_init() - hand the memory to the zones; all of it is mapped already
 */
void __init paging_init(void)
{
	unsigned long max_zone_pfn[MAX_NR_ZONES] = { 0 };

	um_populate_init();
	max_low_pfn = max_pfn = PFN_DOWN(um_physmem_size);
	set_max_mapnr(max_pfn);
	high_memory = __va(um_physmem_size);
	max_zone_pfn[ZONE_NORMAL] = max_low_pfn;
	free_area_init(max_zone_pfn);
}

void __init mem_init(void)
{
	memblock_free_all();
}

void free_initmem(void)
{
	unsigned long start = (unsigned long)__init_begin;

	/* Its own mapping of the text goes; the pages live on in the direct map. */
	host_mem_protect_kernel(start, (unsigned long)__init_end - start, UM_PROT_READ | UM_PROT_WRITE);
	free_initmem_default(POISON_FREE_INITMEM);
}

#ifdef CONFIG_STRICT_KERNEL_RWX
void mark_rodata_ro(void)
{
	unsigned long start = (unsigned long)__start_rodata;
	unsigned long end = (unsigned long)__end_rodata;

	set_memory_ro(start, (end - start) >> PAGE_SHIFT);
}
#endif
