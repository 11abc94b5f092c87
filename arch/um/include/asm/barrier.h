/* SPDX-License-Identifier: GPL-2.0 */
/*
 * asm/barrier.h - memory barriers of x86-64, and waiting that knows about the host
 *
 * Only normal, coherent memory exists here, so the rules are those between processors: loads and stores stay in order but for a
 * store that a later load overtakes. A vCPU may lose its host CPU at any moment; who waits for a word that such a vCPU
 * will write gives its own CPU away after a while (host_cpu_relax()).
 */
#ifndef _ASM_UM_BARRIER_H
#define _ASM_UM_BARRIER_H

#include <um/cpu.h>

#define mb()			asm volatile("lock; addl $0,-4(%%rsp)" ::: "memory", "cc")
#define rmb()			asm volatile("" ::: "memory")
#define wmb()			asm volatile("" ::: "memory")
#define dma_rmb()		barrier()
#define dma_wmb()		barrier()

#define __smp_mb()		mb()
#define __smp_rmb()		barrier()
#define __smp_wmb()		barrier()
#define __smp_store_mb(var, value) do { (void)xchg(&(var), value); } while (0)

#define __smp_store_release(p, v)					\
do {									\
	compiletime_assert_atomic_type(*p);				\
	barrier();							\
	WRITE_ONCE(*p, v);						\
} while (0)

#define __smp_load_acquire(p)						\
({									\
	typeof(*p) ___p1 = READ_ONCE(*p);				\
	compiletime_assert_atomic_type(*p);				\
	barrier();							\
	___p1;								\
})

#define __smp_mb__before_atomic()	do { } while (0)
#define __smp_mb__after_atomic()	do { } while (0)

/* Turns of a waiting loop before the host CPU is given away: some ten microseconds, more than a running holder needs. */
#define UM_SPIN_TURNS		512

#define um_spin_wait(turns)						\
do {									\
	if (unlikely(++(turns) % UM_SPIN_TURNS == 0))			\
		host_cpu_relax();					\
	else								\
		asm volatile("rep; nop" ::: "memory");			\
} while (0)

#define smp_cond_load_relaxed(ptr, cond_expr)				\
({									\
	typeof(ptr) __PTR = (ptr);					\
	unsigned int __turns = 0;					\
	__unqual_scalar_typeof(*ptr) VAL;				\
	for (;;) {							\
		VAL = READ_ONCE(*__PTR);				\
		if (cond_expr)						\
			break;						\
		um_spin_wait(__turns);					\
	}								\
	(typeof(*ptr))VAL;						\
})

/* Bounds check that stays in force while the processor speculates: all ones where index < size. */
#define array_index_mask_nospec(idx, sz) ({				\
	unsigned long __mask;						\
	asm volatile("cmp %1,%2; sbb %0,%0"				\
		     : "=r" (__mask)					\
		     : "g" ((unsigned long)(sz)), "r" ((unsigned long)(idx)) \
		     : "cc");						\
	__mask; })

#define barrier_nospec()	asm volatile("lfence" ::: "memory")

#include <asm-generic/barrier.h>

#endif /* _ASM_UM_BARRIER_H */
