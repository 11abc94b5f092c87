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

#define FILL_PAGES		16UL	/* how far around a fault entries are copied, a power of two */
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
	unsigned long flags;

	ctx->lock = (arch_spinlock_t)__ARCH_SPIN_LOCK_UNLOCKED;
	atomic_set(&ctx->running, 0);
	ctx->lo = ULONG_MAX;
	ctx->hi = 0;
	ctx->forking = false;
	ctx->vdso = NULL;
	/* The pool's lock is the host side's: its holder must not be interrupted by one who wants it on the same vCPU. */
	local_irq_save(flags);
	ctx->space = host_space_get();
	local_irq_restore(flags);
	return ctx->space ? 0 : -ENOMEM;
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

static void queue_map(struct mm_struct *mm, unsigned long addr, unsigned long pfn, unsigned long len, unsigned int prot)
{
	mm_context_t *ctx = &mm->context;
	unsigned long flags = context_lock(mm);

	host_space_map(ctx->space, addr, PFN_PHYS(pfn), len, prot);
	ctx->lo = min(ctx->lo, addr);
	ctx->hi = max(ctx->hi, addr + len);
	context_unlock(mm, flags);
}

/* Entries [@first, @last) of a page table as few mappings: runs that are contiguous in memory and alike in permission. */
static void fill_run(struct mm_struct *mm, pte_t *table, unsigned long base, unsigned int first, unsigned int last, unsigned int fault)
{
	unsigned int i = first, n;

	while (i < last) {
		pte_t pte = ptep_get(table + i);
		unsigned int prot = host_prot(pte_val(pte));

		if (!prot || (i != fault && pte_hosted(pte))) {
			i++;
			continue;
		}
		for (n = 1; i + n < last; n++) {
			pte_t next = ptep_get(table + i + n);

			if (pte_pfn(next) != pte_pfn(pte) + n || host_prot(pte_val(next)) != prot)
				break;
		}
		queue_map(mm, base + i * PAGE_SIZE, pte_pfn(pte), n * PAGE_SIZE, prot);
		for (; n; n--, i++)
			set_bit(_PAGE_BIT_HOSTED, (unsigned long *)(table + i));
	}
}

static void fill_pte(struct mm_struct *mm, pmd_t *pmd, unsigned long addr)
{
	unsigned int fault = pte_index(addr), first, last;
	unsigned long base = addr & PMD_MASK;
	unsigned long pfn;
	unsigned int prot;
	spinlock_t *ptl;
	pte_t *table;

	table = pte_offset_map_lock(mm, pmd, base, &ptl);
	if (!table)
		return;
	prot = host_prot(pte_val(ptep_get(table + fault)));
	if (prot) {
		first = round_down(fault, FILL_PAGES);
		last = first + FILL_PAGES;
		pfn = pte_pfn(ptep_get(table + fault));
		/* a large folio may reach farther */
		while (last < PTRS_PER_PTE && pte_pfn(ptep_get(table + last)) == pfn + (last - fault) &&
		       host_prot(pte_val(ptep_get(table + last))) == prot)
			last++;
		fill_run(mm, table, base, first, last, fault);
	}
	pte_unmap_unlock(table, ptl);
}

static void fill_pmd(struct mm_struct *mm, pmd_t *pmd, unsigned long addr)
{
	spinlock_t *ptl = pmd_lock(mm, pmd);
	unsigned int prot = host_prot(pmd_val(*pmd));

	if (pmd_leaf(*pmd) && prot)
		queue_map(mm, addr & PMD_MASK, pmd_pfn(*pmd), PMD_SIZE, prot);
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

/**
 * um_tlb_fill() - copy the translation of @addr, and of its neighbours, to the space
 * @mm:   current's
 * @addr: address of a fault that was just handled
 *
 * Queued only; the next um_space_resume() executes it.
 */
void um_tlb_fill(struct mm_struct *mm, unsigned long addr)
{
	pmd_t *pmd;

	rcu_read_lock();
	pmd = um_find_pmd(mm, addr);
	if (pmd && pmd_leaf(*pmd))
		fill_pmd(mm, pmd, addr);
	else if (pmd && !pmd_none(*pmd))
		fill_pte(mm, pmd, addr);
	rcu_read_unlock();
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
