// SPDX-License-Identifier: GPL-2.0
/*
 * uaccess.c - the guest kernel's access to user memory, by walking page tables
 *
 * For each page: find the entry, take its lock, check what the access needs, set accessed and dirty as a processor would, copy between kernel memory
 * and the page in the direct map, unlock. Under the lock the page cannot be taken away, so no reference is needed.
 *
 * With page faults disabled the caller may hold any lock, even (in an interrupt, or in the copy of a page) the very one wanted here. So the lock is then
 * only tried for, for a while; to fail means a short copy, which every such caller expects.
 */

#include <linux/extable.h>
#include <linux/export.h>
#include <linux/mutex.h>
#include <asm/futex.h>
#include <linux/mm.h>
#include <linux/pgtable.h>
#include <linux/uaccess.h>
#include <asm/futex.h>

#include "../kernel/core.h"

#define LOCK_TRIES	1000
#define NEED_READ	(_PAGE_PRESENT | _PAGE_USER)
#define NEED_WRITE	(NEED_READ | _PAGE_WRITE)

/* A user page that is held for an access. */
struct held {
	void *kaddr;
	spinlock_t *ptl;
	pte_t *pte;		/* NULL for a huge entry */
};

static bool lock_entry(spinlock_t *ptl)
{
	unsigned int tries;

	if (!pagefault_disabled() && !in_atomic()) {
		spin_lock(ptl);
		return true;
	}
	for (tries = 0; tries < LOCK_TRIES; tries++) {
		if (spin_trylock(ptl))
			return true;
		cpu_relax();
	}
	return false;
}

/* Mark an entry used. It is locked, but the port's other bits are set atomically too. */
static void mark_used(unsigned long *entry, bool write)
{
	unsigned long bits = _PAGE_ACCESSED | (write ? _PAGE_DIRTY : 0);

	if ((READ_ONCE(*entry) & bits) != bits)
		atomic_long_or(bits, (atomic_long_t *)entry);
}

static bool hold_huge(struct mm_struct *mm, pmd_t *pmd, unsigned long addr, bool write, struct held *h)
{
	unsigned long need = write ? NEED_WRITE : NEED_READ;

	h->ptl = pmd_lockptr(mm, pmd);
	h->pte = NULL;
	if (!lock_entry(h->ptl))
		return false;
	if (pmd_leaf(*pmd) && (pmd_val(*pmd) & need) == need) {
		mark_used((unsigned long *)pmd, write);
		h->kaddr = pfn_to_kaddr(pmd_pfn(*pmd)) + (addr & ~PMD_MASK);
		return true;
	}
	spin_unlock(h->ptl);
	return false;
}

static bool hold_pte(struct mm_struct *mm, pmd_t *pmd, unsigned long addr, bool write, struct held *h)
{
	unsigned long need = write ? NEED_WRITE : NEED_READ;
	pmd_t seen = pmdp_get_lockless(pmd);

	h->pte = pte_offset_map_nolock(mm, pmd, addr, &h->ptl);
	if (!h->pte)
		return false;
	if (lock_entry(h->ptl)) {
		if (pmd_same(seen, pmdp_get_lockless(pmd)) && (pte_val(ptep_get(h->pte)) & need) == need) {
			mark_used((unsigned long *)h->pte, write);
			h->kaddr = pfn_to_kaddr(pte_pfn(ptep_get(h->pte))) + offset_in_page(addr);
			return true;
		}
		spin_unlock(h->ptl);
	}
	pte_unmap(h->pte);
	return false;
}

/* Find and hold the page at @addr, if it is there for this access. */
static bool hold(struct mm_struct *mm, unsigned long addr, bool write, struct held *h)
{
	bool ret = false;
	pmd_t *pmd;

	rcu_read_lock();
	pmd = um_find_pmd(mm, addr);
	if (pmd && !pmd_none(*pmd))
		ret = pmd_leaf(*pmd) ? hold_huge(mm, pmd, addr, write, h) : hold_pte(mm, pmd, addr, write, h);
	rcu_read_unlock();
	return ret;
}

static void release(struct held *h)
{
	spin_unlock(h->ptl);
	if (h->pte)
		pte_unmap(h->pte);
}

/* hold(), faulting the page in if that is allowed. */
static bool get(unsigned long addr, bool write, struct held *h)
{
	struct mm_struct *mm = current->mm;

	if (!mm || addr >= TASK_SIZE)
		return false;
	while (!hold(mm, addr, write, h)) {
		if (faulthandler_disabled() || irqs_disabled() || um_fault_in(mm, addr, write))
			return false;
	}
	return true;
}

static unsigned long chunk_at(unsigned long addr, unsigned long n)
{
	return min(n, PAGE_SIZE - offset_in_page(addr));
}

unsigned long um_copy_from_user(void *to, const void __user *from, unsigned long n)
{
	unsigned long addr = (unsigned long)from, chunk;
	struct held h;

	for (; n; n -= chunk, addr += chunk, to += chunk) {
		chunk = chunk_at(addr, n);
		if (!get(addr, false, &h))
			break;
		memcpy(to, h.kaddr, chunk);
		release(&h);
	}
	return n;
}
EXPORT_SYMBOL(um_copy_from_user);

unsigned long um_copy_to_user(void __user *to, const void *from, unsigned long n)
{
	unsigned long addr = (unsigned long)to, chunk;
	struct held h;

	for (; n; n -= chunk, addr += chunk, from += chunk) {
		chunk = chunk_at(addr, n);
		if (!get(addr, true, &h))
			break;
		memcpy(h.kaddr, from, chunk);
		release(&h);
	}
	return n;
}
EXPORT_SYMBOL(um_copy_to_user);

unsigned long um_clear_user(void __user *to, unsigned long n)
{
	unsigned long addr = (unsigned long)to, chunk;
	struct held h;

	for (; n; n -= chunk, addr += chunk) {
		chunk = chunk_at(addr, n);
		if (!get(addr, true, &h))
			break;
		memset(h.kaddr, 0, chunk);
		release(&h);
	}
	return n;
}
EXPORT_SYMBOL(um_clear_user);

/**
 * strncpy_from_user() - copy a string from user memory
 * @dst:   buffer
 * @src:   user address
 * @count: at most so many bytes, with the NUL
 *
 * Return: length without the NUL; @count if there was none; -EFAULT.
 */
long strncpy_from_user(char *dst, const char __user *src, long count)
{
	unsigned long addr = (unsigned long)src, chunk, len;
	long done = 0;
	struct held h;

	might_fault();
	while (done < count) {
		chunk = chunk_at(addr, count - done);
		if (!get(addr, false, &h))
			return -EFAULT;
		len = strnlen(h.kaddr, chunk);
		memcpy(dst + done, h.kaddr, min(len + 1, chunk));
		release(&h);
		done += len;
		if (len < chunk)
			break;
		addr += chunk;
	}
	return done;
}
EXPORT_SYMBOL(strncpy_from_user);

/**
 * strnlen_user() - length of a string in user memory
 * @s: user address
 * @n: at most so many bytes are looked at
 *
 * Return: length with the NUL; more than @n if there was none; 0 on a fault.
 */
long strnlen_user(const char __user *s, long n)
{
	unsigned long addr = (unsigned long)s, chunk, len;
	long done = 0;
	struct held h;

	might_fault();
	while (done < n) {
		chunk = chunk_at(addr, n - done);
		if (!get(addr, false, &h))
			return 0;
		len = strnlen(h.kaddr, chunk);
		release(&h);
		done += len;
		if (len < chunk)
			return done + 1;
		addr += chunk;
	}
	return n + 1;
}
EXPORT_SYMBOL(strnlen_user);

/* Hold the word at @uaddr for an atomic operation; page faults are disabled by the caller or not allowed. */
static bool get_word(u32 __user *uaddr, struct held *h)
{
	bool ret;

	if (!access_ok(uaddr, sizeof(u32)))
		return false;
	pagefault_disable();
	ret = get((unsigned long)uaddr, true, h);
	pagefault_enable();
	return ret;
}

int futex_atomic_cmpxchg_inatomic(u32 *uval, u32 __user *uaddr, u32 oldval, u32 newval)
{
	struct held h;

	if (!get_word(uaddr, &h))
		return -EFAULT;
	*uval = cmpxchg((u32 *)h.kaddr, oldval, newval);
	release(&h);
	return 0;
}

int arch_futex_atomic_op_inuser(int op, u32 oparg, int *oval, u32 __user *uaddr)
{
	atomic_t *word;
	struct held h;
	int ret = 0;

	if (!get_word(uaddr, &h))
		return -EFAULT;
	word = h.kaddr;
	switch (op) {
	case FUTEX_OP_SET:
		*oval = atomic_xchg(word, oparg);
		break;
	case FUTEX_OP_ADD:
		*oval = atomic_fetch_add(oparg, word);
		break;
	case FUTEX_OP_OR:
		*oval = atomic_fetch_or(oparg, word);
		break;
	case FUTEX_OP_ANDN:
		*oval = atomic_fetch_andnot(oparg, word);
		break;
	case FUTEX_OP_XOR:
		*oval = atomic_fetch_xor(oparg, word);
		break;
	default:
		ret = -ENOSYS;
	}
	release(&h);
	return ret;
}

/* One load and one store; either may fault on the host, and goes on behind the store then. */
#define PROBE(suffix, mod, type, dst, src)						\
({											\
	unsigned long __value = 0;							\
	bool __ok = false;								\
											\
	asm volatile("1:\tmov" suffix " %[from], %" mod "[value]\n"			\
		     "2:\tmov" suffix " %" mod "[value], %[to]\n"			\
		     "\tmovb $1, %[ok]\n"						\
		     "3:\n"								\
		     UM_EXTABLE(1b, 3b)							\
		     UM_EXTABLE(2b, 3b)							\
		     : [value] "+r" (__value), [to] "=m" (*(type *)(dst)), [ok] "+r" (__ok)	\
		     : [from] "m" (*(const type *)(src)));				\
	__ok;										\
})

static bool probe(void *dst, const void *src, unsigned int size)
{
	switch (size) {
	case 1:
		return PROBE("b", "b", u8, dst, src);
	case 2:
		return PROBE("w", "w", u16, dst, src);
	case 4:
		return PROBE("l", "k", u32, dst, src);
	case 8:
		return PROBE("q", "q", u64, dst, src);
	}
	return false;
}

/** um_kernel_read() - read 1, 2, 4 or 8 bytes from a kernel address that may be bad; false if it was. */
bool um_kernel_read(void *dst, const void *src, unsigned int size)
{
	return probe(dst, src, size);
}
EXPORT_SYMBOL_GPL(um_kernel_read);

/** um_kernel_write() - likewise, where the destination may be bad. */
bool um_kernel_write(void *dst, const void *src, unsigned int size)
{
	return probe(dst, src, size);
}
EXPORT_SYMBOL_GPL(um_kernel_write);
