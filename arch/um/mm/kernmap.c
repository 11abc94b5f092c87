// SPDX-License-Identifier: GPL-2.0
/*
 * kernmap.c - the kernel process' own mappings of vmalloc memory and modules
 *
 * The guest's tables for these addresses (init_mm) are read by nobody but this file: an address works when the host
 * has mapped the page there. flush_cache_vmap() says that pages came, flush_tlb_kernel_range() that pages went,
 * set_memory_*() that protections changed.
 *
 * A flush of what went may cover a range in which other users have live pages, or are getting some at this moment
 * (vfree() collects ranges and flushes from the lowest to the highest). So who unmaps looks at the table as well
 * and leaves what is present; and both sides hold the lock from the look at the table until the host call. A page
 * that is entered later is mapped by its own flush, which comes after.
 */
#define pr_fmt(fmt) "um-mem: " fmt

#include <linux/export.h>
#include <linux/kallsyms.h>
#include <linux/mm.h>
#include <linux/pagewalk.h>
#include <linux/set_memory.h>
#include <linux/spinlock.h>
#include <asm/pgalloc.h>
#include <asm/pgtable.h>
#include <asm/sections.h>
#include <um/mem.h>

static DEFINE_RAW_SPINLOCK(kernmap_lock);	/* see above; also held while a table of ptes is taken out */

/**
 * struct run - neighbouring pages with one answer
 * @start:   address
 * @end:     behind the last
 * @entry:   of the first page: frame and bits, 0 where nothing is present
 */
struct run {
	unsigned long start;
	unsigned long end;
	unsigned long entry;
};

#define RUN_BITS	(_PAGE_PRESENT | _PAGE_WRITE | _PAGE_EXEC)

static unsigned int host_prot(unsigned long entry)
{
	return UM_PROT_READ | (entry & _PAGE_WRITE ? UM_PROT_WRITE : 0) | (entry & _PAGE_EXEC ? UM_PROT_EXEC : 0);
}

static void run_map(const struct run *run)
{
	int ret;

	if (!run->entry || run->start == run->end)
		return;
	ret = host_mem_map_kernel(run->start, run->entry & _PAGE_PFN_MASK, run->end - run->start,
				  host_prot(run->entry));
	if (ret)
		pr_crit_once("the host refuses a mapping at %lx (error %d); raise its vm.max_map_count\n",
			     run->start, ret);
}

static void run_unmap(const struct run *run)
{
	if (!run->entry && run->start != run->end)
		host_mem_unmap_kernel(run->start, run->end - run->start);
}

/*
 * The entry that answers for @addr, and in *@size how far it does: a page, or what an empty or huge entry of a
 * higher level spans.
 */
static unsigned long entry_at(unsigned long addr, unsigned long *size)
{
	p4d_t *p4d = p4d_offset(pgd_offset_k(addr), addr);
	pud_t *pud;
	pmd_t *pmd;
	pte_t *ptep, pte;

	*size = PGDIR_SIZE;
	if (!p4d_present(*p4d))
		return 0;
	pud = pud_offset(p4d, addr);
	*size = PUD_SIZE;
	if (!pud_present(*pud))
		return 0;
	pmd = pmd_offset(pud, addr);
	*size = PMD_SIZE;
	if (!pmd_present(*pmd))
		return 0;
	if (pmd_leaf(*pmd))
		return pmd_val(*pmd) + (addr & ~PMD_MASK);
	ptep = pte_offset_kernel(pmd, addr);
	pte = ptep_get(ptep);
	*size = PAGE_SIZE;
	return pte_present(pte) ? pte_val(pte) : 0;
}

/* Does an entry go on where the run ends: the same answer, and the next frame? */
static bool run_continues(const struct run *run, unsigned long entry)
{
	if (!run->entry || !entry)
		return run->entry == entry;
	return (entry & RUN_BITS) == (run->entry & RUN_BITS) &&
	       (entry & _PAGE_PFN_MASK) == (run->entry & _PAGE_PFN_MASK) + (run->end - run->start);
}

static void for_each_run(unsigned long start, unsigned long end, void (*fn)(const struct run *run))
{
	struct run run = { .start = start, .end = start };
	unsigned long addr, next, entry, size;

	for (addr = start; addr < end; addr = next) {
		entry = entry_at(addr, &size);
		next = min((addr & ~(size - 1)) + size, end);
		if (run.end == run.start || !run_continues(&run, entry)) {
			fn(&run);
			run.start = addr;
			run.entry = entry;
		}
		run.end = next;
	}
	fn(&run);
}

static void kernmap_sync(unsigned long start, unsigned long end, void (*fn)(const struct run *run))
{
	unsigned long flags;

	start &= PAGE_MASK;
	end = PAGE_ALIGN(end);
	raw_spin_lock_irqsave(&kernmap_lock, flags);
	for_each_run(start, end, fn);
	raw_spin_unlock_irqrestore(&kernmap_lock, flags);
}

/*
 * Entries of 2 MiB in init_mm (asm/vmalloc.h).
 */

int pmd_set_huge(pmd_t *pmd, phys_addr_t phys, pgprot_t prot)
{
	set_pmd(pmd, pmd_mkhuge(pfn_pmd(PHYS_PFN(phys), prot)));
	return 1;
}

int pmd_clear_huge(pmd_t *pmd)
{
	if (!pmd_leaf(*pmd))
		return 0;
	pmd_clear(pmd);
	return 1;
}

/* Somebody's flush may be reading the table. */
int pmd_free_pte_page(pmd_t *pmd, unsigned long addr)
{
	unsigned long flags;
	pte_t *table;

	raw_spin_lock_irqsave(&kernmap_lock, flags);
	table = (pte_t *)pmd_page_vaddr(*pmd);
	pmd_clear(pmd);
	raw_spin_unlock_irqrestore(&kernmap_lock, flags);
	pte_free_kernel(&init_mm, table);
	return 1;
}

/* There are no larger ones. */
int pud_set_huge(pud_t *pud, phys_addr_t phys, pgprot_t prot)
{
	return 0;
}

int pud_clear_huge(pud_t *pud)
{
	return 0;
}

int pud_free_pmd_page(pud_t *pud, unsigned long addr)
{
	return 0;
}

/**
 * um_kernel_map() - make the host mappings of the pages in init_mm's [@start, @end)
 */
void um_kernel_map(unsigned long start, unsigned long end)
{
	kernmap_sync(start, end, run_map);
}
EXPORT_SYMBOL(um_kernel_map);

/**
 * um_kernel_unmap() - end the host mappings of [@start, @end) except where init_mm has pages
 *
 * Addresses outside of the ranges for vmalloc, modules and their shadow are not touched, so "flush everything" is safe.
 */
void um_kernel_unmap(unsigned long start, unsigned long end)
{
	static const struct {
		unsigned long start, end;
	} ranges[] = {
		{ UM_MODULES_START, UM_MODULES_END },
		{ UM_VMALLOC_START, UM_VMALLOC_END },
		{ UM_KASAN_SHADOW + (UM_MODULES_START >> 3), UM_KASAN_SHADOW + (UM_MODULES_END >> 3) },
		{ UM_KASAN_SHADOW + (UM_VMALLOC_START >> 3), UM_KASAN_SHADOW + (UM_VMALLOC_END >> 3) },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ranges); i++)
		if (start < ranges[i].end && end > ranges[i].start)
			kernmap_sync(max(start, ranges[i].start), min(end, ranges[i].end), run_unmap);
}
EXPORT_SYMBOL(um_kernel_unmap);

struct prot_change {
	unsigned long set, clear;
};

static int change_entry(pte_t *ptep, unsigned long addr, void *data)
{
	const struct prot_change *change = data;

	set_pte(ptep, __pte((pte_val(ptep_get(ptep)) & ~change->clear) | change->set));
	return 0;
}

static bool in_image(unsigned long start, unsigned long end)
{
	return start >= UM_KERNEL_BASE && end <= PAGE_ALIGN((unsigned long)_end);
}

/* The image has no entries in init_mm; its protection is changed directly, and to what is wanted of it exactly. */
static int change_image(unsigned long start, unsigned long end, const struct prot_change *change)
{
	bool text = is_kernel_text(start) || is_kernel_inittext(start);
	unsigned long entry = (text ? _PAGE_EXEC : _PAGE_WRITE) | change->set;

	return host_mem_protect_kernel(start, end - start, host_prot(entry & ~change->clear));
}

static int change_kernel_prot(unsigned long addr, int numpages, struct prot_change change)
{
	unsigned long start = addr & PAGE_MASK;
	unsigned long end = start + (unsigned long)numpages * PAGE_SIZE;
	int ret;

	if (numpages <= 0)
		return 0;
	if (in_image(start, end))
		return change_image(start, end, &change);
	if (start >= UM_DIRECT_BASE && end <= UM_DIRECT_BASE + UM_DIRECT_MAX)
		return 0;
	ret = apply_to_existing_page_range(&init_mm, start, end - start, change_entry, &change);
	if (!ret)
		um_kernel_map(start, end);
	return ret;
}

int set_memory_ro(unsigned long addr, int numpages)
{
	return change_kernel_prot(addr, numpages, (struct prot_change) { .clear = _PAGE_WRITE });
}

int set_memory_rw(unsigned long addr, int numpages)
{
	return change_kernel_prot(addr, numpages, (struct prot_change) { .set = _PAGE_WRITE });
}

int set_memory_x(unsigned long addr, int numpages)
{
	return change_kernel_prot(addr, numpages, (struct prot_change) { .set = _PAGE_EXEC });
}

int set_memory_nx(unsigned long addr, int numpages)
{
	return change_kernel_prot(addr, numpages, (struct prot_change) { .clear = _PAGE_EXEC });
}

int set_memory_rox(unsigned long addr, int numpages)
{
	return change_kernel_prot(addr, numpages, (struct prot_change) { .set = _PAGE_EXEC, .clear = _PAGE_WRITE });
}
