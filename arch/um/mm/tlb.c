// SPDX-License-Identifier: GPL-2.0
/*
 * tlb.c - a space's host mappings as a translation buffer
 *
 * The guest's page tables are the truth; a host mapping is a copy that may be missing at any time. Copies are made after a fault
 * (um_tlb_fill()), for the page and for what lies around it, and revoked when Linux asks for a flush.
 *
 * ORDER: entries are copied while the page table lock is held, so a copy is queued before the flush that follows a change of its entry; the queue
 * keeps the order. Lock order: page table lock, then context.lock.
 *
 * REVOCATION is complete only when the mapper has said so in memory that guest code cannot write, or when the host says that all contexts sleep, and
 * so will not run before the queue is executed: a program whose threads pretend to be parked could otherwise go on using a page that belongs to others by
 * now. One exception: after fork only permissions shrink. The
 * parent keeps all its pages, so it is enough that it happens before the parent runs again, where it costs nothing extra.
 *
 * HOSTED, a bit in an entry, says that a copy was made since the entry was last written; such neighbours of a fault need no new copy. It
 * may be wrong in that direction (the mapping was dropped since), which costs one more fault.
 */

#include <linux/cacheflush.h>
#include <linux/hugetlb.h>
#include <linux/mm.h>
#include <linux/pagewalk.h>
#include <linux/pgtable.h>
#include <linux/sched/mm.h>
#include <asm/mmu_context.h>
#include <asm/tlbflush.h>
#include <um/cpu.h>
#include <um/mem.h>
#include <um/space.h>

#include "../kernel/core.h"
#include "ahead.h"
#include "sites.h"

#define FILL_PAGES		16UL	/* how far around a fault entries are copied, a power of two */
#define NEAR_OPS		8	/* for what is not contiguous with it */
#define FAR_PAGES		128U	/* how far in each direction, where it takes few operations */
#define FAR_OPS			2
#define QUEUE_AHEAD		48	/* operations: a full queue would forget everything */
#define FAR_RUN			8	/* pages that are worth an operation there */
#define FORK_MAX_VMAS		40	/* more areas than this are forgotten by one range */

/* Not a spinlock_t: it is taken where lockdep believes interrupts to be on already. */
static unsigned long context_lock(struct mm_struct *mm)
{
	unsigned long flags;

	raw_local_irq_save(flags);
	while (!arch_spin_trylock(&mm->context.lock))
		host_cpu_relax();
	return flags;
}

static void context_unlock(struct mm_struct *mm, unsigned long flags)
{
	arch_spin_unlock(&mm->context.lock);
	raw_local_irq_restore(flags);
}

int um_context_init(struct mm_struct *mm)
{
	mm_context_t *ctx = &mm->context;
	bool is_fork = ctx->space;	/* copied from the parent's mm */
	unsigned long flags;

	ctx->lock = (arch_spinlock_t)__ARCH_SPIN_LOCK_UNLOCKED;
	atomic_set(&ctx->running, 0);
	ctx->lo = ULONG_MAX;
	ctx->hi = 0;
	ctx->forking = false;
	ctx->vdso = NULL;
	ctx->calls = 0;
	ctx->sites = NULL;
	/* The pool's lock is the host side's: its holder must not be interrupted by one who wants it on the same vCPU. */
	local_irq_save(flags);
	ctx->space = host_space_get();
	local_irq_restore(flags);
	if (!ctx->space)
		return -ENOMEM;
	um_ahead_init(mm, is_fork ? current->mm : NULL);
	return 0;
}

/* Forget everything. Nobody runs in the space, and nobody will. */
void um_context_exit(struct mm_struct *mm)
{
	um_tlb_flush(mm, 0, TASK_SIZE);
}

void um_context_destroy(struct mm_struct *mm)
{
	unsigned long flags;

	if (!mm->context.space)
		return;
	um_tlb_flush(mm, 0, TASK_SIZE);
	um_ahead_exit(mm);
	um_sites_exit(mm);
	local_irq_save(flags);
	host_space_put(mm->context.space);
	local_irq_restore(flags);
	mm->context.space = NULL;
}

/**
 * um_tlb_flush() - revoke what is mapped in a range
 * @mm:    whose
 * @start: first address
 * @end:   behind the last
 */
void um_tlb_flush(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	mm_context_t *ctx = &mm->context;
	unsigned long flags;

	if (!ctx->space)
		return;
	flags = context_lock(mm);
	if (unlikely(ctx->sites))
		um_sites_forget(mm, start, end);
	start = max(start, ctx->lo);
	end = min(end, ctx->hi);
	if (start < end) {
		host_space_unmap(ctx->space, start, end - start);
		if (atomic_read(&ctx->running) || !host_space_asleep(ctx->space))
			host_space_flush(ctx->space);
		if (start == ctx->lo && end == ctx->hi) {
			ctx->lo = ULONG_MAX;
			ctx->hi = 0;
		}
	}
	context_unlock(mm, flags);
}

static int clear_hosted(pte_t *pte, unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	clear_bit(_PAGE_BIT_HOSTED, (unsigned long *)pte);
	return 0;
}

/* A huge entry has no HOSTED bit to clear, and must not be split for it. */
static int skip_huge(pmd_t *pmd, unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	if (pmd_leaf(*pmd))
		walk->action = ACTION_CONTINUE;
	return 0;
}

static const struct mm_walk_ops clear_hosted_ops = {
	.pmd_entry = skip_huge,
	.pte_entry = clear_hosted,
	.walk_lock = PGWALK_RDLOCK,
};

/*
 * After fork: copy-on-write areas must fault on writes. Their mappings are queued to be dropped when the parent next runs; other areas
 * have not changed, so a program's text stays mapped.
 */
static void flush_forked(struct mm_struct *mm)
{
	mm_context_t *ctx = &mm->context;
	struct vm_area_struct *vma;
	unsigned long flags;
	unsigned int nr = 0;

	VMA_ITERATOR(vmi, mm, 0);

	for_each_vma(vmi, vma) {
		if (!is_cow_mapping(vma->vm_flags) || !vma->anon_vma)
			continue;
		if (nr++ > FORK_MAX_VMAS)
			break;
		if (vma->vm_end <= ctx->lo || vma->vm_start >= ctx->hi)
			continue;
		walk_page_vma(vma, &clear_hosted_ops, NULL);
		flags = context_lock(mm);
		host_space_unmap(ctx->space, vma->vm_start, vma->vm_end - vma->vm_start);
		context_unlock(mm, flags);
	}
	flags = context_lock(mm);
	if (nr > FORK_MAX_VMAS)
		host_space_unmap(ctx->space, 0, TASK_SIZE);
	if (atomic_read(&ctx->running))
		host_space_flush(ctx->space);
	context_unlock(mm, flags);
}

/**
 * flush_tlb_mm() - revoke all of an mm
 * @mm: whose
 */
void flush_tlb_mm(struct mm_struct *mm)
{
	if (mm->context.forking && mm->context.space) {
		mm->context.forking = false;
		flush_forked(mm);
		return;
	}
	um_tlb_flush(mm, 0, TASK_SIZE);
}

/* UM_PROT_* of a host mapping for an entry, 0 if there must be none. Not yet dirty is not yet writable: the fault sets it. */
static unsigned int host_prot(unsigned long entry)
{
	unsigned int prot;

	if ((entry & (_PAGE_PRESENT | _PAGE_USER | _PAGE_ACCESSED)) != (_PAGE_PRESENT | _PAGE_USER | _PAGE_ACCESSED))
		return 0;
	prot = UM_PROT_READ;
	if ((entry & (_PAGE_WRITE | _PAGE_DIRTY)) == (_PAGE_WRITE | _PAGE_DIRTY))
		prot |= UM_PROT_WRITE;
	if (entry & _PAGE_EXEC)
		prot |= UM_PROT_EXEC;
	return prot;
}

/**
 * um_tlb_map() - queue a mapping
 * @mm:   whose
 * @addr: where
 * @pfn:  first page
 * @len:  bytes
 * @prot: UM_PROT_*
 */
void um_tlb_map(struct mm_struct *mm, unsigned long addr, unsigned long pfn, unsigned long len, unsigned int prot)
{
	mm_context_t *ctx = &mm->context;
	unsigned long flags = context_lock(mm);

	host_space_map(ctx->space, addr, PFN_PHYS(pfn), len, prot);
	if (unlikely(ctx->sites))
		um_sites_map(mm, addr, pfn, len);
	ctx->lo = min(ctx->lo, addr);
	ctx->hi = max(ctx->hi, addr + len);
	context_unlock(mm, flags);
}

/**
 * struct fill - entries of a page table that are copied
 * @mm:    whose
 * @table: first entry
 * @base:  address that it stands for
 * @fault: number of the entry that is wanted
 * @ops:   operations left for others
 */
struct fill {
	struct mm_struct *mm;
	pte_t *table;
	unsigned long base;
	unsigned int fault;
	unsigned int ops;
};

/* Does entry @b follow entry @a in memory, with the same permission? */
static bool follows(pte_t a, pte_t b)
{
	return pte_pfn(b) == pte_pfn(a) + 1 && host_prot(pte_val(a)) == host_prot(pte_val(b));
}

/* Length of the run that begins at entry @i and ends before @last: one host mapping; 0 if there is nothing to copy, or a copy is there already. */
static unsigned int run_length(const struct fill *f, unsigned int i, unsigned int last)
{
	pte_t pte = ptep_get(f->table + i);
	unsigned int n;

	if (!host_prot(pte_val(pte)) || pte_hosted(pte))
		return 0;
	for (n = 1; i + n < last && follows(ptep_get(f->table + i + n - 1), ptep_get(f->table + i + n)); n++)
		;
	return n;
}

static void copy_entries(struct fill *f, unsigned int i, unsigned int n)
{
	pte_t pte = ptep_get(f->table + i);

	um_tlb_map(f->mm, f->base + i * PAGE_SIZE, pte_pfn(pte), n * PAGE_SIZE, host_prot(pte_val(pte)));
	for (; n; n--, i++)
		set_bit(_PAGE_BIT_HOSTED, (unsigned long *)(f->table + i));
}

/* The run that the wanted entry lies in, up to what has been copied already; before the entry it reaches back to @first at most. */
static void fill_wanted(struct fill *f, unsigned int first)
{
	unsigned int i = f->fault, last = f->fault + 1;

	while (i > first && !pte_hosted(ptep_get(f->table + i - 1)) && follows(ptep_get(f->table + i - 1), ptep_get(f->table + i)))
		i--;
	while (last < PTRS_PER_PTE && !pte_hosted(ptep_get(f->table + last)) && follows(ptep_get(f->table + last - 1), ptep_get(f->table + last)))
		last++;
	copy_entries(f, i, last - i);
}

/* Other entries in [@first, @last), in runs of at least @min pages while there are operations left. */
static void fill_others(struct fill *f, unsigned int first, unsigned int last, unsigned int min)
{
	unsigned int i = first, n;

	while (i < last && f->ops) {
		n = run_length(f, i, last);
		if (n >= min) {
			copy_entries(f, i, n);
			f->ops--;
		}
		i += max(n, 1U);
	}
}

static struct page *page_of(pte_t pte)
{
	return pfn_valid(pte_pfn(pte)) && !pte_special(pte) ? pte_page(pte) : NULL;
}

/*
 * A page of a file, read: its neighbours are copied as far as it takes few operations. Around other pages that would be in vain too often:
 * memory that a program writes to soon has other entries.
 */
static bool is_read_only_file(pte_t pte)
{
	struct page *page = page_of(pte);

	return page && !PageAnon(page) && !(host_prot(pte_val(pte)) & UM_PROT_WRITE);
}

/* Text that a program changes through this mapping, and another one executes a copy of (sites.c)? */
static void check_text(pte_t pte)
{
	struct page *page = host_prot(pte_val(pte)) & UM_PROT_WRITE ? page_of(pte) : NULL;

	if (page && !PageAnon(page))
		flush_dcache_page(page);
}

static void fill_pte(struct mm_struct *mm, pmd_t *pmd, unsigned long addr, bool is_fault)
{
	struct fill f = { .mm = mm, .base = addr & PMD_MASK, .fault = pte_index(addr), .ops = NEAR_OPS };
	unsigned int first = round_down(f.fault, FILL_PAGES), last = first + FILL_PAGES;
	spinlock_t *ptl;
	pte_t pte;

	f.table = pte_offset_map_lock(mm, pmd, f.base, &ptl);
	if (!f.table)
		return;
	pte = ptep_get(f.table + f.fault);
	if (host_prot(pte_val(pte)) && (is_fault || !pte_hosted(pte))) {
		check_text(pte);
		fill_wanted(&f, is_read_only_file(pte) ? 0 : first);
		if (is_fault)
			fill_others(&f, first, last, 1);
		if (is_fault && is_read_only_file(pte)) {
			f.ops = FAR_OPS;
			fill_others(&f, last, min(f.fault + FAR_PAGES, PTRS_PER_PTE), FAR_RUN);
			fill_others(&f, f.fault > FAR_PAGES ? f.fault - FAR_PAGES : 0, first, FAR_RUN);
		}
	}
	pte_unmap_unlock(f.table, ptl);
}

/**
 * um_tlb_runs() - how many operations it takes to map what lies around an address and is not mapped yet
 * @mm:    current's
 * @addr:  user address
 * @pages: how much of it, a power of two, up to a whole table
 */
unsigned int um_tlb_runs(struct mm_struct *mm, unsigned long addr, unsigned int pages)
{
	struct fill f = { .base = addr & PMD_MASK, .fault = pte_index(addr) };
	unsigned int i = round_down(f.fault, pages), last = i + pages, nr = 0;
	pmd_t *pmd = um_find_pmd(mm, addr);
	spinlock_t *ptl;

	f.table = pmd ? pte_offset_map_lock(mm, pmd, f.base, &ptl) : NULL;
	if (!f.table)
		return 0;
	while (i < last) {
		unsigned int n = run_length(&f, i, last);

		nr += n != 0;
		i += max(n, 1U);
	}
	pte_unmap_unlock(f.table, ptl);
	return nr;
}

static void fill_pmd(struct mm_struct *mm, pmd_t *pmd, unsigned long addr)
{
	spinlock_t *ptl = pmd_lock(mm, pmd);
	unsigned int prot = host_prot(pmd_val(*pmd));

	if (pmd_leaf(*pmd) && prot)
		um_tlb_map(mm, addr & PMD_MASK, pmd_pfn(*pmd), PMD_SIZE, prot);
	spin_unlock(ptl);
}

/* The entry that @addr's page table, or huge page, hangs on; NULL if there is none. The caller looks what it is. */
pmd_t *um_find_pmd(struct mm_struct *mm, unsigned long addr)
{
	pgd_t *pgd = pgd_offset(mm, addr);
	p4d_t *p4d;
	pud_t *pud;

	if (pgd_none(*pgd))
		return NULL;
	p4d = p4d_offset(pgd, addr);
	if (p4d_none(*p4d))
		return NULL;
	pud = pud_offset(p4d, addr);
	if (pud_none(*pud))
		return NULL;
	return pmd_offset(pud, addr);
}

static void fill(struct mm_struct *mm, unsigned long addr, bool is_fault)
{
	pmd_t *pmd;

	rcu_read_lock();
	pmd = um_find_pmd(mm, addr);
	if (pmd && pmd_leaf(*pmd))
		fill_pmd(mm, pmd, addr);
	else if (pmd && !pmd_none(*pmd))
		fill_pte(mm, pmd, addr, is_fault);
	rcu_read_unlock();
}

/**
 * um_tlb_fill() - copy the translation of @addr, and of its neighbours, to the space
 * @mm:   current's
 * @addr: address of a fault that was just handled
 *
 * Queued only; the next um_space_resume() executes it.
 */
void um_tlb_fill(struct mm_struct *mm, unsigned long addr)
{
	fill(mm, addr, true);
}

/**
 * um_tlb_take() - copy one page, and what is contiguous with it, unless it was copied already or much else is queued
 * @mm:   current's
 * @addr: address of a page that is likely to be needed
 */
void um_tlb_take(struct mm_struct *mm, unsigned long addr)
{
	if (host_space_queued(mm->context.space) < QUEUE_AHEAD)
		fill(mm, addr, false);
}

/**
 * um_space_resume() - let this vCPU's context run the current task
 * @mm:   current's
 * @regs: its registers
 *
 * Called with interrupts off. Executes what is queued for the space first. Return: 0, or what host_space_resume() says.
 */
int um_space_resume(struct mm_struct *mm, struct pt_regs *regs)
{
	struct thread_struct *t = &current->thread;
	mm_context_t *ctx = &mm->context;
	unsigned long flags = context_lock(mm);
	int ret;

	atomic_inc(&ctx->running);
	ret = host_space_resume(ctx->space, smp_processor_id(), (struct um_regs *)regs, t->fsbase, t->gsbase,
				t->fp_in_context ? NULL : t->fpu.image);
	if (ret)
		atomic_dec(&ctx->running);
	context_unlock(mm, flags);
	return ret;
}

/** um_space_stopped() - the context that um_space_resume() let go is parked again (or its space dead). */
void um_space_stopped(struct mm_struct *mm)
{
	atomic_dec(&mm->context.running);
	current->thread.fp_in_context = true;
}
