// SPDX-License-Identifier: GPL-2.0
/*
 * ahead.c - page faults that are taken before they come
 *
 * A fault costs a program three switches between host threads; taking a page that is at hand, with others, costs a sixth of that. So where it can be known what a program will touch next, that is taken with a fault that it has, or before it runs at all:
 *
 *   um_ahead_fault()   with a fault: what lies around it in a file and is cached; the next of the pages that a parent or child shares, for who works his
 *                      way through them; more of memory that grows (grow.c); what else programs mostly touch of this file (struct habit).
 *   um_ahead_return()  before the first instruction after fork or exec: the pages of the instruction and stack pointers, and what parent or child
 *                      touched first the last time (struct kin), or what was touched of the files the last time; after brk() what was added, after
 *                      mprotect() what stays accessible, after mmap() what is mostly touched of the file.
 *
 * Nothing here grows a stack, takes a page from a swap device or waits for a disk, except that a file's text is read once to bring it together (gather.c);
 * nothing is taken where somebody wants to know of the first touch (userfaultfd). A habit is a guess: it is bounded, may be wrong or raced with, and is forgotten now and then, since a guess that has come true
 * makes no fault any more that would confirm it.
 */

#include <linux/file.h>
#include <linux/hash.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/pagemap.h>
#include <linux/refcount.h>
#include <linux/slab.h>
#include <linux/userfaultfd_k.h>
#include <asm/mmu_context.h>
#include <asm/pgalloc.h>
#include <asm/tlbflush.h>
#include <asm/unistd.h>
#include <um/space.h>

#include "../kernel/core.h"
#include "ahead.h"

#define COW_RUN		16		/* pages */
#define AROUND_PAGES	128UL		/* of a file, a power of two */
#define NEAR_PAGES	16U
#define SCATTERED	4		/* runs in that, or twice as many in what one page table maps */
#define OFTEN		32		/* faults on a file that make it worth while to move its pages */
#define RELEARN		32		/* forks, or runs of a file */
#define PROTECT_PAGES	64U		/* the dynamic linker protects a few */
#define NR_HABITS	128
#define SEEN_PAGES	48U
#define HABIT_PAGES	48U
#define HEAP_BASE	(1UL << 30)	/* pages: where no file reaches */

#define NEVER_TAKEN	(VM_IO | VM_PFNMAP | VM_MIXEDMAP | VM_HUGETLB)

/**
 * um_page_state() - what the page table says of an address
 * @vma:  its area
 * @addr: an address, maybe outside of @vma
 */
enum um_page_state um_page_state(struct vm_area_struct *vma, unsigned long addr)
{
	enum um_page_state state = UM_PAGE_OTHER;
	spinlock_t *ptl;
	pmd_t *pmd;
	pte_t *pte, entry;
	struct folio *folio;

	if (addr < vma->vm_start || addr >= vma->vm_end)
		return UM_PAGE_OTHER;
	pmd = um_find_pmd(vma->vm_mm, addr);
	if (!pmd || pmd_none(*pmd))
		return UM_PAGE_NONE;
	pte = pte_offset_map_lock(vma->vm_mm, pmd, addr, &ptl);
	if (!pte)
		return UM_PAGE_OTHER;
	entry = ptep_get(pte);
	if (pte_none(entry)) {
		state = UM_PAGE_NONE;
	} else if (pte_present(entry) && pte_write(entry)) {
		state = pte_dirty(entry) ? UM_PAGE_OWN : UM_PAGE_CLEAN;
	} else if (pte_present(entry)) {
		folio = vm_normal_folio(vma, addr, entry);
		state = folio && folio_test_anon(folio) ? UM_PAGE_SHARED : UM_PAGE_READ;
	}
	pte_unmap_unlock(pte, ptl);
	return state;
}

/*
 * A program that works its way through what it shares with a relative, or through its private mapping of a file, as the dynamic linker does: the page
 * before is its own already. Take the next ones with this one.
 */
static void copy_run(struct vm_area_struct *vma, unsigned long addr)
{
	unsigned int i;

	if (userfaultfd_armed(vma) || um_page_state(vma, addr - PAGE_SIZE) != UM_PAGE_OWN)
		return;
	for (i = 1; i < COW_RUN; i++) {
		enum um_page_state state = um_page_state(vma, addr + i * PAGE_SIZE);

		if (state != UM_PAGE_SHARED && state != UM_PAGE_READ)
			return;
		if (handle_mm_fault(vma, addr + i * PAGE_SIZE, FAULT_FLAG_WRITE | FAULT_FLAG_USER, NULL))
			return;
		um_tlb_take(vma->vm_mm, addr + i * PAGE_SIZE);
	}
}

static bool is_file_part(const struct vm_area_struct *vma)
{
	return vma->vm_file && !(vma->vm_flags & (VM_SHARED | NEVER_TAKEN));
}

static pmd_t *make_pmd(struct mm_struct *mm, unsigned long addr)
{
	p4d_t *p4d = p4d_alloc(mm, pgd_offset(mm, addr), addr);
	pud_t *pud = p4d ? pud_alloc(mm, p4d, addr) : NULL;

	return pud ? pmd_alloc(mm, pud, addr) : NULL;
}

/* What is cached of the file in the @len bytes around @addr enters the page table. */
static void map_cached(struct vm_area_struct *vma, unsigned long addr, unsigned long len)
{
	unsigned long start = max(vma->vm_start, ALIGN_DOWN(addr, len)), end = min(vma->vm_end, ALIGN_DOWN(addr, len) + len);
	struct vm_fault vmf = {
		.vma = vma,
		.address = addr & PAGE_MASK,
		.real_address = addr,
		.pgoff = linear_page_index(vma, addr),
		.flags = FAULT_FLAG_USER,
	};

	if (!vma->vm_ops || !vma->vm_ops->map_pages || (vma->vm_flags & NEVER_TAKEN) || userfaultfd_armed(vma))
		return;
	vmf.pmd = make_pmd(vma->vm_mm, addr);
	if (!vmf.pmd || pmd_leaf(*vmf.pmd))
		return;
	if (pmd_none(*vmf.pmd))
		vmf.prealloc_pte = pte_alloc_one(vma->vm_mm);
	rcu_read_lock();
	vma->vm_ops->map_pages(&vmf, linear_page_index(vma, start), linear_page_index(vma, end - 1));
	rcu_read_unlock();
	if (vmf.prealloc_pte)
		pte_free(vma->vm_mm, vmf.prealloc_pte);
}

/*
 * As generic fault-around, but wider; and where that lies together in memory, all that one page table maps, for it takes no more operations. The host's
 * mappings are another matter, see um_tlb_fill().
 */
static void map_around(struct vm_area_struct *vma, unsigned long addr)
{
	map_cached(vma, addr, AROUND_PAGES * PAGE_SIZE);
	if (is_file_part(vma) && um_tlb_runs(vma->vm_mm, addr, AROUND_PAGES) <= 2)
		map_cached(vma, addr, PMD_SIZE);
}

/* --- habits of files ---------------------------------------------------------------------------------------------------------------------------- */

/**
 * struct habit - which pages of a file programs fault on
 * @inode: the file: compared, never followed
 * @ino:   its number and generation, since inodes come and go
 * @gen:
 * @runs:  how many programs were started from it, or have mapped it
 * @faults: how many faults they had
 * @gathers: how many of its pieces were brought together
 * @nr:    pages known
 * @page:  page << 1 | written to; what lies behind the file's last page is what follows it in memory
 */
struct habit {
	const struct inode *inode;
	unsigned long ino;
	u32 gen;
	u32 runs;
	u32 faults;
	u32 gathers;
	u32 nr;
	u32 page[HABIT_PAGES];
};

static struct habit habits[NR_HABITS];
static DEFINE_SPINLOCK(habits_lock);

/* The file's habit, with the lock held; a new one takes the place of whatever is there. */
static struct habit *habit_of(const struct inode *inode)
{
	struct habit *h = &habits[hash_ptr(inode, ilog2(NR_HABITS))];

	if (h->inode != inode || h->ino != inode->i_ino || h->gen != inode->i_generation)
		*h = (struct habit) { .inode = inode, .ino = inode->i_ino, .gen = inode->i_generation };
	return h;
}

/**
 * struct place - where an area belongs
 * @inode: the file that it is a mapping of; for memory that follows one, as .bss does, or for the heap: that of the program
 * @base:  page of the file that the area begins with, or would
 */
struct place {
	const struct inode *inode;
	unsigned long base;
};

static bool heap_place(struct vm_area_struct *vma, struct place *place)
{
	struct file *exe = get_mm_exe_file(vma->vm_mm);

	if (!exe)
		return false;
	*place = (struct place) { .inode = file_inode(exe), .base = HEAP_BASE };
	fput(exe);
	return true;
}

static bool find_place(struct vm_area_struct *vma, struct place *place)
{
	struct vm_area_struct *prev;

	if (is_file_part(vma)) {
		*place = (struct place) { .inode = file_inode(vma->vm_file), .base = vma->vm_pgoff };
		return true;
	}
	if (!vma_is_anonymous(vma))
		return false;
	if (vma->vm_start == PAGE_ALIGN(vma->vm_mm->start_brk))
		return heap_place(vma, place);
	prev = vma_lookup(vma->vm_mm, vma->vm_start - PAGE_SIZE);
	if (!prev || !is_file_part(prev))
		return false;
	*place = (struct place) { .inode = file_inode(prev->vm_file), .base = prev->vm_pgoff + vma_pages(prev) };
	return true;
}

static bool is_scattered(struct mm_struct *mm, unsigned long addr)
{
	return um_tlb_runs(mm, addr, NEAR_PAGES) > SCATTERED || um_tlb_runs(mm, addr, PTRS_PER_PTE) > 2 * SCATTERED;
}

/* Text that is run again and again, but lies scattered: one day somebody brings it together. */
static void gather(struct vm_area_struct *vma, unsigned long addr)
{
	struct inode *inode;
	struct habit *h;
	bool do_it;
	u32 limit;

	if (!is_file_part(vma) || !is_scattered(vma->vm_mm, addr))
		return;
	inode = file_inode(vma->vm_file);
	limit = 2 * (i_size_read(inode) / SZ_64K + 1);
	spin_lock(&habits_lock);
	h = habit_of(inode);
	do_it = h->faults > OFTEN && h->gathers < limit;
	spin_unlock(&habits_lock);
	if (!do_it || !um_gather(vma->vm_file, linear_page_index(vma, addr)))
		return;
	spin_lock(&habits_lock);
	habit_of(inode)->gathers++;
	spin_unlock(&habits_lock);
}

/**
 * um_ahead_take() - take one page for a read or a write, if it is at hand
 * @vma:   where; the mmap lock is held
 * @addr:  address of the page
 * @write: for a write
 *
 * Return: whether the program has it now.
 */
bool um_ahead_take(struct vm_area_struct *vma, unsigned long addr, bool write)
{
	bool is_private_write = write && !(vma->vm_flags & VM_SHARED);
	enum um_page_state state;

	if ((vma->vm_flags & NEVER_TAKEN) || userfaultfd_armed(vma) || !(vma->vm_flags & (write ? VM_WRITE : VM_READ)))
		return false;
	state = um_page_state(vma, addr);
	if (state == UM_PAGE_NONE && !vma_is_anonymous(vma)) {
		map_around(vma, addr);
		if (!write)
			gather(vma, addr);
		state = um_page_state(vma, addr);
		if (state == UM_PAGE_NONE)
			return false;
	}
	if (state == UM_PAGE_OTHER)
		return false;
	if (state != UM_PAGE_OWN && (is_private_write || state == UM_PAGE_NONE)) {
		if (!is_private_write || handle_mm_fault(vma, addr, FAULT_FLAG_WRITE | FAULT_FLAG_USER, NULL))
			return false;
	}
	um_tlb_take(vma->vm_mm, addr);
	return true;
}

/* Note that @addr was faulted on, if it is not 0; take what else of the area is mostly touched. */
static void follow_habit(struct vm_area_struct *vma, const struct place *place, unsigned long addr, bool write)
{
	u32 page[HABIT_PAGES], this = (place->base + ((addr - vma->vm_start) >> PAGE_SHIFT)) << 1 | write, nr, i;
	struct habit *h;

	spin_lock(&habits_lock);
	h = habit_of(place->inode);
	nr = h->nr;
	memcpy(page, h->page, nr * sizeof(*page));
	if (addr) {
		h->faults++;
		for (i = 0; i < nr && page[i] != this; i++)
			;
		if (i == nr && nr < HABIT_PAGES)
			h->page[h->nr++] = this;
	}
	spin_unlock(&habits_lock);

	for (i = 0; i < nr; i++) {
		unsigned long index = page[i] >> 1;

		if ((!addr || page[i] != this) && index >= place->base && index < place->base + vma_pages(vma))
			um_ahead_take(vma, vma->vm_start + ((index - place->base) << PAGE_SHIFT), page[i] & 1);
	}
}

/* A new program that runs the file; sometimes it is met without prejudice. */
static void habit_begins(const struct inode *inode)
{
	struct habit *h;

	spin_lock(&habits_lock);
	h = habit_of(inode);
	if (!(++h->runs % RELEARN))
		h->nr = 0;
	spin_unlock(&habits_lock);
}

/* --- parents and children ------------------------------------------------------------------------------------------------------------------------ */

/**
 * struct seen - pages that were faulted on, the first ones after a fork
 * @nr:   how many
 * @page: address | written to
 */
struct seen {
	unsigned int nr;
	unsigned long page[SEEN_PAGES];
};

/**
 * struct kin - the habits of an mm and its children
 * @users:  how many of them point here
 * @forks:  how often it forked
 * @parent: pages that it faulted on after it forked
 * @child:  pages that its children faulted on
 */
struct kin {
	refcount_t users;
	unsigned int forks;
	struct seen parent;
	struct seen child;
};

/**
 * struct ahead - what belongs to an mm; kept with its space
 * @is_due: a program is about to run for the first time after a fork or exec
 * @growth: how its memory grows
 * @mine:   of this mm and its children, NULL until it forks
 * @theirs: of its parent and siblings, NULL after exec
 * @seen:   the part of these that it adds to, NULL after exec
 */
struct ahead {
	bool is_due;
	struct um_growth growth;
	struct kin *mine;
	struct kin *theirs;
	struct seen *seen;
};

static struct ahead *ahead_of(struct mm_struct *mm)
{
	return *host_space_owner(mm->context.space);
}

/** um_growth_of() - how @mm's memory grows; NULL if nobody has an eye on it */
struct um_growth *um_growth_of(struct mm_struct *mm)
{
	struct ahead *a = ahead_of(mm);

	return a ? &a->growth : NULL;
}

static void kin_put(struct kin *kin)
{
	if (kin && refcount_dec_and_test(&kin->users))
		kfree(kin);
}

/* The habits of @parent and its children, with a reference for one child more; two of its threads may fork at once. */
static struct kin *kin_for_child(struct ahead *parent)
{
	struct kin *kin = READ_ONCE(parent->mine), *other;

	if (!kin) {
		kin = kzalloc(sizeof(*kin), GFP_KERNEL);
		if (!kin)
			return NULL;
		refcount_set(&kin->users, 1);
		other = cmpxchg(&parent->mine, NULL, kin);
		if (other) {
			kfree(kin);
			kin = other;
		}
	}
	refcount_inc(&kin->users);
	return kin;
}

/**
 * um_ahead_init() - an mm is made
 * @mm:     it
 * @parent: whose child it is, NULL if that is not the same program
 */
void um_ahead_init(struct mm_struct *mm, struct mm_struct *parent)
{
	struct ahead *a = kzalloc(sizeof(*a), GFP_KERNEL), *p = parent ? ahead_of(parent) : NULL;
	struct kin *kin = NULL;

	*host_space_owner(mm->context.space) = a;
	if (p) {
		kin = kin_for_child(p);
		p->is_due = true;
	}
	if (kin) {
		if (!(++kin->forks % RELEARN)) {
			WRITE_ONCE(kin->parent.nr, 0);
			WRITE_ONCE(kin->child.nr, 0);
		}
		WRITE_ONCE(p->seen, &kin->parent);
	}
	if (a) {
		a->theirs = kin;
		a->seen = kin ? &kin->child : NULL;
		a->growth.is_watched = p && p->growth.is_watched;
		a->is_due = true;
	} else {
		kin_put(kin);
	}
}

/** um_ahead_exit() - the last user of @mm is gone */
void um_ahead_exit(struct mm_struct *mm)
{
	struct ahead *a = ahead_of(mm);

	if (!a)
		return;
	kin_put(a->mine);
	kin_put(a->theirs);
	kfree(a);
}

/* Several may write here at once, and lose what the other wrote. */
static void note_seen(struct mm_struct *mm, unsigned long addr, bool write)
{
	struct ahead *a = ahead_of(mm);
	struct seen *seen = a ? READ_ONCE(a->seen) : NULL;
	unsigned int nr;

	if (!seen)
		return;
	nr = READ_ONCE(seen->nr);
	if (nr < SEEN_PAGES) {
		WRITE_ONCE(seen->page[nr], (addr & PAGE_MASK) | write);
		WRITE_ONCE(seen->nr, nr + 1);
	}
}

static void take_at(struct mm_struct *mm, unsigned long addr, bool write)
{
	struct vm_area_struct *vma = vma_lookup(mm, addr);

	if (vma)
		um_ahead_take(vma, addr, write);
}

static void take_seen(struct mm_struct *mm, struct seen *seen)
{
	unsigned int nr = min(READ_ONCE(seen->nr), SEEN_PAGES), i;

	for (i = 0; i < nr; i++) {
		unsigned long page = READ_ONCE(seen->page[i]);

		take_at(mm, page & PAGE_MASK, page & 1);
	}
}

/* --- when ----------------------------------------------------------------------------------------------------------------------------------------- */

/**
 * um_ahead_fault() - a program's fault was handled: take what comes next
 * @vma:   of the fault; the mmap lock is held
 * @addr:  its address
 * @state: of the page, before
 * @write: it was, or counted as, a write
 */
void um_ahead_fault(struct vm_area_struct *vma, unsigned long addr, enum um_page_state state, bool write)
{
	struct place place;

	if (write && (state == UM_PAGE_SHARED || (is_file_part(vma) && state != UM_PAGE_OWN)))
		copy_run(vma, addr);
	if (vma_is_anonymous(vma))
		um_grow_fault(vma, addr, state, write);
	if (state == UM_PAGE_NONE && !write && vma->vm_file)
		map_around(vma, addr);
	note_seen(vma->vm_mm, addr, write);
	if (!write)
		gather(vma, addr);
	if (find_place(vma, &place))
		follow_habit(vma, &place, addr, write);
}

/* The vDSO, which a program looks into when it starts; its pages are there, but not cached by any file. */
static void take_vdso(struct mm_struct *mm)
{
	unsigned long addr = (unsigned long)mm->context.vdso;
	struct vm_area_struct *vma = addr ? vma_lookup(mm, addr) : NULL;

	if (vma && !vma->vm_file && (vma->vm_flags & VM_READ) && !handle_mm_fault(vma, addr, FAULT_FLAG_USER, NULL))
		um_tlb_take(mm, addr);
}

static void after_fork(struct mm_struct *mm, struct pt_regs *regs, struct seen *seen)
{
	take_at(mm, regs->ip, false);
	take_at(mm, regs->sp, true);
	take_seen(mm, seen);
}

static void after_exec(struct mm_struct *mm, struct pt_regs *regs)
{
	struct vm_area_struct *vma;
	struct place place;

	VMA_ITERATOR(vmi, mm, 0);

	for_each_vma(vmi, vma)
		if (is_file_part(vma) && !vma->vm_pgoff)
			habit_begins(file_inode(vma->vm_file));
	take_at(mm, regs->ip, false);
	take_at(mm, regs->sp, true);
	take_vdso(mm);
	vma_iter_init(&vmi, mm, 0);
	for_each_vma(vmi, vma)
		if (find_place(vma, &place))
			follow_habit(vma, &place, 0, false);
}

/* What was mapped is not any more, though little of it has changed for a dynamic linker that protects its tables, or a compiler of code. */
static void after_mprotect(struct mm_struct *mm, unsigned long addr, unsigned long len)
{
	struct vm_area_struct *vma = vma_lookup(mm, addr);
	unsigned int i, nr = min(PFN_UP(len), PROTECT_PAGES);

	if (!vma || !(vma->vm_flags & VM_READ))
		return;
	for (i = 0; i < nr; i++) {
		enum um_page_state state = um_page_state(vma, addr + i * PAGE_SIZE);

		if (state != UM_PAGE_NONE && state != UM_PAGE_OTHER)
			um_tlb_take(mm, addr + i * PAGE_SIZE);
	}
}

/* The first growth of a heap is habit; what comes later, growth. */
static void after_brk(struct mm_struct *mm, struct um_growth *growth, unsigned long brk)
{
	struct vm_area_struct *vma = vma_lookup(mm, brk - 1);
	unsigned long before = growth->brk;
	struct place place;

	growth->brk = brk;
	if (!before || brk <= before || !vma || !vma_is_anonymous(vma))
		return;
	if (vma->vm_start < PAGE_ALIGN(before))
		um_grow_brk(vma, PAGE_ALIGN(before));
	else if (find_place(vma, &place))
		follow_habit(vma, &place, 0, false);
}

/* The dynamic linker maps a library first as a whole, then its parts over that. Of the first one the head is what stays, and is looked at. */
static void library_begins(struct vm_area_struct *vma, const struct inode *inode)
{
	habit_begins(inode);
	um_ahead_take(vma, vma->vm_start, false);
}

static void after_mmap(struct mm_struct *mm, unsigned long addr, unsigned long flags)
{
	struct vm_area_struct *vma = vma_lookup(mm, addr);
	struct place place;

	if (!vma)
		return;
	if (vma_is_anonymous(vma) && !(flags & (MAP_FIXED | MAP_STACK | MAP_NORESERVE)))
		um_grow_mmap(vma, addr);
	else if (!is_file_part(vma) || !find_place(vma, &place))
		return;
	else if (flags & MAP_FIXED)
		follow_habit(vma, &place, 0, false);
	else if (!vma->vm_pgoff)
		library_begins(vma, place.inode);
}

static void after_call(struct mm_struct *mm, struct ahead *a, struct pt_regs *regs)
{
	if (regs->orig_ax == __NR_userfaultfd)
		a->growth.is_watched = true;
	if (IS_ERR_VALUE(regs->ax) || !mmap_read_trylock(mm))
		return;
	if (regs->orig_ax == __NR_brk && regs->ax)
		after_brk(mm, &a->growth, regs->ax);
	else if (regs->orig_ax == __NR_mprotect)
		after_mprotect(mm, regs->di, regs->si);
	else if (regs->orig_ax == __NR_mmap)
		after_mmap(mm, regs->ax, regs->r10);
	mmap_read_unlock(mm);
}

/* Has the call changed what the program is about to touch? */
static bool is_change(unsigned long nr)
{
	return nr == __NR_brk || nr == __NR_mprotect || nr == __NR_mmap || nr == __NR_userfaultfd;
}

/**
 * um_ahead_return() - the current task returns to its program from a system call
 * @regs: its registers
 */
void um_ahead_return(struct pt_regs *regs)
{
	struct ahead *a = ahead_of(current->mm);
	struct seen *seen;

	if (!a)
		return;
	if (likely(!a->is_due)) {
		if (unlikely(is_change(regs->orig_ax)))
			after_call(current->mm, a, regs);
		return;
	}
	a->is_due = false;
	if (!mmap_read_trylock(current->mm))
		return;
	seen = READ_ONCE(a->seen);
	if (seen)
		after_fork(current->mm, regs, seen);
	else
		after_exec(current->mm, regs);
	mmap_read_unlock(current->mm);
}
