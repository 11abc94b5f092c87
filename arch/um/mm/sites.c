// SPDX-License-Identifier: GPL-2.0
/*
 * sites.c - patched call sites: system calls without a host signal
 *
 * A system call of a program is a host signal, because its host process may make no call of its own. Where one place in a program's text makes
 * many, it gets a jump to the stub instead, which stores the registers and posts the call by itself (stub/context.S):
 *
 *	b8 nr nr nr nr   mov  $nr,%eax          ff 24 25 xx xx   jmp  *UM_SITES + 8 * site
 *	0f 05            syscall                0f 05            the end of that address
 *
 * Text is not written to. The page, as the file has it, is copied, the copy is patched, and the space maps the copy instead. Page tables go on
 * naming the page of the file: ptrace, core dumps, /proc/PID/mem, other processes and the file itself show no patch, and whatever makes Linux flush
 * the translation (unmapping, mprotect, a breakpoint that is set, reclaim) takes the copy away. A thread executes the one or the other; the
 * `syscall` is in both, so to jump to it, or to return to it from a signal handler, traps as ever. Only the program's own loads see the patch.
 *
 * Patched are private, file-backed mappings without write permission: what generated code does with its pages is its own affair. Three things besides a
 * flush end a copy:
 *
 *   the file is written to            flush_dcache_folio(), for folios that carry PG_arch_1
 *   it is written to by a mapping     um_tlb_fill() of a shared writable entry; none is there when a copy is made
 *   something is mapped at UM_SITES   then the program has no patches any more, see um_sites_check()
 *
 * The jump table is one page of the kernel, the same for all. What it says of the site, a program can forge: it gets a system call at another of its
 * own call sites, where it could have jumped to.
 *
 * LOCKING: sites_lock guards the list, the sites of each program and the contents of its copies; context.lock (mm/tlb.c) guards `valid`. Order:
 * page table lock, sites_lock, context.lock.
 */

#include <linux/hash.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/pgtable.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/unaligned.h>
#include <asm/cacheflush.h>
#include <asm/tlbflush.h>
#include <um/boot.h>
#include <um/mem.h>
#include <um/space.h>

#include "../kernel/core.h"
#include "sites.h"

#define AFTER_CALLS	256		/* a program that makes so many is worth counting */
#define HOT_CALLS	16		/* from one place */
#define RETRY_CALLS	1000		/* from one that could not be patched: something else may be there by then */
#define MAX_COPIES	16
#define SEEN_BITS	6

#define INSN_MOV	0xb8		/* mov $imm32,%eax */
#define INSN_SYSCALL	0x050f
#define MOV_SIZE	5
#define SITE_SIZE	7
#define JUMP		0x2524ff	/* jmp *disp32 */

/**
 * struct copy - a patched page
 * @addr:  where it is mapped
 * @pfn:   the page that it stands for
 * @page:  the copy
 * @valid: it still stands for that one
 */
struct copy {
	unsigned long addr;
	unsigned long pfn;
	struct page *page;
	bool valid;
};

/**
 * struct site - a patched place
 * @addr: its first instruction
 * @nr:   system call
 */
struct site {
	unsigned long addr;
	unsigned int nr;
};

/**
 * struct um_sites - of one program
 * @list:   all of them
 * @mm:     whose
 * @seq:    areas_seq() when UM_SITES was last found free
 * @off:    it never will be again
 * @seen:   calls of recent places, by hash
 */
struct um_sites {
	struct list_head list;
	struct mm_struct *mm;
	unsigned int seq;
	bool off;
	unsigned int nr_sites, nr_copies;
	struct { unsigned long ip; int calls; } seen[1 << SEEN_BITS];
	struct copy copy[MAX_COPIES];
	struct site site[UM_NR_SITES];
};

DEFINE_PER_CPU(struct um_call_stats, um_call_stats);

static DEFINE_RAW_SPINLOCK(sites_lock);
static LIST_HEAD(all_sites);

static u64 jump_table[PAGE_SIZE / sizeof(u64)] __page_aligned_data;	/* nothing else may be in its page */

static int __init sites_init(void)
{
	unsigned int i;

	BUILD_BUG_ON(UM_NR_SITES > ARRAY_SIZE(jump_table));
	BUILD_BUG_ON(UM_SITES >> 16 != INSN_SYSCALL);
	for (i = 0; i < UM_NR_SITES; i++)
		jump_table[i] = UM_STUB_SITES + i * UM_STUB_SITE_SIZE;
	return 0;
}
pure_initcall(sites_init);

static void map_table(struct mm_struct *mm)
{
	um_tlb_map(mm, UM_SITES, PFN_DOWN(__pa(jump_table)), PAGE_SIZE, UM_PROT_READ);
}

/* May this page table entry be stood for by a copy? */
static bool is_text_entry(pte_t pte)
{
	return pte_present(pte) && pte_exec(pte) && !pte_write(pte) && !pte_special(pte) && pfn_valid(pte_pfn(pte)) &&
	       !PageAnon(pte_page(pte));
}

static bool is_text_area(const struct vm_area_struct *vma)
{
	return vma->vm_file && (vma->vm_flags & (VM_EXEC | VM_WRITE | VM_SHARED | VM_HUGETLB | VM_PFNMAP | VM_MIXEDMAP)) == VM_EXEC &&
	       !mapping_writably_mapped(vma->vm_file->f_mapping);
}

/* A REX or operand size prefix would make another instruction of the mov. */
static bool is_site(const u8 *page, unsigned long offset, unsigned int nr)
{
	const u8 *insn = page + offset;

	return insn[0] == INSN_MOV && get_unaligned_le32(insn + 1) == nr && get_unaligned_le16(insn + MOV_SIZE) == INSN_SYSCALL &&
	       (insn[-1] & 0xf0) != 0x40 && insn[-1] != 0x66;
}

static struct copy *find_copy(struct um_sites *s, unsigned long addr)
{
	unsigned int i;

	for (i = 0; i < s->nr_copies; i++)
		if (s->copy[i].addr == (addr & PAGE_MASK))
			return s->copy + i;
	return NULL;
}

/* A new one is not valid, so there is nothing yet that needs the lock. */
static struct copy *get_copy(struct um_sites *s, unsigned long addr)
{
	struct copy *c = find_copy(s, addr);
	struct page *page;

	if (c || s->nr_copies == MAX_COPIES)
		return c;
	page = alloc_page(GFP_KERNEL_ACCOUNT);
	if (!page)
		return NULL;
	raw_spin_lock_irq(&sites_lock);
	c = find_copy(s, addr);
	if (!c && s->nr_copies < MAX_COPIES) {
		c = s->copy + s->nr_copies;
		*c = (struct copy){ .addr = addr & PAGE_MASK, .page = page };
		smp_store_release(&s->nr_copies, s->nr_copies + 1);
		page = NULL;
	}
	raw_spin_unlock_irq(&sites_lock);
	if (page)
		__free_page(page);
	return c;
}

static int find_site(const struct um_sites *s, unsigned long addr)
{
	unsigned int i;

	for (i = 0; i < s->nr_sites; i++)
		if (s->site[i].addr == addr)
			return i;
	return -1;
}

/* Sites are never forgotten, so a thread that comes from one that is a patch no more has still called from there. */
static bool add_site(struct um_sites *s, unsigned long addr, unsigned int nr)
{
	int i = find_site(s, addr);

	if (i < 0) {
		if (s->nr_sites == UM_NR_SITES)
			return false;
		i = s->nr_sites;
		s->site[i].addr = addr;
		smp_store_release(&s->nr_sites, i + 1);
	}
	s->site[i].nr = nr;
	return true;
}

/* No thread of the program runs: it has one context, and that is parked. */
static void patch_copy(const struct um_sites *s, const struct copy *c)
{
	u8 *text = page_address(c->page), *insn;
	unsigned int i;

	for (i = 0; i < s->nr_sites; i++) {
		insn = text + offset_in_page(s->site[i].addr);
		if ((s->site[i].addr & PAGE_MASK) != c->addr || !is_site(text, offset_in_page(s->site[i].addr), s->site[i].nr))
			continue;
		put_unaligned_le32(JUMP | (UM_SITES + 8 * i) << 24, insn);
		insn[MOV_SIZE - 1] = (UM_SITES + 8 * i) >> 8;
	}
}

/* The page table lock is held. What is written to the page from now on finds PG_arch_1, and comes after us. */
static bool install(struct um_sites *s, struct copy *c, struct page *page, unsigned long addr, unsigned int nr)
{
	bool ok = false;

	set_bit(PG_arch_1, &page_folio(page)->flags);
	smp_mb__after_atomic();
	raw_spin_lock_irq(&sites_lock);
	if (is_site(page_address(page), offset_in_page(addr), nr) && add_site(s, addr, nr)) {
		copy_page(page_address(c->page), page_address(page));
		patch_copy(s, c);
		c->pfn = page_to_pfn(page);
		WRITE_ONCE(c->valid, true);
		um_tlb_map(s->mm, c->addr, page_to_pfn(c->page), PAGE_SIZE, UM_PROT_READ | UM_PROT_EXEC);
		ok = true;
	}
	raw_spin_unlock_irq(&sites_lock);
	return ok;
}

static bool patch_page(struct um_sites *s, struct copy *c, unsigned long addr, unsigned int nr)
{
	spinlock_t *ptl;
	bool ok = false;
	pmd_t *pmd;
	pte_t *pte;

	rcu_read_lock();
	pmd = um_find_pmd(s->mm, addr);
	pte = pmd && !pmd_none(*pmd) && !pmd_leaf(*pmd) ? pte_offset_map_lock(s->mm, pmd, addr, &ptl) : NULL;
	if (pte) {
		if (is_text_entry(ptep_get(pte)))
			ok = install(s, c, pte_page(ptep_get(pte)), addr, nr);
		pte_unmap_unlock(pte, ptl);
	}
	rcu_read_unlock();
	return ok;
}

/* Patch the place that ends at @ip. */
static bool patch(struct um_sites *s, unsigned long ip, unsigned int nr)
{
	unsigned long addr = ip - SITE_SIZE;
	struct vm_area_struct *vma;
	struct copy *c = NULL;

	if (!offset_in_page(addr) || offset_in_page(addr) > PAGE_SIZE - SITE_SIZE || nr > INT_MAX)
		return false;
	mmap_read_lock(s->mm);
	vma = vma_lookup(s->mm, addr);
	if (vma && is_text_area(vma))
		c = get_copy(s, addr);
	mmap_read_unlock(s->mm);
	return c && patch_page(s, c, addr, nr);
}

/* Changes whenever areas of @mm have changed. It was an int in earlier 6.12 kernels, and is a sequence counter now. */
static unsigned int areas_seq(struct mm_struct *mm)
{
	return READ_ONCE(*(unsigned int *)&mm->mm_lock_seq);
}

static struct um_sites *sites_alloc(struct mm_struct *mm)
{
	struct um_sites *s = kvzalloc(sizeof(*s), GFP_KERNEL_ACCOUNT);

	if (!s)
		return NULL;
	s->mm = mm;
	s->seq = areas_seq(mm) - 1;
	raw_spin_lock_irq(&sites_lock);
	if (!mm->context.sites) {
		list_add(&s->list, &all_sites);
		smp_store_release(&mm->context.sites, s);
		s = NULL;
	}
	raw_spin_unlock_irq(&sites_lock);
	kvfree(s);	/* another thread was faster */
	return mm->context.sites;
}

/* All patches go, and none will come. Called while the only context is parked: it happens before the program runs again. */
static void sites_end(struct um_sites *s)
{
	unsigned int i;

	s->off = true;
	for (i = 0; i < s->nr_copies; i++)
		um_tlb_flush(s->mm, s->copy[i].addr, s->copy[i].addr + PAGE_SIZE);
	um_tlb_flush(s->mm, UM_SITES, UM_SITES + PAGE_SIZE);
}

/**
 * um_sites_check() - has the program mapped something where the jump table is?
 * @mm: current's, which has sites; its areas may have changed
 */
void um_sites_check(struct mm_struct *mm)
{
	struct um_sites *s = mm->context.sites;

	if (likely(s->seq == areas_seq(mm)) || s->off)
		return;
	mmap_read_lock(mm);
	s->seq = areas_seq(mm);
	if (find_vma_intersection(mm, UM_SITES, UM_SITES + PAGE_SIZE))
		sites_end(s);
	mmap_read_unlock(mm);
}

/**
 * um_sites_trapped() - the current program has made a system call by a trap
 * @ip: behind the call
 * @nr: its number
 *
 * Called after the call was made, where it is allowed to sleep.
 */
void um_sites_trapped(unsigned long ip, unsigned int nr)
{
	struct mm_struct *mm = current->mm;
	struct um_sites *s = mm->context.sites;
	unsigned int i = hash_long(ip, SEEN_BITS);

	this_cpu_inc(um_call_stats.trapped);
	if (!s) {
		if (!um_boot.patch || um_boot.nr_cpus > 1 || ++mm->context.calls < AFTER_CALLS)
			return;
		s = sites_alloc(mm);
		if (!s)
			return;
	}
	if (s->off)
		return;
	if (s->seen[i].ip != ip) {
		s->seen[i].ip = ip;
		s->seen[i].calls = 0;
	}
	if (++s->seen[i].calls < HOT_CALLS)
		return;
	um_sites_check(mm);
	s->seen[i].calls = !s->off && patch(s, ip, nr) ? 0 : -RETRY_CALLS;
}

/**
 * um_sites_event() - put registers right that come from a patched site
 * @regs: of the current program, as the host side gives them
 * @ev:   its event; a call becomes UM_EV_SYSCALL, with @ev->site left as it is
 *
 * Interrupted on its way to the stub, the program has executed the first instruction of the site, and is about to call. Called with interrupts off.
 */
void um_sites_event(struct pt_regs *regs, struct um_event *ev)
{
	const struct um_sites *s = current->mm->context.sites;
	const struct site *site;

	if (!s || ev->site >= smp_load_acquire(&s->nr_sites)) {
		ev->type = UM_EV_BROKEN;
		ev->why = "call site";
		return;
	}
	site = s->site + ev->site;
	regs->ax = site->nr;
	if (ev->type == UM_EV_CALL) {
		regs->ip = site->addr + SITE_SIZE;
		regs->cx = regs->ip;
		regs->r11 = regs->flags;
		__this_cpu_inc(um_call_stats.patched);
		ev->type = UM_EV_SYSCALL;
	} else {
		regs->ip = site->addr + MOV_SIZE;
		ev->addr = regs->ip;
	}
}

/**
 * um_sites_fault() - a fault at the jump table: its mapping may be dropped at any time, like every other
 * @mm: current's
 * Return: true if that was it
 */
bool um_sites_fault(struct mm_struct *mm, unsigned long addr)
{
	struct um_sites *s = mm->context.sites;

	if (likely(!s || addr - UM_SITES >= PAGE_SIZE) || s->off || !s->nr_sites)
		return false;
	map_table(mm);
	return true;
}

/**
 * um_sites_map() - queue the copies of what was just queued
 * @mm:   whose; it has sites, and its context.lock is held
 * @addr: where
 * @pfn:  first page
 * @len:  bytes
 */
void um_sites_map(struct mm_struct *mm, unsigned long addr, unsigned long pfn, unsigned long len)
{
	struct um_sites *s = mm->context.sites;
	unsigned int i;

	for (i = 0; i < smp_load_acquire(&s->nr_copies); i++) {
		const struct copy *c = s->copy + i;

		if (c->valid && c->addr - addr < len && c->pfn == pfn + PFN_DOWN(c->addr - addr))
			host_space_map(mm->context.space, c->addr, PFN_PHYS(page_to_pfn(c->page)), PAGE_SIZE, UM_PROT_READ | UM_PROT_EXEC);
	}
}

/**
 * um_sites_forget() - what a range stood for, it may stand for no more
 * @mm:    whose; it has sites, and its context.lock is held
 * @start: first address
 * @end:   behind the last
 */
void um_sites_forget(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	struct um_sites *s = mm->context.sites;
	unsigned int i;

	for (i = 0; i < smp_load_acquire(&s->nr_copies); i++)
		if (s->copy[i].addr >= start && s->copy[i].addr < end)
			WRITE_ONCE(s->copy[i].valid, false);
}

/**
 * um_sites_written() - a folio that was copied has been written to; see flush_dcache_folio()
 * @folio: which
 */
void um_sites_written(struct folio *folio)
{
	struct um_sites *s;
	unsigned long flags;
	unsigned int i;

	raw_spin_lock_irqsave(&sites_lock, flags);
	clear_bit(PG_arch_1, &folio->flags);
	list_for_each_entry(s, &all_sites, list)
		for (i = 0; i < s->nr_copies; i++)
			if (READ_ONCE(s->copy[i].valid) && s->copy[i].pfn - folio_pfn(folio) < folio_nr_pages(folio))
				um_tlb_flush(s->mm, s->copy[i].addr, s->copy[i].addr + PAGE_SIZE);
	raw_spin_unlock_irqrestore(&sites_lock, flags);
}
EXPORT_SYMBOL(um_sites_written);

/**
 * um_sites_exit() - the end of a program
 * @mm: whose; nothing is mapped in its space any more
 */
void um_sites_exit(struct mm_struct *mm)
{
	struct um_sites *s = mm->context.sites;
	unsigned int i;

	if (!s)
		return;
	raw_spin_lock_irq(&sites_lock);
	list_del(&s->list);
	raw_spin_unlock_irq(&sites_lock);
	for (i = 0; i < s->nr_copies; i++)
		__free_page(s->copy[i].page);
	kvfree(s);
	mm->context.sites = NULL;
}
