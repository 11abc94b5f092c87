/* SPDX-License-Identifier: GPL-2.0 */
/*
 * asm/qspinlock.h - spinlocks: unfair, because the host decides who runs
 *
 * In a queue, a vCPU that lost its host CPU would hold up everyone behind it. So who finds a lock taken does not queue: it tries again and
 * again, and now and then gives its host CPU away, perhaps to the holder.
 */
#ifndef _ASM_UM_QSPINLOCK_H
#define _ASM_UM_QSPINLOCK_H

#include <linux/atomic.h>
#include <asm/barrier.h>
#include <asm-generic/qspinlock_types.h>

#define virt_spin_lock virt_spin_lock
static inline bool virt_spin_lock(struct qspinlock *lock)
{
	unsigned int turns = 0;

	while (atomic_read(&lock->val) || atomic_cmpxchg_acquire(&lock->val, 0, _Q_LOCKED_VAL))
		um_spin_wait(turns);
	return true;
}

#include <asm-generic/qspinlock.h>

#endif /* _ASM_UM_QSPINLOCK_H */
