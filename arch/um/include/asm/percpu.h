/* SPDX-License-Identifier: GPL-2.0 */
/*
 * asm/percpu.h - per-CPU variables are %gs:variable
 *
 * The %gs base of a vCPU's host thread is its per-CPU offset (0 until setup_per_cpu_areas()), so an operation on the own CPU's variable is one
 * instruction. An interrupt is a host signal, which comes between instructions; therefore the raw_ and the this_ forms are the same
 * code and need neither a lock prefix nor interrupts off.
 */
#ifndef _ASM_UM_PERCPU_H
#define _ASM_UM_PERCPU_H

#ifndef __ASSEMBLY__

#include <linux/build_bug.h>
#include <linux/stringify.h>
#include <linux/types.h>

#ifdef CONFIG_SMP

#define __my_cpu_offset		this_cpu_read(this_cpu_off)

#define arch_raw_cpu_ptr(ptr)						\
({									\
	unsigned long __tcp_ptr;					\
	asm("addq %%gs:%1, %0"						\
	    : "=r" (__tcp_ptr)						\
	    : "m" (this_cpu_off), "0" ((unsigned long)(ptr)));		\
	(typeof(*(ptr)) __kernel __force *)__tcp_ptr;			\
})

#else
#define __my_cpu_offset		0UL
#endif

/* The register name that fits an operand of each size. */
#define __um_pcp_t_1		u8
#define __um_pcp_t_2		u16
#define __um_pcp_t_4		u32
#define __um_pcp_t_8		u64
#define __um_pcp_s_1		"b"
#define __um_pcp_s_2		"w"
#define __um_pcp_s_4		"l"
#define __um_pcp_s_8		"q"
#define __um_pcp_imm_1		"qi"
#define __um_pcp_imm_2		"ri"
#define __um_pcp_imm_4		"ri"
#define __um_pcp_imm_8		"re"

#define __um_pcp_in(sz, val)	((__um_pcp_t_##sz)(unsigned long)(val))
#define __um_pcp_out(pcp, v)	((typeof(pcp))(unsigned long)(v))

#define __um_pcp_read(sz, pcp)						\
({									\
	__um_pcp_t_##sz __v;						\
	asm volatile("mov" __um_pcp_s_##sz " %%gs:%1, %0"		\
		     : "=q" (__v) : "m" (pcp));				\
	__um_pcp_out(pcp, __v);						\
})

#define __um_pcp_write(sz, pcp, val)					\
do {									\
	__um_pcp_t_##sz __v = __um_pcp_in(sz, val);			\
	if (0) {							\
		typeof(pcp) __check = (val);				\
		(void)__check;						\
	}								\
	asm volatile("mov" __um_pcp_s_##sz " %1, %%gs:%0"		\
		     : "=m" (pcp) : __um_pcp_imm_##sz (__v));		\
} while (0)

#define __um_pcp_rmw(sz, op, pcp, val)					\
do {									\
	__um_pcp_t_##sz __v = __um_pcp_in(sz, val);			\
	asm volatile(op __um_pcp_s_##sz " %1, %%gs:%0"			\
		     : "+m" (pcp) : __um_pcp_imm_##sz (__v) : "cc");	\
} while (0)

#define __um_pcp_add_return(sz, pcp, val)				\
({									\
	__um_pcp_t_##sz __a = __um_pcp_in(sz, val);			\
	__um_pcp_t_##sz __v = __a;					\
	asm volatile("xadd" __um_pcp_s_##sz " %0, %%gs:%1"		\
		     : "+q" (__v), "+m" (pcp) : : "memory", "cc");	\
	__um_pcp_out(pcp, (__um_pcp_t_##sz)(__v + __a));		\
})

/* xchg with memory would lock the bus, so a loop of an unlocked cmpxchg. */
#define __um_pcp_xchg(sz, pcp, val)					\
({									\
	__um_pcp_t_##sz __o;						\
	asm volatile("mov" __um_pcp_s_##sz " %%gs:%1, %0\n"		\
		     "1:\tcmpxchg" __um_pcp_s_##sz " %2, %%gs:%1\n\t"	\
		     "jnz 1b"						\
		     : "=&a" (__o), "+m" (pcp)				\
		     : "q" (__um_pcp_in(sz, val))			\
		     : "memory", "cc");					\
	__um_pcp_out(pcp, __o);						\
})

#define __um_pcp_cmpxchg(sz, pcp, oval, nval)				\
({									\
	__um_pcp_t_##sz __o = __um_pcp_in(sz, oval);			\
	asm volatile("cmpxchg" __um_pcp_s_##sz " %2, %%gs:%1"		\
		     : "+a" (__o), "+m" (pcp)				\
		     : "q" (__um_pcp_in(sz, nval))			\
		     : "memory", "cc");					\
	__um_pcp_out(pcp, __o);						\
})

#define __um_pcp_try_cmpxchg(sz, pcp, ovalp, nval)			\
({									\
	typeof(ovalp) __op = (ovalp);					\
	__um_pcp_t_##sz __o = __um_pcp_in(sz, *__op);			\
	bool __done;							\
	asm volatile("cmpxchg" __um_pcp_s_##sz " %3, %%gs:%2"		\
		     : "=@ccz" (__done), "+a" (__o), "+m" (pcp)		\
		     : "q" (__um_pcp_in(sz, nval))			\
		     : "memory");					\
	if (!__done)							\
		*__op = (typeof(*__op))(unsigned long)__o;		\
	likely(__done);							\
})

union __um_u128 {
	u128 whole;
	struct {
		u64 low, high;
	};
};

#define __um_pcp_try_cmpxchg128(pcp, ovalp, nval)			\
({									\
	u128 *__op = (u128 *)(ovalp);					\
	union __um_u128 __o = { .whole = *__op };			\
	union __um_u128 __n = { .whole = (nval) };			\
	bool __done;							\
	asm volatile("cmpxchg16b %%gs:%1"				\
		     : "=@ccz" (__done), "+m" (pcp),			\
		       "+a" (__o.low), "+d" (__o.high)			\
		     : "b" (__n.low), "c" (__n.high)			\
		     : "memory");					\
	if (!__done)							\
		*__op = __o.whole;					\
	likely(__done);							\
})

#define __um_pcp_cmpxchg128(pcp, oval, nval)				\
({									\
	u128 __old = (oval);						\
	(void)__um_pcp_try_cmpxchg128(pcp, &__old, nval);		\
	__old;								\
})

#define this_cpu_read_1(pcp)			__um_pcp_read(1, pcp)
#define this_cpu_read_2(pcp)			__um_pcp_read(2, pcp)
#define this_cpu_read_4(pcp)			__um_pcp_read(4, pcp)
#define this_cpu_read_8(pcp)			__um_pcp_read(8, pcp)
#define this_cpu_write_1(pcp, val)		__um_pcp_write(1, pcp, val)
#define this_cpu_write_2(pcp, val)		__um_pcp_write(2, pcp, val)
#define this_cpu_write_4(pcp, val)		__um_pcp_write(4, pcp, val)
#define this_cpu_write_8(pcp, val)		__um_pcp_write(8, pcp, val)
#define this_cpu_add_1(pcp, val)		__um_pcp_rmw(1, "add", pcp, val)
#define this_cpu_add_2(pcp, val)		__um_pcp_rmw(2, "add", pcp, val)
#define this_cpu_add_4(pcp, val)		__um_pcp_rmw(4, "add", pcp, val)
#define this_cpu_add_8(pcp, val)		__um_pcp_rmw(8, "add", pcp, val)
#define this_cpu_and_1(pcp, val)		__um_pcp_rmw(1, "and", pcp, val)
#define this_cpu_and_2(pcp, val)		__um_pcp_rmw(2, "and", pcp, val)
#define this_cpu_and_4(pcp, val)		__um_pcp_rmw(4, "and", pcp, val)
#define this_cpu_and_8(pcp, val)		__um_pcp_rmw(8, "and", pcp, val)
#define this_cpu_or_1(pcp, val)			__um_pcp_rmw(1, "or", pcp, val)
#define this_cpu_or_2(pcp, val)			__um_pcp_rmw(2, "or", pcp, val)
#define this_cpu_or_4(pcp, val)			__um_pcp_rmw(4, "or", pcp, val)
#define this_cpu_or_8(pcp, val)			__um_pcp_rmw(8, "or", pcp, val)
#define this_cpu_add_return_1(pcp, val)		__um_pcp_add_return(1, pcp, val)
#define this_cpu_add_return_2(pcp, val)		__um_pcp_add_return(2, pcp, val)
#define this_cpu_add_return_4(pcp, val)		__um_pcp_add_return(4, pcp, val)
#define this_cpu_add_return_8(pcp, val)		__um_pcp_add_return(8, pcp, val)
#define this_cpu_xchg_1(pcp, val)		__um_pcp_xchg(1, pcp, val)
#define this_cpu_xchg_2(pcp, val)		__um_pcp_xchg(2, pcp, val)
#define this_cpu_xchg_4(pcp, val)		__um_pcp_xchg(4, pcp, val)
#define this_cpu_xchg_8(pcp, val)		__um_pcp_xchg(8, pcp, val)
#define this_cpu_cmpxchg_1(pcp, o, n)		__um_pcp_cmpxchg(1, pcp, o, n)
#define this_cpu_cmpxchg_2(pcp, o, n)		__um_pcp_cmpxchg(2, pcp, o, n)
#define this_cpu_cmpxchg_4(pcp, o, n)		__um_pcp_cmpxchg(4, pcp, o, n)
#define this_cpu_cmpxchg_8(pcp, o, n)		__um_pcp_cmpxchg(8, pcp, o, n)
#define this_cpu_cmpxchg64(pcp, o, n)		__um_pcp_cmpxchg(8, pcp, o, n)
#define this_cpu_try_cmpxchg_1(pcp, o, n)	__um_pcp_try_cmpxchg(1, pcp, o, n)
#define this_cpu_try_cmpxchg_2(pcp, o, n)	__um_pcp_try_cmpxchg(2, pcp, o, n)
#define this_cpu_try_cmpxchg_4(pcp, o, n)	__um_pcp_try_cmpxchg(4, pcp, o, n)
#define this_cpu_try_cmpxchg_8(pcp, o, n)	__um_pcp_try_cmpxchg(8, pcp, o, n)
#define this_cpu_try_cmpxchg64(pcp, o, n)	__um_pcp_try_cmpxchg(8, pcp, o, n)
#define this_cpu_cmpxchg128(pcp, o, n)		__um_pcp_cmpxchg128(pcp, o, n)
#define this_cpu_try_cmpxchg128(pcp, o, n)	__um_pcp_try_cmpxchg128(pcp, o, n)

#define raw_cpu_read_1				this_cpu_read_1
#define raw_cpu_read_2				this_cpu_read_2
#define raw_cpu_read_4				this_cpu_read_4
#define raw_cpu_read_8				this_cpu_read_8
#define raw_cpu_write_1				this_cpu_write_1
#define raw_cpu_write_2				this_cpu_write_2
#define raw_cpu_write_4				this_cpu_write_4
#define raw_cpu_write_8				this_cpu_write_8
#define raw_cpu_add_1				this_cpu_add_1
#define raw_cpu_add_2				this_cpu_add_2
#define raw_cpu_add_4				this_cpu_add_4
#define raw_cpu_add_8				this_cpu_add_8
#define raw_cpu_and_1				this_cpu_and_1
#define raw_cpu_and_2				this_cpu_and_2
#define raw_cpu_and_4				this_cpu_and_4
#define raw_cpu_and_8				this_cpu_and_8
#define raw_cpu_or_1				this_cpu_or_1
#define raw_cpu_or_2				this_cpu_or_2
#define raw_cpu_or_4				this_cpu_or_4
#define raw_cpu_or_8				this_cpu_or_8
#define raw_cpu_add_return_1			this_cpu_add_return_1
#define raw_cpu_add_return_2			this_cpu_add_return_2
#define raw_cpu_add_return_4			this_cpu_add_return_4
#define raw_cpu_add_return_8			this_cpu_add_return_8
#define raw_cpu_xchg_1				this_cpu_xchg_1
#define raw_cpu_xchg_2				this_cpu_xchg_2
#define raw_cpu_xchg_4				this_cpu_xchg_4
#define raw_cpu_xchg_8				this_cpu_xchg_8
#define raw_cpu_cmpxchg_1			this_cpu_cmpxchg_1
#define raw_cpu_cmpxchg_2			this_cpu_cmpxchg_2
#define raw_cpu_cmpxchg_4			this_cpu_cmpxchg_4
#define raw_cpu_cmpxchg_8			this_cpu_cmpxchg_8
#define raw_cpu_cmpxchg64			this_cpu_cmpxchg64
#define raw_cpu_try_cmpxchg_1			this_cpu_try_cmpxchg_1
#define raw_cpu_try_cmpxchg_2			this_cpu_try_cmpxchg_2
#define raw_cpu_try_cmpxchg_4			this_cpu_try_cmpxchg_4
#define raw_cpu_try_cmpxchg_8			this_cpu_try_cmpxchg_8
#define raw_cpu_try_cmpxchg64			this_cpu_try_cmpxchg64
#define raw_cpu_cmpxchg128			this_cpu_cmpxchg128
#define raw_cpu_try_cmpxchg128			this_cpu_try_cmpxchg128

#include <asm-generic/percpu.h>

#ifdef CONFIG_SMP
DECLARE_PER_CPU(unsigned long, this_cpu_off);
#endif

#endif /* __ASSEMBLY__ */

#endif /* _ASM_UM_PERCPU_H */
